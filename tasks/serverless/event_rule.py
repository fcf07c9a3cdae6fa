"""Event rules: what EventBridge calls on a schedule."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.triggers import EventRule
from tasks.each import each
from tasks.errors import CastraError, gone_is_fine
from tasks.kind import Found, Kind, State, Unordered
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict, as_list
from tasks.serverless.function_state import LIVE

LONGEST = 64  # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
TARGET = "castra"
GONE = "ResourceNotFoundException"


class EventRuleState(State):
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html

    `function` is the ARN of one that is called by its alias. `others` are targets that somebody else put.
    """

    schedule: str
    function: str | None
    others: Unordered[str] = ()
    enabled: bool = True


class EventRuleKind(Kind[EventRule, EventRuleState]):
    """Event rules: what EventBridge calls on a schedule."""

    name = "event-rule"
    goes_first = True  # AWS keeps one of a name
    whole_at_birth = False
    actions = (
        "events:DeleteRule",
        "events:DescribeRule",
        "events:ListRules",
        "events:ListTagsForResource",
        "events:ListTargetsByRule",
        "events:PutRule",
        "events:PutTargets",
        "events:RemoveTargets",
        "events:TagResource",
        "events:UntagResource",
    )

    def owned(self, scope: Scope) -> Iterator[Found[EventRuleState]]:
        """ListRules by the beginning of the name, and two calls a rule for tags and targets: AWS has no other way."""
        prefix = {"NamePrefix": f"{scope.environment}--"} if scope.environment else {}
        rules = [rule for rule in scope.pages("events", "list_rules", "Rules", **prefix) if "--" in rule["Name"]]
        for rule, tags in each(lambda rule: _tags(scope, rule["Arn"]), rules):
            if (name := self.named_in(tags)) and scope.owns(tags):
                yield Found(self.name, name, rule["Arn"], _state(rule, _targets(scope, rule["Name"])), tags)

    def wanted(self, part: EventRule, ids: Mapping[str, str]) -> EventRuleState:
        """See the base."""
        return EventRuleState(schedule=part.schedule, function=ids[part.function])

    def create(self, scope: Scope, name: str, wanted: EventRuleState) -> str:
        """PutRule makes or changes what has the name, and gives tags to new ones only: look first."""
        called = scope.name(name, LONGEST)
        self._refuse_foreign(scope, name, called)
        tags = as_list(self.birth_tags(scope, name, wanted))
        made = scope.client("events").put_rule(**_rule(called, wanted), Tags=tags)
        _aim(scope, called, wanted)
        return str(made["RuleArn"])

    def update(self, scope: Scope, id: str, wanted: EventRuleState, changed: frozenset[str]) -> None:
        """The rule, then what it calls."""
        scope.client("events").put_rule(**_rule(_name(id), wanted))
        if changed & {"function", "others"}:
            _aim(scope, _name(id), wanted)

    def delete(self, scope: Scope, id: str) -> None:
        """AWS deletes rules without targets only."""
        with gone_is_fine(GONE):
            _drop(scope, _name(id), keep="")
            scope.client("events").delete_rule(Name=_name(id))

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """EventBridge's way."""
        scope.client("events").tag_resource(ResourceARN=id, Tags=as_list(tags))
        if dropped:
            scope.client("events").untag_resource(ResourceARN=id, TagKeys=sorted(dropped))

    def _refuse_foreign(self, scope: Scope, name: str, called: str) -> None:
        """Raise CastraError if the rule of this name isn't ours."""
        with gone_is_fine(GONE):
            tags = _tags(scope, scope.client("events").describe_rule(Name=called)["Arn"])
            if not (scope.owns(tags) and self.named_in(tags) == name):
                why = f"there is a rule {called} that doesn't carry its tags"
                ours = f"{ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
                raise CastraError(self.key(name), why, f"Delete it, or tag it with {ours}")


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _tags(scope: Scope, arn: str) -> dict[str, str]:
    """None, if it has gone since it was listed."""
    with gone_is_fine(GONE):
        return as_dict(scope.client("events").list_tags_for_resource(ResourceARN=arn)["Tags"])
    return {}


def _targets(scope: Scope, rule: str) -> list[dict[str, Any]]:
    with gone_is_fine(GONE):
        return list(scope.pages("events", "list_targets_by_rule", "Targets", Rule=rule))
    return []


def _rule(called: str, wanted: EventRuleState) -> dict[str, Any]:
    state = "ENABLED" if wanted.enabled else "DISABLED"
    return {"Name": called, "ScheduleExpression": wanted.schedule, "State": state}


def _aim(scope: Scope, rule: str, wanted: EventRuleState) -> None:
    """Let it call the function's alias, and nothing else. PutTargets tells failures in its answer."""
    target = {"Id": TARGET, "Arn": f"{wanted.function}:{LIVE}"}
    answer = scope.client("events").put_targets(Rule=rule, Targets=[target])
    for failure in answer.get("FailedEntries", ()):
        why = f"{failure.get('ErrorCode')}: {failure.get('ErrorMessage')}"
        raise CastraError(f"rule {rule}", why, "Run again")
    _drop(scope, rule, keep=TARGET)


def _drop(scope: Scope, rule: str, keep: str) -> None:
    """Take away all targets but one, by its id."""
    if others := [target["Id"] for target in _targets(scope, rule) if target["Id"] != keep]:
        scope.client("events").remove_targets(Rule=rule, Ids=others)


def _state(rule: Mapping[str, Any], targets: list[dict[str, Any]]) -> EventRuleState:
    aims = {target["Id"]: target["Arn"] for target in targets}
    ours = aims.pop(TARGET, "")
    return EventRuleState(
        schedule=rule.get("ScheduleExpression", ""),
        function=ours.removesuffix(f":{LIVE}") if ours.endswith(f":{LIVE}") else None,
        others=tuple(aims.values()),
        enabled=rule.get("State") == "ENABLED",
    )
