"""Listener rules: requests that fare otherwise than the rest, by path, host, header, method or query."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.listening import ListenerRule
from tasks.balancing.actions import Actions, as_aws, told_actions, wanted_actions
from tasks.balancing.conditions import ConditionsState, conditions_as_aws, told_conditions, wanted_conditions
from tasks.balancing.listing import rules, rules_of, tags_of
from tasks.balancing.tagging import TaggedByArn
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Fixed, Found, State
from tasks.retry import when_released, when_visible
from tasks.scope import Scope, as_list

LAST = 50000  # the highest priority number, asked last


class ListenerRuleState(State):
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html"""

    listener: Fixed[str]
    priority: int
    conditions: ConditionsState
    actions: Actions


class ListenerRuleKind(TaggedByArn[ListenerRule, ListenerRuleState]):
    """Listener rules: requests that fare otherwise than the rest.

    A priority exists once on a listener. Rules that change places do so in one call, and a new one whose place is taken
    moves the other to the last free place: that one is to leave its place, or to go, or the blueprint named a priority
    twice. Only rules of the same environment are moved.
    """

    name = "listener-rule"
    goes_with = ("listener",)
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
                state = ListenerRuleState(
                    listener=rule["ListenerArn"],
                    priority=int(rule["Priority"]),
                    conditions=told_conditions(rule["Conditions"]),
                    actions=told_actions(rule["Actions"]),
                )
                yield Found(self.name, name, rule["RuleArn"], state, tags)

    def wanted(self, part: ListenerRule, ids: Mapping[str, str]) -> ListenerRuleState:
        """See the base."""
        return ListenerRuleState(
            listener=ids[part.listener],
            priority=part.priority,
            conditions=wanted_conditions(part),
            actions=wanted_actions(part.action, ids),
        )

    def create(self, scope: Scope, name: str, wanted: ListenerRuleState) -> str:
        """Sent once. Where its place is taken, the rule that has it is moved to the last free one first."""
        asked: dict[str, Any] = {
            "ListenerArn": wanted.listener,
            "Priority": wanted.priority,
            "Conditions": conditions_as_aws(wanted.conditions),
            "Actions": as_aws(wanted.actions),
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
            now = {"Conditions": conditions_as_aws(wanted.conditions), "Actions": as_aws(wanted.actions)}
            when_visible(f"target groups of rule {id}", scope.elbv2.modify_rule, RuleArn=id, **now)
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
