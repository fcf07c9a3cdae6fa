"""The look before a raising: credentials, region, services, the blueprint, quotas and permissions. Writes nothing."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from blueprints.environment import Environment
from blueprints.part import Part
from tasks.doctor.finding import Finding, Health, lacking
from tasks.doctor.kept_backups import backup_quotas
from tasks.doctor.permissions import permissions
from tasks.doctor.quotas import quotas
from tasks.each import each
from tasks.errors import DENIED, CastraError, code_of, explain
from tasks.kind import Kind
from tasks.reading import plan_of
from tasks.registry import KINDS
from tasks.rights.statement import allow
from tasks.scope import Scope


def examine(environment: Environment, scope: Scope) -> Health:
    """All that a raising would stumble over, as far as can be seen before it."""
    environment.parts()  # raises Invalid where sections don't fit together
    caller, found = _who(scope)
    if caller:
        found += list(_region(scope))
        found += (read := _services(scope))
        made, told = _to_be_made(environment, scope, readable=all(one.verdict == "good" for one in read))
        found += [
            *told,
            *quotas(made, environment.parts(), scope),
            *backup_quotas(environment, scope),
            *_new(permissions(environment, scope, caller), found),
        ]
    calls = scope.calls.summary()
    return Health(environment=environment.name, region=scope.region, caller=caller, findings=tuple(found), calls=calls)


def _who(scope: Scope) -> tuple[str, list[Finding]]:
    """The caller's ARN; empty where there are no credentials, or those of another account."""
    try:
        _ = scope.account
        caller = str(scope.client("sts").get_caller_identity()["Arn"])
    except (CastraError, BotoCoreError, ClientError) as error:
        told = explain(error, "credentials")
        return "", [
            Finding(check="credentials", what="credentials", verdict="lacking", why=told.why, way_out=told.way_out)
        ]
    return caller, [Finding(check="credentials", what=caller, verdict="good", why=f"account {scope.account}")]


def _region(scope: Scope) -> Iterator[Finding]:
    try:
        (told,) = scope.ec2.describe_regions(RegionNames=[scope.region], AllRegions=True)["Regions"]
    except (BotoCoreError, ClientError) as error:
        code, what = code_of(error), scope.region
        if code == "InvalidParameterValue":
            why, way_out = "AWS knows no such region", "Check `region:`"
            yield Finding(check="region", what=what, verdict="lacking", why=why, way_out=way_out)
        else:
            yield Finding(
                check="region", what=what, verdict="unknown", why=f"it can't be asked about ({code or error})"
            )
        return
    if told.get("OptInStatus") == "not-opted-in":
        why, way_out = "the account hasn't opted in to it", "Enable it in the account's settings"
        yield Finding(check="region", what=scope.region, verdict="lacking", why=why, way_out=way_out)
    else:
        yield Finding(check="region", what=scope.region, verdict="good", why=str(told.get("OptInStatus", "open")))


def _services(scope: Scope) -> list[Finding]:
    """Each kind is listed, as every plan does it: what can't be reached or read is told once a service or action."""
    scope.look_afresh()
    wrong = [one for _, several in each(lambda kind: _read(scope, kind), KINDS.values()) for one in several]
    told = list({(one.check, one.what): one for one in wrong}.values())
    good = Finding(check="service", what=f"{len(KINDS)} kinds", verdict="good", why="all can be reached and listed")
    return told or [good]


def _read(scope: Scope, kind: Kind[Any, Any]) -> list[Finding]:
    try:
        list(kind.owned(scope))
    except EndpointConnectionError as error:
        why, way_out = str(error), "Check the network, the region's name and AWS_ENDPOINT_URL"
        return [Finding(check="service", what=_host(error), verdict="lacking", why=why, way_out=way_out)]
    except ClientError as error:
        if code_of(error) in DENIED:
            return [_denied(error, kind)]
        why = f"listing {kind.name}: {error.operation_name} answered {code_of(error)}"
        return [Finding(check="service", what=kind.name, verdict="lacking", why=why)]
    except BotoCoreError as error:
        return [Finding(check="service", what=kind.name, verdict="lacking", why=str(error))]
    return []


def _host(error: EndpointConnectionError) -> str:
    return str(error.kwargs.get("endpoint_url", "a service"))


def _denied(error: ClientError, kind: Kind[Any, Any]) -> Finding:
    named = next((one for one in kind.actions if one.endswith(f":{error.operation_name}")), error.operation_name)
    return lacking(named, allow("Read", {named}, ["*"]), f"listing {kind.name} is denied to the caller")


def _to_be_made(environment: Environment, scope: Scope, *, readable: bool) -> tuple[tuple[Part, ...], list[Finding]]:
    """What the plan makes anew; all parts, where nothing can be planned."""
    parts = environment.parts()
    if not readable:
        return parts, []
    try:
        steps = plan_of(environment, scope, [part.key for part in parts]).steps
    except (CastraError, BotoCoreError, ClientError) as error:
        told = explain(error, "the plan")
        return parts, [Finding(check="blueprint", what="plan", verdict="lacking", why=str(told), way_out=told.way_out)]
    new = {step.part for step in steps if step.action in ("create", "replace")}
    return tuple(part for part in parts if part.key in new), [
        Finding(check="blueprint", what="plan", verdict="good", why=f"{len(new)} of {len(parts)} parts are to be made")
    ]


def _new(findings: Iterator[Finding], before: list[Finding]) -> Iterator[Finding]:
    """What isn't told yet, once an action."""
    told = {one.what for one in before if one.check == "permission"}
    for finding in findings:
        if finding.what not in told:
            told.add(finding.what)
            yield finding
