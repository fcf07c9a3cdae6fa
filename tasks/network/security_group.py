"""Security groups, without their rules."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.firewalls import SecurityGroup
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import AtBirth, Fixed, Found, Kind, State
from tasks.retry import when_released, when_visible
from tasks.scope import ENVIRONMENT, PART, RETIRED, Scope, as_dict


class SecurityGroupState(State):
    """https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html

    AWS can't change a description, and nobody replaces a group that's in use for the sake of one.
    """

    vpc: Fixed[str]
    description: AtBirth[str]


class SecurityGroupKind(Kind[SecurityGroup, SecurityGroupState]):
    """Security groups, without their rules."""

    name = "security-group"
    actions = (
        "ec2:CreateSecurityGroup",
        "ec2:CreateTags",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteTags",
        "ec2:DescribeSecurityGroups",
    )

    def owned(self, scope: Scope) -> Iterator[Found[SecurityGroupState]]:
        """DescribeSecurityGroups, filtered by tag: one listing for this kind and for `firewall`."""
        for group in groups(scope):
            tags = as_dict(group.get("Tags"))
            if name := self.named_in(tags):
                state = SecurityGroupState(vpc=group["VpcId"], description=group["Description"])
                yield Found(self.name, name, group["GroupId"], state, tags)

    def wanted(self, part: SecurityGroup, ids: Mapping[str, str]) -> SecurityGroupState:
        """See the base."""
        return SecurityGroupState(vpc=ids[part.vpc], description=part.description)

    def create(self, scope: Scope, name: str, wanted: SecurityGroupState) -> str:
        """Its name is unique in the VPC, so it can't be made twice; one made by a call that got lost is taken."""
        called = _name(scope.name(self.key(name), variant=wanted.foundation))
        try:
            group = when_visible(
                f"vpc {wanted.vpc}",
                scope.ec2.create_security_group,
                VpcId=wanted.vpc,
                GroupName=called,
                Description=wanted.description,
                TagSpecifications=self.tag_specifications(scope, name, wanted, "security-group"),
            )
        except ClientError as error:
            if code_of(error) != "InvalidGroup.Duplicate":
                raise
            return _ours(scope, self.key(name), called, wanted.vpc)
        return str(group["GroupId"])

    def update(self, scope: Scope, id: str, wanted: SecurityGroupState, changed: frozenset[str]) -> None:
        """There's nothing to change in place."""

    def delete(self, scope: Scope, id: str) -> None:
        """Waits until no interface is in it and no rule of another group names it."""
        with gone_is_fine("InvalidGroup.NotFound", "InvalidGroupId.NotFound"):
            when_released(f"what uses security group {id} to go", scope.ec2.delete_security_group, GroupId=id)


def groups(scope: Scope) -> list[Any]:
    """The environment's groups as AWS tells them, with their rules; listed once a survey."""
    return scope.listed(
        "security-groups",
        lambda: list(scope.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=scope.filters)),
    )


def _name(called: str) -> str:
    """AWS takes no name that looks like an id; that of an environment `sg-prod` would."""
    return f"castra-{called}" if called.startswith("sg-") else called


def _ours(scope: Scope, key: str, called: str, vpc: str) -> str:
    """The id of the group of this name, if it carries this part's tags. Raises CastraError if it's somebody else's."""
    filters = [{"Name": "group-name", "Values": [called]}, {"Name": "vpc-id", "Values": [vpc]}]
    for group in scope.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters):
        tags = as_dict(group.get("Tags"))
        if scope.owns(tags) and tags.get(PART) == key and RETIRED not in tags:
            return str(group["GroupId"])
    raise CastraError(
        key,
        f"{vpc} has a security group named {called} already, without this part's tags",
        f"Delete that, or adopt it by the tags {ENVIRONMENT}={scope.environment} and {PART}={key}",
    )
