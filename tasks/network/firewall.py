"""Firewalls: all rules of a security group, in and out, as one."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.firewalls import Firewall, Rule
from tasks.errors import code_of, gone_is_fine
from tasks.kind import Fixed, Found, Kind, State
from tasks.network.rule import BORN, Rules, RuleState, permission_of, rule_of, rules_of
from tasks.network.security_group import SecurityGroupKind, groups
from tasks.retry import when_visible
from tasks.scope import CREATED, ENVIRONMENT, FINGERPRINT, PART, RETIRED, Scope, as_dict, wanted_tags

MARK = "castra:firewall"
"""The tag on the group that holds the fingerprint of its rules."""


class FirewallState(State):
    """https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"""

    group: Fixed[str]
    inbound: Rules
    outbound: Rules


class FirewallKind(Kind[Firewall, FirewallState]):
    """Firewalls: all rules of a security group, in and out, as one."""

    name = "firewall"
    own_tags = False
    goes_with = ("security-group",)
    whole_at_birth = False
    actions = (
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateTags",
        "ec2:DeleteTags",
        "ec2:DescribeSecurityGroups",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
        "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
        "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
    )

    def owned(self, scope: Scope) -> Iterator[Found[FirewallState]]:
        """The rules of the environment's groups, but of none that is as AWS made it, or empty, and has no mark.

        A firewall is named after its group, and retired with it. Its tags are those of the group's that tell whose it
        is; the rest (names, people's own tags) is the group's business, and told as it should be.
        """
        for group in groups(scope):
            tags = as_dict(group.get("Tags"))
            name, state = SecurityGroupKind().named_in(tags), _state(group)
            if name and (MARK in tags or state.inbound or set(state.outbound) - BORN):
                key = self.key(name)
                told = wanted_tags(tags.get(ENVIRONMENT), scope.tags, key) | {PART: key}
                told |= {tag: tags[tag] for tag in (ENVIRONMENT, CREATED, RETIRED) if tag in tags}
                told |= {FINGERPRINT: tags[MARK]} if MARK in tags else {}
                yield Found(self.name, name, group["GroupId"], state, told)

    def wanted(self, part: Firewall, ids: Mapping[str, str]) -> FirewallState:
        """See the base."""

        def said(rule: Rule) -> RuleState:
            peer = ids[rule.peer] if isinstance(rule.peer, str) else str(rule.peer)
            return rule_of(rule.protocol, rule.ports, peer, rule.description)

        inbound, outbound = (tuple(map(said, rules)) for rules in (part.inbound, part.outbound))
        return FirewallState(group=ids[part.group], inbound=inbound, outbound=outbound)

    def create(self, scope: Scope, name: str, wanted: FirewallState) -> str:
        """The same as an update: a group is born with a rule that lets everything out."""
        self.update(scope, wanted.group, wanted, frozenset({"inbound", "outbound"}))
        return wanted.group

    def update(self, scope: Scope, id: str, wanted: FirewallState, changed: frozenset[str]) -> None:
        """From how the group is now, in at most three calls a direction."""
        found = when_visible(f"security group {id}", _look, scope, id)
        if "inbound" in changed:
            _bring(scope, id, "ingress", found.inbound, wanted.inbound)
        if "outbound" in changed:
            _bring(scope, id, "egress", found.outbound, wanted.outbound)

    def delete(self, scope: Scope, id: str) -> None:
        """Revokes every rule, so that groups which name each other can be deleted; then takes the mark off."""
        with gone_is_fine("InvalidGroup.NotFound", "InvalidGroupId.NotFound"):
            found = _look(scope, id)
            _bring(scope, id, "ingress", found.inbound, ())
            _bring(scope, id, "egress", found.outbound, ())
            scope.ec2.delete_tags(Resources=[id], Tags=[{"Key": MARK}])

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """Only the fingerprint is kept, as the group's mark: all other tags on the group are the group's own."""
        if FINGERPRINT in tags:
            scope.ec2.create_tags(Resources=[id], Tags=[{"Key": MARK, "Value": tags[FINGERPRINT]}])


def _look(scope: Scope, id: str) -> FirewallState:
    return _state(scope.ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"][0])


def _state(group: Mapping[str, Any]) -> FirewallState:
    return FirewallState(
        group=group["GroupId"],
        inbound=rules_of(group.get("IpPermissions", [])),
        outbound=rules_of(group.get("IpPermissionsEgress", [])),
    )


def _bring(scope: Scope, id: str, way: str, found: Rules, wanted: Rules) -> None:
    """What lacks is admitted before what's too much is revoked, unless AWS's 60 rules a way leave no room for both."""
    before, after = ({rule.admits: rule for rule in rules} for rules in (found, wanted))
    lacking = [after[what] for what in after if what not in before]
    surplus = [before[what] for what in before if what not in after]
    described = [after[what] for what in after if what in before and after[what] != before[what]]
    _send(getattr(scope.ec2, f"update_security_group_rule_descriptions_{way}"), id, described)
    authorise = getattr(scope.ec2, f"authorize_security_group_{way}")
    revoke = getattr(scope.ec2, f"revoke_security_group_{way}")
    try:
        _send(authorise, id, lacking, done="InvalidPermission.Duplicate")
    except ClientError as error:
        if code_of(error) != "RulesPerSecurityGroupLimitExceeded":
            raise
        _send(revoke, id, surplus, done="InvalidPermission.NotFound")
        _send(authorise, id, lacking, done="InvalidPermission.Duplicate")
    else:
        _send(revoke, id, surplus, done="InvalidPermission.NotFound")


def _send(call: Callable[..., Any], id: str, rules: list[RuleState], done: str = "") -> None:
    """All rules in one call; AWS refuses all where one is `done` already, and then it's one after the other."""
    if not rules:
        return
    try:
        when_visible(f"groups that {id} names", call, GroupId=id, IpPermissions=[permission_of(rule) for rule in rules])
    except ClientError as error:
        if code_of(error) != done:
            raise
        for rule in rules if len(rules) > 1 else ():
            _send(call, id, [rule], done)
