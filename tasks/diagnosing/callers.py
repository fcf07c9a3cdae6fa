"""APIs, schedules, buckets and queues that are to call a function, and can't: no permission, or switched off."""

from collections.abc import Iterator
from typing import Any

from tasks.diagnosing.causes import Cause
from tasks.diagnosing.evidence import Evidence
from tasks.diagnosing.finding import Finding
from tasks.kind import Found
from tasks.serverless.function_state import LIVE

MEND = "Raise its blueprint again, which has this permission: castra up FILE"
AGAIN = "Raise its blueprint again: castra up FILE"


def check(evidence: Evidence) -> Iterator[Finding]:
    """Of each that calls a function of the environment, whether the alias of that lets it."""
    functions = {one.id: one for one in evidence.of("function")}
    for caller, called, principal, place in _all(evidence):
        function = functions.get(called.removesuffix(f":{LIVE}"))
        if function and not _admitted(evidence, function, principal, _source(caller)):
            yield Finding(
                cause="caller-not-admitted",
                part=caller.key,
                place=place or f"functions.{function.name}.on",
                why=f"it is to call {function.key}, and no permission of that lets {principal} do so",
                fix=MEND,
            )
    yield from _off(evidence, functions)


def _all(evidence: Evidence) -> Iterator[tuple[Found[Any], str, str, str]]:
    """Each that calls, the function's ARN, by which service, and where in the blueprint, if not at the function."""
    for api in evidence.of("http-api"):
        routes = [("routes", one.to.uri) for one in api.state.routes.values() if one.to]
        guards = [("authorizers", one.function) for one in api.state.authorizers.values()]
        for section, arn in dict.fromkeys([*routes, *guards]):
            yield api, arn, "apigateway.amazonaws.com", f"apis.{api.name}.{section}"
    for api in evidence.of("rest-api"):
        routes = [("routes", one.uri) for one in api.state.methods.values() if one]
        guards = [("authorizers", one.function) for one in api.state.authorizers.values()]
        for section, arn in dict.fromkeys([*routes, *guards]):
            yield api, arn, "apigateway.amazonaws.com", f"apis.{api.name}.{section}"
    for rule in evidence.of("event-rule"):
        yield rule, rule.state.function or "", "events.amazonaws.com", ""
    for notification in evidence.of("bucket-notification"):
        for notice in notification.state.notices:
            yield notification, notice.to, "s3.amazonaws.com", ""


def _source(caller: Found[Any]) -> str:
    """What a permission names as the source of what calls."""
    return f":{caller.id}/" if caller.kind.endswith("-api") else caller.id


def _admitted(evidence: Evidence, function: Found[Any], principal: str, source: str) -> bool:
    grants = evidence.grants.get(function.id, ())
    return any(one.principal in (principal, "*") and (one.source is None or source in one.source) for one in grants)


def _off(evidence: Evidence, functions: dict[str, Found[Any]]) -> Iterator[Finding]:
    """Switched off, as by somebody who wanted quiet for a while."""
    for one in evidence.of("event-source", "event-rule"):
        if not one.state.enabled:
            function = functions.get(one.state.function or "")
            cause: Cause = "queue-not-read" if one.kind == "event-source" else "schedule-off"
            what = "messages of its queue aren't read" if one.kind == "event-source" else "its schedule calls nobody"
            place = f"functions.{function.name}.on" if function else ""
            yield Finding(cause=cause, part=one.key, place=place, why=f"{what}: it is disabled", fix=AGAIN)
