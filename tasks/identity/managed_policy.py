"""Customer-managed IAM policies."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.identity import ManagedPolicy
from tasks.errors import CastraError, Invalid, Problem, code_of, gone_is_fine
from tasks.identity import policy
from tasks.identity.home import name_of, part_at, path_of, prefix_of
from tasks.kind import Found, Kind, State
from tasks.scope import ENVIRONMENT, FINGERPRINT, PART, Scope, as_dict, as_list

LIMIT = 6_144  # characters without spaces: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
VERSIONS = 5


class ManagedPolicyState(State):
    """The document of its default version, as canonical JSON."""

    document: str


class ManagedPolicyKind(Kind[ManagedPolicy, ManagedPolicyState]):
    """Customer-managed IAM policies."""

    name = "managed-policy"
    actions = (
        "iam:CreatePolicy",
        "iam:CreatePolicyVersion",
        "iam:DeletePolicy",
        "iam:DeletePolicyVersion",
        "iam:DetachRolePolicy",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetPolicy",
        "iam:ListEntitiesForPolicy",
        "iam:ListPolicies",
        "iam:ListPolicyTags",
        "iam:ListPolicyVersions",
        "iam:TagPolicy",
        "iam:UntagPolicy",
    )

    def owned(self, scope: Scope) -> Iterator[Found[ManagedPolicyState]]:
        """ListPolicies by path; the documents by GetAccountAuthorizationDetails, the tags by a call each.

        No listing of AWS tells a policy's tags.
        """
        local: dict[str, Any] = {"Scope": "Local", "PathPrefix": prefix_of(scope)}
        at_home = {one["Arn"]: one for one in scope.pages("iam", "list_policies", "Policies", **local)}
        for detail in policy_details(scope) if at_home else []:
            arn = detail["Arn"]
            tags = (
                as_dict(list(scope.pages("iam", "list_policy_tags", "Tags", PolicyArn=arn))) if arn in at_home else {}
            )
            if part_at(scope, detail["Path"], tags) and (name := self.named_in(tags)):
                (document,) = [one["Document"] for one in detail["PolicyVersionList"] if one["IsDefaultVersion"]]
                yield Found(self.name, name, arn, ManagedPolicyState(document=policy.canonical(document)), tags)

    def wanted(self, part: ManagedPolicy, ids: Mapping[str, str]) -> ManagedPolicyState:
        """See the base. Raises Invalid with the place of all that's wrong in it."""
        if wrong := list(_problems(part)):
            raise Invalid("The blueprint", wrong)
        return ManagedPolicyState(document=policy.canonical(part.document))

    def create(self, scope: Scope, name: str, wanted: ManagedPolicyState) -> str:
        """A policy that is there already is taken on if it's ours: IAM's listings lag behind by seconds."""
        called = scope.name(name, 128, everywhere=True)
        try:
            made = scope.iam.create_policy(
                PolicyName=called,
                Path=path_of(scope, name),
                PolicyDocument=wanted.document,
                Tags=as_list(self.birth_tags(scope, name, wanted)),
            )
        except ClientError as error:
            if code_of(error) != "EntityAlreadyExists":
                raise
            return self._taken_on(scope, name, called, wanted)
        return str(made["Policy"]["Arn"])

    def update(self, scope: Scope, id: str, wanted: ManagedPolicyState, changed: frozenset[str]) -> None:
        """A new version, at once the default one. AWS keeps five: the oldest goes first where there are as many.

        CreatePolicyVersion has no token, and is sent once.
        """
        versions = _older_versions(scope, id)
        for version in versions[: max(0, len(versions) + 2 - VERSIONS)]:
            scope.iam.delete_policy_version(PolicyArn=id, VersionId=version)
        new = {"PolicyArn": id, "PolicyDocument": wanted.document, "SetAsDefault": True}
        scope.client("iam", once=True).create_policy_version(**new)

    def delete(self, scope: Scope, id: str) -> None:
        """Taken off the environment's own roles first. Raises CastraError if others carry it, or are bounded by it."""
        with gone_is_fine("NoSuchEntity"):
            _detach(scope, id)
            for version in _older_versions(scope, id):
                scope.iam.delete_policy_version(PolicyArn=id, VersionId=version)
        with gone_is_fine("NoSuchEntity"):
            scope.iam.delete_policy(PolicyArn=id)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """IAM's way."""
        scope.iam.tag_policy(PolicyArn=id, Tags=as_list(tags))
        if dropped:
            scope.iam.untag_policy(PolicyArn=id, TagKeys=sorted(dropped))

    def _taken_on(self, scope: Scope, name: str, called: str, wanted: ManagedPolicyState) -> str:
        """The ARN of the policy of this name, with the document that's wanted. Raises CastraError if it isn't ours."""
        arn = f"arn:{scope.iam.meta.partition}:iam::{scope.account}:policy{path_of(scope, name)}{called}"
        tags: dict[str, str] = {}
        with gone_is_fine("NoSuchEntity"):
            tags = as_dict(scope.iam.get_policy(PolicyArn=arn)["Policy"].get("Tags"))
        if part_at(scope, path_of(scope, name), tags) != self.key(name):
            why = f"there is a policy {called} in this account that doesn't carry its path and tags"
            ours = f"{ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
            raise CastraError(
                self.key(name), why, f"Delete it; or, if its path is {path_of(scope, name)}, tag it with {ours}"
            )
        if tags.get(FINGERPRINT) != wanted.fingerprint:
            self.update(scope, arn, wanted, frozenset({"document"}))
            self.tag(scope, arn, {FINGERPRINT: wanted.fingerprint})
        return arn


def policy_details(scope: Scope) -> list[dict[str, Any]]:
    """All customer-managed policies of the account with their versions; listed once a survey."""
    pages: dict[str, Any] = {"Filter": ["LocalManagedPolicy"], "PaginationConfig": {"PageSize": 1000}}
    return scope.listed(
        "iam policy details", lambda: list(scope.pages("iam", "get_account_authorization_details", "Policies", **pages))
    )


def _older_versions(scope: Scope, arn: str) -> list[str]:
    """Ids of all versions but the default one, the oldest first."""
    versions = scope.pages("iam", "list_policy_versions", "Versions", PolicyArn=arn)
    older = [version["VersionId"] for version in versions if not version["IsDefaultVersion"]]
    return sorted(older, key=lambda version: int(version.removeprefix("v")))


def _detach(scope: Scope, arn: str) -> None:
    """Take it off the environment's roles. Raises CastraError, before anything is done, if others hold it too."""
    ours = _holders(scope, arn, EntityFilter="Role", PathPrefix=prefix_of(scope), PolicyUsageFilter="PermissionsPolicy")
    if foreign := sorted(_holders(scope, arn) - ours):
        why = f"it is attached to {', '.join(foreign)}, outside of this environment, or bounds what they may do"
        raise CastraError(f"policy {name_of(arn)}", why, "Detach it there, and run again")
    for holder in sorted(ours):
        with gone_is_fine("NoSuchEntity"):
            scope.iam.detach_role_policy(RoleName=holder.removeprefix("role "), PolicyArn=arn)


def _holders(scope: Scope, arn: str, **filters: str) -> set[str]:
    """Who carries it or is bounded by it: `role web`, and so on."""
    holders: set[str] = set()
    for page in scope.iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=arn, **filters):
        for noun in ("Role", "User", "Group"):
            holders |= {f"{noun.lower()} {one[f'{noun}Name']}" for one in page.get(f"Policy{noun}s", [])}
    return holders


def _problems(part: ManagedPolicy) -> Iterator[Problem]:
    where = part.where or part.key
    yield from policy.problems(part.document, where)
    if (size := len(policy.canonical(part.document))) > LIMIT:
        why = f"it has {size} characters, and AWS takes {LIMIT}"
        yield Problem(where, why, "Name fewer things, or make two of it")
