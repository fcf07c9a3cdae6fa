"""What is particular to load balancers: names, protection, failure, and what a survey of them costs."""

import re
from collections import Counter
from typing import Any

import pytest
from botocore.stub import Stubber

from tasks.balancing.listing import tags_of
from tasks.balancing.load_balancer import LoadBalancerKind, fresh_name
from tasks.errors import CastraError, Protected, Refused
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look, survey
from tests.conductor import raise_all
from tests.physics import Physics
from tests.tasks.rows.balancing import BALANCER, BENEATH_BALANCER, BENEATH_LISTENER, LISTENER, RULE

ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"


@pytest.fixture
def stub(scope: Scope) -> Any:
    with Stubber(scope.elbv2) as stubber:
        yield stubber


def described(code: str, reason: str = "") -> dict[str, Any]:
    return {"LoadBalancers": [{"LoadBalancerArn": ARN, "State": {"Code": code, "Reason": reason}}]}


def test_names_fit_aws_however_long_the_environment_and_are_never_given_twice() -> None:
    scope = Scope("internal-" + "x" * 60, "eu-west-1")
    names = {fresh_name(scope, "web") for _ in range(50)}
    assert len(names) == 50
    assert all(re.fullmatch(r"(?!.*--)[a-z0-9][a-z0-9-]{0,30}[a-z0-9]", name) for name in names)


def test_in_an_environment_called_internal_the_name_does_not_begin_as_aws_forbids(aws: Physics) -> None:
    scope = Scope("internal", "eu-west-1", poll_seconds=0.05)
    raise_all(scope, (*BENEATH_BALANCER, BALANCER))
    (balancer,) = look(scope, KINDS["load-balancer"], "web")
    assert balancer.id.split("/")[2].startswith("web-")
    raise_all(scope, ())


def test_deletion_protection_is_never_turned_off_behind_its_owners_back(scope: Scope, stub: Stubber) -> None:
    why = "Load balancer 'web' cannot be deleted because deletion protection is enabled"
    stub.add_client_error("delete_load_balancer", "OperationNotPermitted", why)
    with pytest.raises(Refused, match=r"deletion protection is enabled.*deletion_protection: false"):
        LoadBalancerKind().delete(scope, ARN)
    stub.assert_no_pending_responses()


def test_a_balancer_that_failed_is_told_at_once_with_the_reason(scope: Scope, stub: Stubber) -> None:
    stub.add_response("describe_load_balancers", described("provisioning"))
    stub.add_response("describe_load_balancers", described("failed", "Not enough free addresses in subnet-1"))
    with pytest.raises(CastraError, match="Not enough free addresses in subnet-1"):
        LoadBalancerKind().ready(scope, ARN)


def test_a_balancer_that_works_but_cannot_scale_counts_as_ready(scope: Scope, stub: Stubber) -> None:
    stub.add_client_error("describe_load_balancers", "LoadBalancerNotFound")
    stub.add_response("describe_load_balancers", described("active_impaired"))
    LoadBalancerKind().ready(scope, ARN)
    stub.assert_no_pending_responses()


def test_one_that_goes_while_tags_are_read_does_not_hide_the_others(scope: Scope, stub: Stubber) -> None:
    def told(*arns: str) -> dict[str, Any]:
        return {"TagDescriptions": [{"ResourceArn": arn, "Tags": [{"Key": "k", "Value": arn}]} for arn in arns]}

    for asked, answer in ((["a", "b", "c"], None), (["a"], told("a")), (["b", "c"], None), (["b"], None)):
        if answer is None:
            stub.add_client_error("describe_tags", "LoadBalancerNotFound", expected_params={"ResourceArns": asked})
        else:
            stub.add_response("describe_tags", answer, {"ResourceArns": asked})
    stub.add_response("describe_tags", told("c"), {"ResourceArns": ["c"]})
    assert tags_of(scope, ["a", "b", "c"]) == {"a": {"k": "a"}, "c": {"k": "c"}}


def test_a_survey_of_all_four_kinds_costs_two_calls_a_kind_and_one_a_thing_that_aws_tells_of_singly(
    scope: Scope,
) -> None:
    raise_all(scope, (*BENEATH_LISTENER, LISTENER, RULE))
    own = Scope(scope.environment, scope.region)
    survey(own, [KINDS[name] for name in ("load-balancer", "target-group", "listener", "listener-rule")])
    calls = Counter({name.partition(":")[2]: count for name, count in own.calls.by_operation().items()})
    singly = calls.pop("DescribeLoadBalancerAttributes") + calls.pop("DescribeTargetGroupAttributes")
    calls.pop("GetCallerIdentity")
    pages = calls.pop("DescribeTags") + calls.pop("DescribeLoadBalancers") + calls.pop("DescribeTargetGroups")
    assert (singly, dict(calls)) == (3, {"DescribeListeners": 1, "DescribeRules": 1})
    assert pages >= 4  # more only where other tests have left balancers in the account


def test_a_protected_balancer_stops_a_strike_before_anything_is_removed(scope: Scope, aws: Physics) -> None:
    protected = BALANCER.model_copy(update={"deletion_protection": True})
    raise_all(scope, (*BENEATH_BALANCER, protected))
    before = len(aws.writes())
    with pytest.raises(Protected, match=r"load-balancer/web: .*deletion_protection: false"):
        raise_all(scope, ())
    assert len(aws.writes()) == before
    raise_all(scope, (*BENEATH_BALANCER, BALANCER))
    raise_all(scope, ())
    assert survey(scope, KINDS.values()).found == ()
