"""Functions that failed, stand still, or answer with errors: what Lambda says, what was counted, what the log says."""

import re
from collections.abc import Iterator
from typing import Any

from tasks.diagnosing.calls import Calls
from tasks.diagnosing.causes import Cause
from tasks.diagnosing.evidence import Evidence
from tasks.diagnosing.finding import Finding
from tasks.kind import Found

MEND = "Raise its blueprint again: castra up FILE"
Fault = tuple[str, Cause, str, str]
FAULTS: tuple[Fault, ...] = (
    (r"Task timed out", "function-times-out", "timeout", "Raise `timeout`, or see what it waits for"),
    (r"OutOfMemory|signal: killed|MemoryError", "function-out-of-memory", "memory", "Raise `memory`"),
    (
        r"ImportModuleError|Unable to import module|HandlerNotFound|Cannot find module",
        "function-handler-missing",
        "handler",
        "Let `handler` name what is in `code`, and `layers` bring what that imports",
    ),
    (
        r"AccessDenied|not authorized to perform|UnauthorizedOperation",
        "function-denied",
        "can",
        "Let `can` name what it needs",
    ),
)
"""What a log says, what that is called, the field that it's about, and what mends it."""


def check(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each function and cause."""
    roles = {one.id for one in evidence.of("role")}
    for function in evidence.of("function"):
        calls = evidence.calls.get(function.id, Calls())
        yield from _state(function, calls)
        if f":role/castra/{evidence.environment}/" in function.state.role and function.state.role not in roles:
            why = f"its role, {function.state.role.rpartition('/')[2]}, is gone: it can't be called"
            yield _finding("role-gone", function, "", why, MEND)
        if function.state.concurrency == 0:
            why = "no call of it may run at once: `concurrency` is 0"
            yield _finding("function-stopped", function, "concurrency", why, "Raise `concurrency`, or take it out")
        elif calls.throttles:
            why = f"{calls.throttles} calls were turned away in the last hour, as too many ran at once"
            fix = "Raise `concurrency`, or ask AWS for a higher quota of concurrent executions in Service Quotas"
            yield _finding("function-throttled", function, "concurrency", why, fix)
        if calls.errors:
            yield _errors(function, calls)


def _state(function: Found[Any], calls: Calls) -> Iterator[Finding]:
    reason = calls.reason.rstrip(".") or "AWS gives no reason"
    if calls.state == "Failed":
        yield _finding("function-failed", function, "", f"Lambda couldn't set it up: {reason}", MEND)
    elif calls.update == "Failed":
        yield _finding("function-update-failed", function, "", f"its last change failed: {reason}", MEND)


def _errors(function: Found[Any], calls: Calls) -> Finding:
    """By what its log says."""
    fit = (one for one in FAULTS if re.search(one[0], calls.words))
    see = f"See its log: aws logs tail {function.state.logs.partition(':log-group:')[2]}"
    usual: Fault = ("", "function-errors", "code", see)
    _, cause, field, fix = next(fit, usual)
    said = f": {calls.words}" if calls.words else ", and its log says nothing of it"
    why = f"{calls.errors} of {calls.invocations} calls failed in the last hour{said}"
    return _finding(cause, function, field, why, fix)


def _finding(cause: Cause, function: Found[Any], field: str, why: str, fix: str) -> Finding:
    place = f"functions.{function.name}{'.' if field else ''}{field}"
    return Finding(cause=cause, part=function.key, place=place, why=why, fix=fix)
