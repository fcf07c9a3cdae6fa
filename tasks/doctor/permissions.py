"""Which permissions a raising would lack: by IAM's simulation; where the caller may not ask it, by EC2's dry runs."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from blueprints.environment import Environment
from tasks.doctor.dry_runs import DRY_RUNS
from tasks.doctor.finding import Finding, lacking
from tasks.doctor.samples import context_of, samples
from tasks.errors import DENIED, code_of
from tasks.rights.policy import statements_of
from tasks.rights.statement import Statement, allow
from tasks.scope import ENVIRONMENT, Scope

SIMULATE = allow("Simulate", {"iam:SimulatePrincipalPolicy"}, ["*"])
ALWAYS = frozenset({"sts:GetCallerIdentity"})
"""What nobody can be denied."""
ASSUMED = re.compile(r"^arn:([a-z-]+):sts::(\d+):assumed-role/([^/]+)/")
MEANT = re.compile(r"to perform: ([a-z0-9-]+:\w+)")
DRY = "DryRunOperation"


def permissions(environment: Environment, scope: Scope, caller: str) -> Iterator[Finding]:
    """What the caller may not; or what couldn't be looked at."""
    needed = statements_of([environment])
    if caller.endswith(":root"):
        yield Finding(check="permission", what="all", verdict="good", why="the account's root user may do everything")
        return
    try:
        found = [one for statement in needed for one in _simulated(scope, caller, statement)]
    except (BotoCoreError, ClientError) as error:
        yield from _without_simulation(environment, scope, needed, error)
        return
    yield from found
    asked = sum(len(statement["Action"]) for statement in needed)
    if not found:
        yield Finding(
            check="permission", what=f"{asked} actions", verdict="good", why="IAM's simulation allows all of them"
        )


def principal_of(scope: Scope, caller: str) -> str:
    """The ARN whose policies count: an assumed role's own. Its path isn't told by the session's name."""
    session = ASSUMED.match(caller)
    if session is None:
        return caller
    try:
        return str(scope.iam.get_role(RoleName=session[3])["Role"]["Arn"])
    except ClientError:  # it may not look at itself: most roles have no path
        return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"


def _simulated(scope: Scope, caller: str, statement: Statement) -> Iterator[Finding]:
    principal = principal_of(scope, caller)
    by_samples: dict[tuple[str, ...], list[str]] = {}
    for action in statement["Action"]:
        if action not in ALWAYS:
            by_samples.setdefault(tuple(samples(action, statement, scope.account)), []).append(action)
    for arns, actions in by_samples.items():
        allowed = _allowed(scope, principal, actions, arns, context_of(statement))
        for action in actions:
            if action not in allowed:
                yield lacking(action, statement, "IAM's simulation denies it to the caller")


def _allowed(
    scope: Scope, principal: str, actions: Sequence[str], arns: Sequence[str], context: list[dict[str, object]]
) -> set[str]:
    """Those of the actions that are allowed on one of the ARNs."""
    told: dict[str, Any] = {"PolicySourceArn": principal, "ActionNames": list(actions), "ResourceArns": list(arns)}
    told |= {"ContextEntries": context} if context else {}
    results = scope.pages("iam", "simulate_principal_policy", "EvaluationResults", **told)
    return {str(one["EvalActionName"]) for one in results if one["EvalDecision"] == "allowed"}


# ---------------------------------------------------------------------- where it can't be asked


def _without_simulation(
    environment: Environment, scope: Scope, needed: list[Statement], error: Exception
) -> Iterator[Finding]:
    why = "the caller may not ask it" if code_of(error) in DENIED else f"it answered {code_of(error) or error}"
    yield Finding(
        check="permission",
        what="iam:SimulatePrincipalPolicy",
        verdict="unknown",
        why=f"IAM's simulation can't be asked: {why}. Reads are tried, and what EC2 has dry runs of",
        way_out="Add this statement to the caller's policy, to have every permission looked at",
        statement=SIMULATE,
    )
    tried: set[str] = set()
    for statement in needed:
        for action in statement["Action"]:
            if action in DRY_RUNS and action not in tried:
                tried.add(action)
                yield from _dry(environment, scope, action, statement, needed)
    for statement in needed:
        rest = [action for action in statement["Action"] if action not in tried]
        if statement["Sid"] != "Read" and rest:
            whole = {**statement, "Action": rest}
            why = "nothing can be asked about them; they are what the kinds declare"
            yield Finding(
                check="permission", what=_some(rest), verdict="unknown", why=why, statement=whole, way_out="See for it"
            )


def _dry(
    environment: Environment, scope: Scope, action: str, statement: Statement, needed: list[Statement]
) -> Iterator[Finding]:
    """A call that EC2 judges, and doesn't carry out."""
    method, noun, arguments = DRY_RUNS[action]
    tags = [{"Key": ENVIRONMENT, "Value": environment.name}]
    tagged = [{"ResourceType": noun, "Tags": tags}]
    try:
        getattr(scope.ec2, method)(**arguments(scope.region), TagSpecifications=tagged, DryRun=True)
    except ClientError as error:
        if code_of(error) == DRY:
            return
        if code_of(error) not in DENIED:
            why = f"its dry run answered {code_of(error)}"
            yield Finding(check="permission", what=action, verdict="unknown", why=why, statement=statement)
            return
        meant = MEANT.search(str(error))
        named = meant[1] if meant else action
        its = next((one for one in reversed(needed) if named in one["Action"]), statement)
        yield lacking(named, statement if named == action else its, f"the dry run of {action} denies it to the caller")


def _some(actions: list[str]) -> str:
    shown = ", ".join(actions[:3])
    return shown if len(actions) <= 3 else f"{shown} and {len(actions) - 3} more"
