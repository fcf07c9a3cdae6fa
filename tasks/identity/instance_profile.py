"""Instance profiles, each of which carries one role."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.identity import InstanceProfile
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.identity.home import home_at, name_of, path_of, prefix_of
from tasks.kind import Found, Kind, State
from tasks.retry import when_visible
from tasks.scope import ENVIRONMENT, PART, Scope, as_list


class InstanceProfileState(State):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html"""

    role: str | None


class InstanceProfileKind(Kind[InstanceProfile, InstanceProfileState]):
    """Instance profiles, each of which carries one role.

    Its path alone says whose it is. It is tagged when it's made, for people to see; but no listing tells a profile's
    tags (that would be a call a profile), so they are neither compared nor followed.
    """

    name = "instance-profile"
    taggable = False
    goes_first = True
    whole_at_birth = False
    actions = (
        "iam:AddRoleToInstanceProfile",
        "iam:CreateInstanceProfile",
        "iam:DeleteInstanceProfile",
        "iam:GetInstanceProfile",
        "iam:ListInstanceProfiles",
        "iam:PassRole",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagInstanceProfile",
    )

    def owned(self, scope: Scope) -> Iterator[Found[InstanceProfileState]]:
        """ListInstanceProfiles by path, which tells their roles too."""
        for profile in scope.pages("iam", "list_instance_profiles", "InstanceProfiles", PathPrefix=prefix_of(scope)):
            if home := home_at(scope, profile["Path"]):
                tags = {ENVIRONMENT: home.environment, PART: self.key(home.part)}
                state = InstanceProfileState(role=_role_of(profile))
                yield Found(self.name, home.part, profile["Arn"], state, tags)

    def wanted(self, part: InstanceProfile, ids: Mapping[str, str]) -> InstanceProfileState:
        """See the base."""
        return InstanceProfileState(role=ids[part.role])

    def create(self, scope: Scope, name: str, wanted: InstanceProfileState) -> str:
        """A profile that is there already is taken on if it's ours: IAM's listings lag behind by seconds."""
        profile = scope.name(name, 64, everywhere=True)
        tags = as_list(self.birth_tags(scope, name, wanted))
        try:
            made = scope.iam.create_instance_profile(InstanceProfileName=profile, Path=path_of(scope, name), Tags=tags)
        except ClientError as error:
            if code_of(error) != "EntityAlreadyExists":
                raise
            id = self._ours(scope, name, profile)
            self.update(scope, id, wanted, frozenset({"role"}))
            return id
        _add(scope, profile, wanted)
        return str(made["InstanceProfile"]["Arn"])

    def update(self, scope: Scope, id: str, wanted: InstanceProfileState, changed: frozenset[str]) -> None:
        """A profile takes one role: the old one goes first."""
        profile = name_of(id)
        if _take_out(scope, profile, keep=wanted.role) != wanted.role:
            _add(scope, profile, wanted)

    def delete(self, scope: Scope, id: str) -> None:
        """AWS deletes empty profiles only."""
        profile = name_of(id)
        with gone_is_fine("NoSuchEntity"):
            _take_out(scope, profile)
        with gone_is_fine("NoSuchEntity"):
            scope.iam.delete_instance_profile(InstanceProfileName=profile)

    def _ours(self, scope: Scope, name: str, profile: str) -> str:
        """The ARN of the profile of this name. Raises CastraError if it isn't ours."""
        there = scope.iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]
        if there["Path"] == path_of(scope, name):
            return str(there["Arn"])
        why = f"there is an instance profile {profile} in this account, at the path {there['Path']}"
        raise CastraError(self.key(name), why, "Delete it, or give the part another name")


def _role_of(profile: Mapping[str, Any]) -> str | None:
    return next((str(role["Arn"]) for role in profile.get("Roles", [])), None)


def _add(scope: Scope, profile: str, wanted: InstanceProfileState) -> None:
    """A role, or a profile, made a moment ago may not be visible yet."""
    add = {"InstanceProfileName": profile, "RoleName": name_of(str(wanted.role))}
    when_visible(f"instance profile {profile}", scope.iam.add_role_to_instance_profile, **add)


def _take_out(scope: Scope, profile: str, keep: str | None = None) -> str | None:
    """Take out the role, unless it's the one to keep; gives its ARN, or None."""
    role = _role_of(scope.iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"])
    if role is not None and role != keep:
        with gone_is_fine("NoSuchEntity"):
            scope.iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=name_of(role))
    return role
