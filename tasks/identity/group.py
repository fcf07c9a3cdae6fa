"""Groups of IAM, with what their members may do."""

from collections.abc import Iterator, Mapping

from botocore.exceptions import ClientError

from blueprints.people import Group
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.identity.holding import attach, delete_inline, detach, details, inline_of, managed_of
from tasks.identity.home import home_at, name_of, path_of
from tasks.identity.role import arn_of
from tasks.kind import Found, Kind, State, Unordered
from tasks.scope import ENVIRONMENT, PART, Scope


class GroupState(State):
    """`inline` policies are such as somebody put there by hand.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_groups.html
    """

    managed: Unordered[str]
    inline: dict[str, str] = {}


class GroupKind(Kind[Group, GroupState]):
    """Groups of IAM, with what their members may do.

    AWS keeps no tags on them: the path alone says whose one is. Who is in it is a user's to say.
    """

    name = "group"
    taggable = False
    goes_first = True
    actions = (
        "iam:AttachGroupPolicy",
        "iam:CreateGroup",
        "iam:DeleteGroup",
        "iam:DeleteGroupPolicy",
        "iam:DetachGroupPolicy",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetGroup",
        "iam:ListAttachedGroupPolicies",
        "iam:ListGroupPolicies",
        "iam:RemoveUserFromGroup",
    )

    def owned(self, scope: Scope) -> Iterator[Found[GroupState]]:
        """GetAccountAuthorizationDetails, a page a call; AWS can't narrow it by path."""
        for group in details(scope, "Group"):
            if home := home_at(scope, group["Path"]):
                tags = {ENVIRONMENT: home.environment, PART: self.key(home.part)}
                state = GroupState(managed=managed_of(group), inline=inline_of(group, "GroupPolicyList"))
                outputs = {"name": group["GroupName"]}
                yield Found(self.name, home.part, group["Arn"], state, tags, outputs=outputs)

    def wanted(self, part: Group, ids: Mapping[str, str]) -> GroupState:
        """See the base."""
        return GroupState(managed=tuple(arn_of(one, ids) for one in part.managed))

    def create(self, scope: Scope, name: str, wanted: GroupState) -> str:
        """A group that is there already is taken on if it's ours: IAM's listings lag behind by seconds."""
        group = scope.name(name, 128, everywhere=True)
        try:
            made = scope.iam.create_group(GroupName=group, Path=path_of(scope, name))
        except ClientError as error:
            if code_of(error) != "EntityAlreadyExists":
                raise
            id = self._ours(scope, name, group)
            self.update(scope, id, wanted, frozenset(GroupState.model_fields))
            return id
        attach(scope, "group", group, wanted.managed)
        return str(made["Group"]["Arn"])

    def update(self, scope: Scope, id: str, wanted: GroupState, changed: frozenset[str]) -> None:
        """What is to be added comes before what is to go."""
        group = name_of(id)
        if "managed" in changed:
            attach(scope, "group", group, wanted.managed)
            detach(scope, "group", group, keep=wanted.managed)
        if "inline" in changed:
            delete_inline(scope, "group", group)

    def delete(self, scope: Scope, id: str) -> None:
        """AWS deletes bare groups without members only: those that are left in it are taken out."""
        group = name_of(id)
        with gone_is_fine("NoSuchEntity"):
            for user in list(scope.pages("iam", "get_group", "Users", GroupName=group)):
                with gone_is_fine("NoSuchEntity"):
                    scope.iam.remove_user_from_group(GroupName=group, UserName=user["UserName"])
            detach(scope, "group", group)
            delete_inline(scope, "group", group)
        with gone_is_fine("NoSuchEntity"):
            scope.iam.delete_group(GroupName=group)

    def _ours(self, scope: Scope, name: str, group: str) -> str:
        """The ARN of the group of this name. Raises CastraError if it isn't ours."""
        there = scope.iam.get_group(GroupName=group)["Group"]
        if there["Path"] == path_of(scope, name):
            return str(there["Arn"])
        why = f"there is a group {group} in this account, at the path {there['Path']}"
        raise CastraError(self.key(name), why, "Delete it, or give the part another name")
