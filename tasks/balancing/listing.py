"""What carries an environment's tags among load balancers and what belongs to them, listed in bulk once a survey.

AWS filters none of these listings by tag: every balancer and target group of the account is listed, and their tags are
fetched twenty a call. Listeners are listed by balancer and rules by listener; AWS has no wider form.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from botocore.exceptions import ClientError

from tasks.errors import code_of, gone_is_fine
from tasks.scope import Scope, as_dict

Listed = tuple[dict[str, Any], dict[str, str]]
"""A resource as AWS describes it, and its tags."""
Tags = Callable[[Sequence[str]], dict[str, dict[str, str]]]
"""A call that tells the tags of several resources."""

TYPES = ("application", "network")  # not gateway ones
AT_ONCE = 20  # resources a DescribeTags call takes
GONE = ("LoadBalancerNotFound", "TargetGroupNotFound", "ListenerNotFound", "RuleNotFound")


def load_balancers(scope: Scope) -> list[Listed]:
    """Application and network load balancers of the environment."""
    return scope.listed("balancers and target groups", lambda: _balancers_and_target_groups(scope))[0]


def target_groups(scope: Scope) -> list[Listed]:
    """Target groups of the environment that are for instances."""
    return scope.listed("balancers and target groups", lambda: _balancers_and_target_groups(scope))[1]


def listeners(scope: Scope) -> list[Listed]:
    """Listeners of the environment, on its load balancers. Each is told its balancer's `DNSName`."""
    return scope.listed("listeners and rules", lambda: _listeners_and_rules(scope))[0]


def rules(scope: Scope) -> list[Listed]:
    """Rules of the environment, on listeners of its load balancers. Each is told its `ListenerArn`."""
    return scope.listed("listeners and rules", lambda: _listeners_and_rules(scope))[1]


def rules_of(scope: Scope, listener: str) -> list[dict[str, Any]]:
    """All rules of a listener, whoever made them, but for its default."""
    rules: list[dict[str, Any]] = []
    with gone_is_fine(*GONE):
        for rule in scope.pages("elbv2", "describe_rules", "Rules", ListenerArn=listener):
            if not rule["IsDefault"]:
                rules.append(rule | {"ListenerArn": listener})
    return rules


def classic_balancers(scope: Scope) -> list[Listed]:
    """Classic load balancers of the environment."""
    described = list(scope.pages("elb", "describe_load_balancers", "LoadBalancerDescriptions"))
    tags = _tags_in_batches([one["LoadBalancerName"] for one in described], lambda names: _classic_tags(scope, names))
    return _ours(scope, described, "LoadBalancerName", tags)


def tags_of(scope: Scope, arns: Sequence[str]) -> dict[str, dict[str, str]]:
    """The tags of each of these that (still) stands."""

    def tags(arns: Sequence[str]) -> dict[str, dict[str, str]]:
        described = scope.elbv2.describe_tags(ResourceArns=list(arns))["TagDescriptions"]
        return {one["ResourceArn"]: as_dict(one["Tags"]) for one in described}

    return _tags_in_batches(arns, tags)


def _classic_tags(scope: Scope, names: Sequence[str]) -> dict[str, dict[str, str]]:
    described = scope.client("elb").describe_tags(LoadBalancerNames=list(names))["TagDescriptions"]
    return {one["LoadBalancerName"]: as_dict(one["Tags"]) for one in described}


def _tags_in_batches(asked: Sequence[str], tags: Tags) -> dict[str, dict[str, str]]:
    """One that is gone makes AWS refuse the whole call, and doesn't say which: a batch is halved until it is found."""
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(asked), AT_ONCE):
        found |= _tags_of_batch(asked[start : start + AT_ONCE], tags)
    return found


def _tags_of_batch(asked: Sequence[str], tags: Tags) -> dict[str, dict[str, str]]:
    try:
        return tags(asked)
    except ClientError as error:
        if code_of(error) not in GONE:
            raise
        half = len(asked) // 2
        return _tags_of_batch(asked[:half], tags) | _tags_of_batch(asked[half:], tags) if half else {}


def _balancers_and_target_groups(scope: Scope) -> tuple[list[Listed], list[Listed]]:
    balancers = [
        one for one in scope.pages("elbv2", "describe_load_balancers", "LoadBalancers") if one["Type"] in TYPES
    ]
    groups = [
        one for one in scope.pages("elbv2", "describe_target_groups", "TargetGroups") if one["TargetType"] == "instance"
    ]
    arns = [one["LoadBalancerArn"] for one in balancers] + [one["TargetGroupArn"] for one in groups]
    tags = tags_of(scope, arns)
    return _ours(scope, balancers, "LoadBalancerArn", tags), _ours(scope, groups, "TargetGroupArn", tags)


def _listeners_and_rules(scope: Scope) -> tuple[list[Listed], list[Listed]]:
    listeners: list[dict[str, Any]] = []
    for balancer, _ in load_balancers(scope):
        with gone_is_fine(*GONE):
            arn, dns_name = balancer["LoadBalancerArn"], {"DNSName": balancer["DNSName"]}
            described = scope.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)
            listeners += [listener | dns_name for listener in described]
    rules = [rule for listener in listeners for rule in rules_of(scope, listener["ListenerArn"])]
    tags = tags_of(scope, [one["ListenerArn"] for one in listeners] + [one["RuleArn"] for one in rules])
    return _ours(scope, listeners, "ListenerArn", tags), _ours(scope, rules, "RuleArn", tags)


def _ours(scope: Scope, described: Iterable[dict[str, Any]], arn: str, tags: dict[str, dict[str, str]]) -> list[Listed]:
    return [(one, tags[one[arn]]) for one in described if scope.owns(tags.get(one[arn], {}))]
