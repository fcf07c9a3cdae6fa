"""IAM roles, with their trust and their permissions."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.identity import PolicyId, Role
from blueprints.part import Id, filled
from tasks.errors import CastraError, Invalid, Problem, code_of, gone_is_fine
from tasks.identity import policy
from tasks.identity.home import name_of, part_at, path_of, prefix_of
from tasks.identity.permissions import (
    attach_policies,
    delete_policies,
    detach_policies,
    put_policies,
    set_boundary,
    take_out_of_profiles,
)
from tasks.kind import Found, Kind, State, Unordered
from tasks.retry import when_visible
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict, as_list

INLINE_LIMIT = 10_240  # characters of all inline policies of a role together, without spaces


class RoleState(State):
    """Policies as canonical JSON. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

    trust: str
    policies: dict[str, str]
    managed: Unordered[str]
    permissions_boundary: str | None = None
    description: str


class RoleKind(Kind[Role, RoleState]):
    """IAM roles, with their trust and their permissions."""

    name = "role"
    whole_at_birth = False
    actions = (
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:DeleteRolePermissionsBoundary",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetRole",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
        "iam:ListRoles",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRoleDescription",
    )

    def owned(self, scope: Scope) -> Iterator[Found[RoleState]]:
        """ListRoles by path, which tells descriptions; GetAccountAuthorizationDetails, a page a call, the rest.

        A role is ours if its path and its tags say so: the path tells the region, which tags don't.
        """
        at_home = scope.pages("iam", "list_roles", "Roles", PathPrefix=prefix_of(scope))
        descriptions = {role["Arn"]: role.get("Description", "") for role in at_home}
        for role in role_details(scope) if descriptions else []:
            tags = as_dict(role.get("Tags"))
            if role["Arn"] in descriptions and (name := self._name_of(scope, role["Path"], tags)):
                state = RoleState(
                    trust=policy.canonical(role["AssumeRolePolicyDocument"]),
                    policies={
                        inline["PolicyName"]: policy.canonical(inline["PolicyDocument"])
                        for inline in role.get("RolePolicyList", [])
                    },
                    managed=tuple(attached["PolicyArn"] for attached in role.get("AttachedManagedPolicies", [])),
                    permissions_boundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
                    description=descriptions[role["Arn"]],
                )
                yield Found(self.name, name, role["Arn"], state, tags)

    def wanted(self, part: Role, ids: Mapping[str, str]) -> RoleState:
        """See the base. Raises Invalid with the place of all that's wrong in its policies."""
        policies = filled(part.policies, ids)
        if wrong := list(_problems(part, policies)):
            raise Invalid("The blueprint", wrong)
        return RoleState(
            trust=policy.trust(part.trusts),
            policies={name: policy.canonical(document) for name, document in policies.items()},
            managed=tuple(arn_of(one, ids) for one in part.managed),
            permissions_boundary=arn_of(part.permissions_boundary, ids) if part.permissions_boundary else None,
            description=part.description,
        )

    def create(self, scope: Scope, name: str, wanted: RoleState) -> str:
        """A role that is there already is taken on if it's ours: IAM's listings lag behind by seconds."""
        role = scope.name(name, 64, everywhere=True)
        try:
            made = when_visible(
                f"the policies of role {role}",
                scope.iam.create_role,
                RoleName=role,
                Path=path_of(scope, name),
                AssumeRolePolicyDocument=wanted.trust,
                Description=wanted.description,
                Tags=as_list(self.birth_tags(scope, name, wanted)),
                **({"PermissionsBoundary": wanted.permissions_boundary} if wanted.permissions_boundary else {}),
            )
        except ClientError as error:
            if code_of(error) != "EntityAlreadyExists":
                raise
            id = self._ours(scope, name, role)
            self.update(scope, id, wanted, frozenset(RoleState.model_fields))
            return id
        put_policies(scope, role, wanted.policies)
        attach_policies(scope, role, wanted.managed)
        return str(made["Role"]["Arn"])

    def update(self, scope: Scope, id: str, wanted: RoleState, changed: frozenset[str]) -> None:
        """Bounded first; what is to be added comes before what is to go, so that nothing that's wanted is missing."""
        role = name_of(id)
        if "permissions_boundary" in changed:
            set_boundary(scope, role, wanted.permissions_boundary)
        if "trust" in changed:
            scope.iam.update_assume_role_policy(RoleName=role, PolicyDocument=wanted.trust)
        if "description" in changed:
            scope.iam.update_role_description(RoleName=role, Description=wanted.description)
        if "policies" in changed:
            put_policies(scope, role, wanted.policies)
            delete_policies(scope, role, keep=wanted.policies.keys())
        if "managed" in changed:
            attach_policies(scope, role, wanted.managed)
            detach_policies(scope, role, keep=frozenset(wanted.managed))

    def delete(self, scope: Scope, id: str) -> None:
        """AWS deletes bare roles only. Raises CastraError if a profile that isn't ours carries it."""
        role = name_of(id)
        with gone_is_fine("NoSuchEntity"):
            take_out_of_profiles(scope, role)
            detach_policies(scope, role)
            delete_policies(scope, role)
        with gone_is_fine("NoSuchEntity"):
            scope.iam.delete_role(RoleName=role)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """IAM's way."""
        scope.iam.tag_role(RoleName=name_of(id), Tags=as_list(tags))
        if dropped:
            scope.iam.untag_role(RoleName=name_of(id), TagKeys=sorted(dropped))

    def _name_of(self, scope: Scope, path: str, tags: Mapping[str, str]) -> str | None:
        """The part's name, if path and tags agree that it's the scope's."""
        return self.named_in(tags) if part_at(scope, path, tags) else None

    def _ours(self, scope: Scope, name: str, role: str) -> str:
        """The ARN of the role of this name. Raises CastraError if it isn't ours."""
        there = scope.iam.get_role(RoleName=role)["Role"]
        if self._name_of(scope, there["Path"], as_dict(there.get("Tags"))) == name:
            return str(there["Arn"])
        why = f"there is a role {role} in this account that doesn't carry its path and tags"
        tags = f"{ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
        raise CastraError(
            self.key(name), why, f"Delete it; or, if its path is {path_of(scope, name)}, tag it with {tags}"
        )


def role_details(scope: Scope) -> list[dict[str, Any]]:
    """All roles of the account with policies and tags; listed once a survey. AWS can't narrow it by path or tag."""
    pages: dict[str, Any] = {"Filter": ["Role"], "PaginationConfig": {"PageSize": 1000}}
    return scope.listed(
        "iam role details",
        lambda: list(scope.pages("iam", "get_account_authorization_details", "RoleDetailList", **pages)),
    )


def arn_of(policy: PolicyId, ids: Mapping[str, str]) -> str:
    """The ARN of a managed policy, of the environment's or another one."""
    return ids[policy] if isinstance(policy, Id) else policy


def _problems(part: Role, policies: Mapping[str, Any]) -> Iterator[Problem]:
    where = part.where or part.key
    for name, document in policies.items():
        yield from policy.problems(document, f"{where}.policies.{name}")
    size = sum(len(policy.canonical(document)) for document in policies.values())
    if size > INLINE_LIMIT:
        why = f"together they have {size} characters, and AWS takes {INLINE_LIMIT}"
        yield Problem(f"{where}.policies", why, "Name fewer resources, or use managed policies")
