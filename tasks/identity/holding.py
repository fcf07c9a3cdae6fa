"""What users and groups alike carry: managed policies, and inline ones that nobody asked for."""

from collections.abc import Collection, Mapping
from typing import Any

from tasks.errors import gone_is_fine
from tasks.identity import policy
from tasks.retry import when_visible
from tasks.scope import Scope


def attach(scope: Scope, noun: str, name: str, managed: Collection[str]) -> None:
    """Attach these managed policies to a `user` or `group`; what's attached already may be."""
    call = getattr(scope.iam, f"attach_{noun}_policy")
    for arn in managed:
        when_visible(f"{noun} {name}", call, **{f"{noun.title()}Name": name}, PolicyArn=arn)


def detach(scope: Scope, noun: str, name: str, keep: Collection[str] = ()) -> None:
    """Detach all managed policies but those to keep, by ARN."""
    whose = {f"{noun.title()}Name": name}
    for one in scope.pages("iam", f"list_attached_{noun}_policies", "AttachedPolicies", **whose):
        if one["PolicyArn"] not in keep:
            with gone_is_fine("NoSuchEntity"):
                getattr(scope.iam, f"detach_{noun}_policy")(**whose, PolicyArn=one["PolicyArn"])


def delete_inline(scope: Scope, noun: str, name: str) -> None:
    """Delete its inline policies: those that stand were put there by hand."""
    whose = {f"{noun.title()}Name": name}
    for one in scope.pages("iam", f"list_{noun}_policies", "PolicyNames", **whose):
        with gone_is_fine("NoSuchEntity"):
            getattr(scope.iam, f"delete_{noun}_policy")(**whose, PolicyName=one)


def inline_of(detail: Mapping[str, Any], field: str) -> dict[str, str]:
    """Its inline policies by name, as canonical JSON."""
    return {one["PolicyName"]: policy.canonical(one["PolicyDocument"]) for one in detail.get(field, [])}


def managed_of(detail: Mapping[str, Any]) -> tuple[str, ...]:
    """ARNs of the managed policies that are attached."""
    return tuple(one["PolicyArn"] for one in detail.get("AttachedManagedPolicies", []))


def details(scope: Scope, what: str) -> list[dict[str, Any]]:
    """All users (`User`) or groups (`Group`) of the account with what they carry; listed once a survey."""
    pages: dict[str, Any] = {"Filter": [what], "PaginationConfig": {"PageSize": 1000}}
    result = f"{what}DetailList"
    return scope.listed(
        f"iam {what} details", lambda: list(scope.pages("iam", "get_account_authorization_details", result, **pages))
    )
