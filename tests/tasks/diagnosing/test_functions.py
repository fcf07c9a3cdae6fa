"""Functions that can't be called, or fail when they are, are named with their reason."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from blueprints.reading import build
from tasks.diagnosing.calls import Calls
from tasks.diagnosing.evidence import Evidence
from tasks.diagnosing.functions import check
from tasks.kind import Found
from tests.conductor import raise_all
from tests.physics import Physics
from tests.tasks.diagnosing.conftest import EXAMPLES, REGION, Standing


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
    stream = {"logGroupName": group.removesuffix(":*"), "logStreamName": "one"}
    logs.create_log_stream(**stream)
    logs.put_log_events(**stream, logEvents=[{"timestamp": int(time.time() * 1000), "message": line}])


@pytest.mark.thorough
def test_a_healthy_pair_of_functions_has_nothing_amiss(office: Standing) -> None:
    assert office.told() == []


@pytest.mark.thorough
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
def test_errors_are_told_by_what_the_log_says(office: Standing) -> None:
    count("office--runner", Invocations=5, Errors=3)
    log(office, "runner", "2026 Task timed out after 20.00 seconds")
    (found,) = office.diagnosis().findings
    assert (found.cause, found.place) == ("function-times-out", "functions.runner.timeout")
    assert "3 of 5 calls failed in the last hour: 2026 Task timed out after 20.00 seconds" in found.why


@pytest.mark.parametrize(
    ("words", "cause", "field"),
    [
        ("Runtime.ImportModuleError: Unable to import module 'app'", "function-handler-missing", "handler"),
        ("RequestId: 1 Error: Runtime exited with error: signal: killed", "function-out-of-memory", "memory"),
        ("An error occurred (AccessDenied) when calling the PutObject operation", "function-denied", "can"),
        ("[ERROR] KeyError: 'name'", "function-errors", "code"),
    ],
)
def test_the_last_fault_in_a_log_tells_the_cause(words: str, cause: str, field: str) -> None:
    (found,) = check(evidence(Calls(invocations=2, errors=1, words=words)))
    assert (found.cause, found.place) == (cause, f"functions.clerk.{field}")


def test_what_lambda_says_of_a_function_is_told() -> None:
    (failed,) = check(evidence(Calls(state="Failed", reason="The role can't be assumed.")))
    assert (failed.cause, "The role can't be assumed" in failed.why) == ("function-failed", True)
    (late,) = check(evidence(Calls(update="Failed", reason="No such subnet")))
    assert (late.cause, late.place) == ("function-update-failed", "functions.clerk")
    (many,) = check(evidence(Calls(throttles=7)))
    assert (many.cause, "7 calls" in many.why) == ("function-throttled", True)


def test_a_function_that_may_not_run_at_all_is_named() -> None:
    (found,) = check(evidence(Calls(throttles=7), concurrency=0))
    assert (found.cause, found.place) == ("function-stopped", "functions.clerk.concurrency")


def evidence(calls: Calls, concurrency: int | None = None) -> Evidence:
    """Of one function, which fares so."""
    state: Any = type(
        "State", (), {"role": "arn:aws:iam::1:role/other", "concurrency": concurrency, "logs": ":log-group:/a"}
    )
    return Evidence("office", REGION, (Found("function", "clerk", "arn", state),), calls={"arn": calls})


@pytest.fixture
def shop(aws: Physics) -> Standing:
    functions = {"greet": {"code": str(EXAMPLES / "functions"), "handler": "app.take"}}
    document = {"name": "shop", "region": REGION, "functions": functions}
    apis = {
        "plain": {"routes": {"GET /": "function/greet"}},
        "full": {"kind": "rest", "routes": {"GET /a": "function/greet"}},
    }
    return Standing(build(document | {"apis": apis}))


@pytest.mark.thorough
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
