"""Functions that can't be called, or fail when they are, are named with their reason."""

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from blueprints.reading import build
from tests.conductor import raise_all
from tests.physics import Physics
from tests.tasks.diagnosing.conftest import EXAMPLES, REGION, Standing

GREET = {"code": str(EXAMPLES / "functions"), "handler": "app.take"}


def count(function: str, **metrics: int) -> None:
    """As Lambda counts by itself, in the next minute; nobody else may write into its metrics."""
    backend = get_backend("cloudwatch")[DEFAULT_ACCOUNT_ID][REGION]
    dimensions = [{"Name": "FunctionName", "Value": function}]
    moment = (datetime.now(UTC) + timedelta(minutes=1)).replace(tzinfo=None)
    told = [
        {"MetricName": name, "Value": float(value), "Dimensions": dimensions, "Timestamp": moment}
        for name, value in metrics.items()
    ]
    backend.put_metric_data("AWS/Lambda", told)


def log(office: Standing, function: str, line: str) -> None:
    """As a function writes."""
    logs, group = office.client("logs"), office.ids()[f"log-group/function-{function}"].partition(":log-group:")[2]
    stream = {"logGroupName": group.removesuffix(":*"), "logStreamName": uuid4().hex}
    logs.create_log_stream(**stream)
    logs.put_log_events(**stream, logEvents=[{"timestamp": int(time.time() * 1000), "message": line}])


@pytest.mark.thorough
def test_a_healthy_pair_of_functions_has_nothing_amiss(office: Standing) -> None:
    assert office.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("caller-not-admitted")
def test_a_schedule_without_its_permission_is_named(office: Standing) -> None:
    office.client("lambda").remove_permission(
        FunctionName="office--clerk", Qualifier="live", StatementId="castra--clerk-schedule-1"
    )
    (found,) = office.diagnosis().findings
    assert (found.cause, found.place) == ("caller-not-admitted", "functions.clerk.on")
    assert "event-rule/" in found.part
    office.mend()
    assert office.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("queue-not-read", "schedule-off")
def test_what_is_switched_off_is_named(office: Standing) -> None:
    ids = office.ids()
    (source,) = [id for part, id in ids.items() if part.startswith("event-source/")]
    office.client("lambda").update_event_source_mapping(UUID=source, Enabled=False)
    office.client("events").disable_rule(Name=office.ids()["event-rule/clerk-1"].rpartition("/")[2])
    assert sorted((cause, place) for cause, _, place in office.told()) == [
        ("queue-not-read", "functions.runner.on"),
        ("schedule-off", "functions.clerk.on"),
    ]
    office.mend()
    assert office.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("function-times-out")
def test_errors_are_told_by_what_the_log_says(office: Standing) -> None:
    count("office--runner", Invocations=5, Errors=3)
    log(office, "runner", "2026 Task timed out after 20.00 seconds")
    (found,) = office.diagnosis().findings
    assert (found.cause, found.place) == ("function-times-out", "functions.runner.timeout")
    assert "3 of 5 calls failed in the last hour: 2026 Task timed out after 20.00 seconds" in found.why


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("line", "cause", "field"),
    [
        pytest.param(
            "Runtime.ImportModuleError: Unable to import module 'app'",
            *("function-handler-missing", "handler"),
            marks=pytest.mark.breaks("function-handler-missing"),
        ),
        pytest.param(
            "RequestId: 1 Error: Runtime exited with error: signal: killed",
            *("function-out-of-memory", "memory"),
            marks=pytest.mark.breaks("function-out-of-memory"),
        ),
        pytest.param(
            "An error occurred (AccessDenied) when calling the PutObject operation",
            *("function-denied", "can"),
            marks=pytest.mark.breaks("function-denied"),
        ),
        pytest.param(
            "[ERROR] KeyError: 'name'",
            *("function-errors", "code"),
            marks=pytest.mark.breaks("function-errors"),
        ),
    ],
)
def test_the_last_fault_in_a_log_tells_the_cause(office: Standing, line: str, cause: str, field: str) -> None:
    count("office--clerk", Invocations=1, Errors=1)
    log(office, "clerk", line)
    (found,) = [one for one in office.diagnosis().findings if one.part == "function/clerk"]
    assert (found.cause, found.place) == (cause, f"functions.clerk.{field}")
    assert line in found.why


@pytest.mark.breaks("function-failed", "function-update-failed")
def test_what_lambda_says_of_a_function_is_told(aws: Physics) -> None:
    alone = Standing(build({"name": "alone", "region": REGION, "functions": {"greet": GREET}}))
    function = get_backend("lambda")[DEFAULT_ACCOUNT_ID][REGION].get_function("alone--greet")
    function.state = "Failed"
    (failed,) = alone.diagnosis().findings
    assert (failed.cause, failed.part, failed.place) == ("function-failed", "function/greet", "functions.greet")
    function.state, function.update_status = "Active", "Failed"
    (late,) = alone.diagnosis().findings
    assert (late.cause, late.place) == ("function-update-failed", "functions.greet")
    function.update_status = "Successful"
    assert alone.told() == []
    raise_all(alone.scope, ())


@pytest.mark.breaks("function-stopped", "function-throttled", "role-gone")
def test_a_function_that_is_stopped_throttled_or_without_its_role_is_named(aws: Physics) -> None:
    only = Standing(build({"name": "only", "region": REGION, "functions": {"greet": GREET}}))
    count("only--greet", Throttles=7)
    (many,) = only.diagnosis().findings
    assert (many.cause, many.place) == ("function-throttled", "functions.greet.concurrency")
    assert "7 calls were turned away" in many.why
    only.client("lambda").put_function_concurrency(FunctionName="only--greet", ReservedConcurrentExecutions=0)
    (none,) = only.diagnosis().findings  # which is why it throttles
    assert (none.cause, none.place) == ("function-stopped", "functions.greet.concurrency")
    only.mend()
    assert only.told() == [("function-throttled", "function/greet", "functions.greet.concurrency")]
    iam, role = only.client("iam"), only.ids()["role/function-greet"].rpartition("/")[2]
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
    iam.delete_role(RoleName=role)
    assert ("role-gone", "function/greet", "functions.greet") in only.told()
    only.mend()
    assert [cause for cause, *_ in only.told()] == ["function-throttled"]
    raise_all(only.scope, ())


@pytest.fixture
def shop(aws: Physics) -> Standing:
    document = {"name": "shop", "region": REGION, "functions": {"greet": GREET}}
    apis = {
        "plain": {"routes": {"GET /": "function/greet"}},
        "full": {"kind": "rest", "routes": {"GET /a": "function/greet"}},
    }
    return Standing(build(document | {"apis": apis}))


@pytest.mark.thorough
@pytest.mark.breaks("caller-not-admitted")
def test_an_api_without_its_permission_is_named(shop: Standing) -> None:
    assert shop.told() == []
    for sid in [id.partition("/")[2] for part, id in shop.ids().items() if part.startswith("permission/")]:
        shop.client("lambda").remove_permission(FunctionName="shop--greet", Qualifier="live", StatementId=sid)
    assert sorted(shop.told()) == [
        ("caller-not-admitted", "http-api/plain", "apis.plain.routes"),
        ("caller-not-admitted", "rest-api/full", "apis.full.routes"),
    ]
    shop.mend()
    assert shop.told() == []
    raise_all(shop.scope, ())
