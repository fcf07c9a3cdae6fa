"""Users of IAM, with the groups that they're in and what they may do."""

from collections.abc import Iterator, Mapping

from botocore.exceptions import ClientError

from blueprints.people import User
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.identity.belongings import delete_belongings
from tasks.identity.holding import attach, delete_inline, detach, details, inline_of, managed_of
from tasks.identity.home import name_of, part_at, path_of, prefix_of
from tasks.identity.role import arn_of
from tasks.kind import Found, Kind, State, Unordered
from tasks.retry import when_visible
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict, as_list


class UserState(State):
    """`groups` are ARNs; `inline` policies are such as somebody put there by hand.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users.html
    """

    groups: Unordered[str]
    managed: Unordered[str]
    inline: dict[str, str] = {}


class UserKind(Kind[User, UserState]):
    """Users of IAM, with the groups that they're in and what they may do.

    Passwords and keys are parts of their own. What a user has got by hand beside its policies (a password, devices,
    keys) is neither compared nor told as drift, and goes with it.
    """

    name = "user"
    goes_first = True
    whole_at_birth = False
    actions = (
        "iam:AddUserToGroup",
        "iam:AttachUserPolicy",
        "iam:CreateUser",
        "iam:DeactivateMFADevice",
        "iam:DeleteAccessKey",
        "iam:DeleteLoginProfile",
        "iam:DeleteSSHPublicKey",
        "iam:DeleteSigningCertificate",
        "iam:DeleteUser",
        "iam:DeleteUserPolicy",
        "iam:DetachUserPolicy",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetUser",
        "iam:ListAccessKeys",
        "iam:ListAttachedUserPolicies",
        "iam:ListGroupsForUser",
        "iam:ListMFADevices",
        "iam:ListSSHPublicKeys",
        "iam:ListSigningCertificates",
        "iam:ListUserPolicies",
        "iam:ListUsers",
        "iam:RemoveUserFromGroup",
        "iam:TagUser",
        "iam:UntagUser",
    )

    def owned(self, scope: Scope) -> Iterator[Found[UserState]]:
        """ListUsers by path; GetAccountAuthorizationDetails, a page a call, if there are any.

        A user is ours if its path and its tags say so: the path tells the region, which tags don't.
        """
        at_home = {one["Arn"] for one in scope.pages("iam", "list_users", "Users", PathPrefix=prefix_of(scope))}
        groups = {one["GroupName"]: one["Arn"] for one in (details(scope, "Group") if at_home else [])}
        for user in details(scope, "User") if at_home else []:
            tags = as_dict(user.get("Tags"))
            if part_at(scope, user["Path"], tags) and (name := self.named_in(tags)):
                state = UserState(
                    groups=tuple(groups.get(one, one) for one in user.get("GroupList", [])),
                    managed=managed_of(user),
                    inline=inline_of(user, "UserPolicyList"),
                )
                yield Found(self.name, name, user["Arn"], state, tags, outputs={"name": user["UserName"]})

    def wanted(self, part: User, ids: Mapping[str, str]) -> UserState:
        """See the base."""
        return UserState(
            groups=tuple(ids[one] for one in part.groups),
            managed=tuple(arn_of(one, ids) for one in part.managed),
        )

    def create(self, scope: Scope, name: str, wanted: UserState) -> str:
        """A user that is there already is taken on if it's ours: IAM's listings lag behind by seconds."""
        user = scope.name(name, 64, everywhere=True)
        tags = as_list(self.birth_tags(scope, name, wanted))
        try:
            made = scope.iam.create_user(UserName=user, Path=path_of(scope, name), Tags=tags)
        except ClientError as error:
            if code_of(error) != "EntityAlreadyExists":
                raise
            id = self._ours(scope, name, user)
            self.update(scope, id, wanted, frozenset(UserState.model_fields))
            return id
        attach(scope, "user", user, wanted.managed)
        _join(scope, user, wanted.groups)
        return str(made["User"]["Arn"])

    def update(self, scope: Scope, id: str, wanted: UserState, changed: frozenset[str]) -> None:
        """What is to be added comes before what is to go."""
        user = name_of(id)
        if "managed" in changed:
            attach(scope, "user", user, wanted.managed)
            detach(scope, "user", user, keep=wanted.managed)
        if "groups" in changed:
            _join(scope, user, wanted.groups)
            _leave(scope, user, keep=[name_of(one) for one in wanted.groups])
        if "inline" in changed:
            delete_inline(scope, "user", user)

    def delete(self, scope: Scope, id: str) -> None:
        """AWS deletes bare users only: all that it has got goes first, by hand or not."""
        user = name_of(id)
        with gone_is_fine("NoSuchEntity"):
            delete_belongings(scope, user)
            _leave(scope, user)
            detach(scope, "user", user)
            delete_inline(scope, "user", user)
        with gone_is_fine("NoSuchEntity"):
            scope.iam.delete_user(UserName=user)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """IAM's way."""
        scope.iam.tag_user(UserName=name_of(id), Tags=as_list(tags))
        if dropped:
            scope.iam.untag_user(UserName=name_of(id), TagKeys=sorted(dropped))

    def _ours(self, scope: Scope, name: str, user: str) -> str:
        """The ARN of the user of this name. Raises CastraError if it isn't ours."""
        there = scope.iam.get_user(UserName=user)["User"]
        if part_at(scope, there["Path"], as_dict(there.get("Tags"))) == self.key(name):
            return str(there["Arn"])
        why = f"there is a user {user} in this account that doesn't carry its path and tags"
        tags = f"{ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
        raise CastraError(
            self.key(name), why, f"Delete it; or, if its path is {path_of(scope, name)}, tag it with {tags}"
        )


def _join(scope: Scope, user: str, groups: tuple[str, ...]) -> None:
    """Into these groups; it may be in them already."""
    for arn in groups:
        joined = {"UserName": user, "GroupName": name_of(arn)}
        when_visible(f"user {user} and group {name_of(arn)}", scope.iam.add_user_to_group, **joined)


def _leave(scope: Scope, user: str, keep: list[str] | None = None) -> None:
    """Out of all groups but those to keep, by name."""
    for group in list(scope.pages("iam", "list_groups_for_user", "Groups", UserName=user)):
        if group["GroupName"] not in (keep or []):
            with gone_is_fine("NoSuchEntity"):
                scope.iam.remove_user_from_group(UserName=user, GroupName=group["GroupName"])
