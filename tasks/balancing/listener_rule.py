"""Listener rules: requests for some paths or hosts that go elsewhere."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.balancing import ListenerRule
from tasks.balancing.forwarding import actions_to, targets_of
from tasks.balancing.listing import rules, rules_of, tags_of
from tasks.balancing.tagging import TaggedByArn
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Fixed, Found, State, Unordered
from tasks.retry import when_released, when_visible
from tasks.scope import Scope, as_list

LAST = 50000  # the highest priority number, asked last
PATH, HOST = ("path-pattern", "PathPatternConfig"), ("host-header", "HostHeaderConfig")


class ListenerRuleState(State):
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html

    `target_group` is one ARN, or what somebody made of the action by hand. `others` names the conditions that somebody
    added by hand.
    """

    listener: Fixed[str]
    priority: int
    paths: Unordered[str]
    hosts: Unordered[str]
    others: Unordered[str] = ()
    target_group: Unordered[str]


class ListenerRuleKind(TaggedByArn[ListenerRule, ListenerRuleState]):
    """Listener rules: requests for some paths or hosts that go elsewhere.

    A priority exists once on a listener. Rules that change places do so in one call, and a new one whose place is taken
    moves the other to the last free place: that one is to leave its place, or to go, or the blueprint named a priority
    twice. Only rules of the same environment are moved.
    """

    name = "listener-rule"
    goes_first = True
    actions = (
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateRule",
        "elasticloadbalancing:DeleteRule",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:ModifyRule",
        "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:SetRulePriorities",
    )

    def owned(self, scope: Scope) -> Iterator[Found[ListenerRuleState]]:
        """The shared listing; one without tags, on a listener of ours, is not ours."""
        for rule, tags in rules(scope):
            if name := self.named_in(tags):
                conditions = rule["Conditions"]
                state = ListenerRuleState(
                    listener=rule["ListenerArn"],
                    priority=int(rule["Priority"]),
                    paths=tuple(value for condition in conditions for value in _values(condition, *PATH)),
                    hosts=tuple(value for condition in conditions for value in _values(condition, *HOST)),
                    others=tuple(other for condition in conditions for other in _others(condition)),
                    target_group=targets_of(rule["Actions"]),
                )
                yield Found(self.name, name, rule["RuleArn"], state, tags)

    def wanted(self, part: ListenerRule, ids: Mapping[str, str]) -> ListenerRuleState:
        """See the base."""
        return ListenerRuleState(
            listener=ids[part.listener],
            priority=part.priority,
            paths=part.paths,
            hosts=part.hosts,
            target_group=(ids[part.target_group],),
        )

    def create(self, scope: Scope, name: str, wanted: ListenerRuleState) -> str:
        """Sent once. Where its place is taken, the rule that has it is moved to the last free one first."""
        asked: dict[str, Any] = {
            "ListenerArn": wanted.listener,
            "Priority": wanted.priority,
            "Conditions": _conditions(wanted),
            "Actions": actions_to(wanted.target_group),
            "Tags": as_list(self.birth_tags(scope, name, wanted)),
        }
        create_rule, what = scope.client("elbv2", once=True).create_rule, f"listener and target group of rule {name}"
        try:
            made = when_visible(what, create_rule, **asked)
        except ClientError as error:
            if code_of(error) != "PriorityInUse":
                raise
            _take_place(scope, None, wanted)
            made = create_rule(**asked)
        return str(made["Rules"][0]["RuleArn"])

    def update(self, scope: Scope, id: str, wanted: ListenerRuleState, changed: frozenset[str]) -> None:
        """Conditions and action in one call; the place in another."""
        if changed - {"priority"}:
            actions = actions_to(wanted.target_group)
            what = f"target group of rule {id}"
            when_visible(what, scope.elbv2.modify_rule, RuleArn=id, Conditions=_conditions(wanted), Actions=actions)
        if "priority" in changed:
            when_released(f"priority {wanted.priority}", _take_place, scope, id, wanted)

    def delete(self, scope: Scope, id: str) -> None:
        """See the base."""
        with gone_is_fine("RuleNotFound"):
            scope.elbv2.delete_rule(RuleArn=id)


def _take_place(scope: Scope, id: str | None, wanted: ListenerRuleState) -> None:
    """Give a rule its priority, or, without `id`, free that. What of ours stands there gets the rule's old place.

    Two rules are exchanged in one call, so that no request finds neither. Raises CastraError for one that isn't ours.
    """
    places = {rule["RuleArn"]: int(rule["Priority"]) for rule in rules_of(scope, wanted.listener)}
    occupant = next((arn for arn, place in places.items() if place == wanted.priority), None)
    if occupant == id:
        return
    moves = {id: wanted.priority} if id else {}
    if occupant:
        if not scope.owns(tags_of(scope, [occupant]).get(occupant, {})):
            why = f"rule {occupant} has it, which isn't of this environment"
            way_out = "Choose another priority, or remove that rule"
            raise CastraError(f"priority {wanted.priority} of {wanted.listener}", why, way_out)
        last_free = next(place for place in range(LAST, 0, -1) if place not in places.values())
        moves[occupant] = places.get(id or "", last_free)
    pairs = [{"RuleArn": arn, "Priority": place} for arn, place in moves.items()]
    scope.elbv2.set_rule_priorities(RulePriorities=pairs)


def _conditions(wanted: ListenerRuleState) -> list[dict[str, Any]]:
    """The conditions, as AWS takes them: all must hold, and of each one value."""
    asked = ((PATH, wanted.paths), (HOST, wanted.hosts))
    return [{"Field": field, config: {"Values": list(values)}} for (field, config), values in asked if values]


def _values(condition: Mapping[str, Any], field: str, config: str) -> list[str]:
    """The values of a condition, if it's for this field."""
    if condition["Field"] != field:
        return []
    return list(condition.get(config, {}).get("Values") or condition.get("Values", []))


def _others(condition: Mapping[str, Any]) -> Iterator[str]:
    """What a condition asks for that isn't a path pattern or a host."""
    for field, config in (PATH, HOST):
        if condition["Field"] == field:
            yield from (f"{field} by regex {regex}" for regex in condition.get(config, {}).get("RegexValues", ()))
            return
    yield str(condition["Field"])
