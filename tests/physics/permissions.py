"""What a user of IAM may do: each call of one is judged by the policies, with resources and conditions, as AWS does.

Moto's own check knows neither. Whoever has no user (the tests' own credentials) may do everything.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import before, instead
from tests.physics.protocol import Request
from tests.physics.resources import needs_of
from tests.physics.rewrite import ok
from tests.physics.world import World

FREE = frozenset({"sts:GetCallerIdentity"})
CODES = {"ec2": "UnauthorizedOperation", "json": "AccessDeniedException", "rest-json": "AccessDeniedException"}


@dataclass(frozen=True)
class Need:
    """One thing that a call must be allowed: an action on a resource, in a context of condition keys."""

    action: str
    resource: str
    context: dict[str, str] = field(default_factory=dict)


@before("*")
def judge(request: Request, world: World) -> Answer | None:
    """Refuse what its policies don't allow; what is allowed is remembered for whoever asks."""
    user = user_of(request, world)
    if user is None:
        return None
    statements = statements_of(world.backend(request, "iam"), user)
    needs = [Need(*need) for need in needs_of(request, world) if need[0] not in FREE]
    for need in needs:
        if decision(statements, need) != "allowed":
            raise refusal(request, user, need)
    needed(world, user.name).extend(needs)
    if request.flag("DryRun"):
        raise Refused("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
    return None


@before("ec2:*")
def dry(request: Request, world: World) -> None:
    """Who may do everything is told so, too; moto would carry some of it out."""
    if request.flag("DryRun") and user_of(request, world) is None:
        raise Refused("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)


def refusal(request: Request, user: Any, need: Need) -> Refused:
    code = CODES.get("ec2" if request.service == "ec2" else request.protocol, "AccessDenied")
    why = f"User: {user.arn} is not authorized to perform: {need.action} on resource: {need.resource}"
    return Refused(code, f"{why} because no identity-based policy allows the {need.action} action", 403)


def needed(world: World, user: str) -> list[Need]:
    """All that a user was allowed so far."""
    found: list[Need] = world.recall(f"needed by {user}", list)
    return found


# ---------------------------------------------------------------------- policies


def user_of(request: Request, world: World) -> Any:
    if not request.key.startswith(("AKIA", "ASIA", "FKIA", "LKIA")):
        return None
    users = world.backend(request, "iam").users.values()
    return next((user for user in users for key in user.access_keys if key.access_key_id == request.key), None)


def statements_of(iam: Any, user: Any) -> list[dict[str, Any]]:
    """Of the user and of its groups, attached and inline."""
    documents: list[Any] = []
    for one in (user, *iam.get_groups_for_user(user.name)):
        documents += [policy.document for policy in one.managed_policies.values()]
        documents += list(one.policies.values())
    return [statement for document in documents for statement in read(document)]


@cache
def read(document: str) -> list[dict[str, Any]]:
    """A policy's statements; each call asks for them."""
    return listed(json.loads(document)["Statement"])


def decision(statements: list[dict[str, Any]], need: Need) -> str:
    """`allowed`, `explicitDeny` or `implicitDeny`, as SimulatePrincipalPolicy says it."""
    effects = {statement["Effect"] for statement in statements if concerns(statement, need)}
    return "explicitDeny" if "Deny" in effects else "allowed" if effects else "implicitDeny"


def concerns(statement: dict[str, Any], need: Need) -> bool:
    named = any(alike(need.action.lower(), str(one).lower()) for one in listed(statement["Action"]))
    there = named and any(alike(need.resource, str(one)) for one in listed(statement.get("Resource", "*")))
    return named and there and all(holds(*test, need.context) for test in statement.get("Condition", {}).items())


def holds(operator: str, tests: dict[str, Any], context: dict[str, str]) -> bool:
    ways: dict[str, Callable[[str, str], bool]] = {"StringEquals": str.__eq__, "StringLike": alike}
    way = ways[operator]
    return all(
        key in context and any(way(context[key], str(value)) for value in listed(values))
        for key, values in tests.items()
    )


def alike(text: str, pattern: str) -> bool:
    """IAM's patterns know * and ? only."""
    return text == pattern or (("*" in pattern or "?" in pattern) and bool(compiled(pattern).fullmatch(text)))


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


# ---------------------------------------------------------------------- asking beforehand


@instead("iam:SimulatePrincipalPolicy")
def simulate(request: Request, world: World) -> Answer:
    """Each action on each resource, with the context that is given."""
    iam = world.backend(request)
    user = next((one for one in iam.users.values() if one.arn == request.text("PolicySourceArn")), None)
    if user is None:
        raise Refused("NoSuchEntity", f"{request.text('PolicySourceArn')} cannot be found.", 404)
    given = {row["ContextKeyName"]: row["ContextKeyValues"][0] for row in request.rows("ContextEntries")}
    statements = statements_of(iam, user)
    results = [
        {"EvalActionName": one.action, "EvalResourceName": one.resource, "EvalDecision": decision(statements, one)}
        for one in asked(request, given)
    ]
    return ok(request, {"EvaluationResults": results, "IsTruncated": False})


def asked(request: Request, context: dict[str, str]) -> Iterator[Need]:
    for action in request.texts("ActionNames"):
        if "*" in action:
            raise Refused("InvalidInput", f"Invalid Entity Action: {action}")
        for resource in request.texts("ResourceArns") or ["*"]:
            yield Need(action, resource, context)
