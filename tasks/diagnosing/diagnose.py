"""What's wrong with an environment, cause by cause."""

from collections.abc import Callable, Iterable, Iterator

from tasks.diagnosing import (
    accesses,
    acls,
    callers,
    classic,
    firewalls,
    functions,
    health,
    launches,
    routes,
    standing,
    stores,
)
from tasks.diagnosing.evidence import Evidence, gather
from tasks.diagnosing.finding import Diagnosis, Finding
from tasks.errors import CastraError
from tasks.kind import State
from tasks.scope import Scope

Check = Callable[[Evidence], Iterable[Finding]]

CAUSES: tuple[Check, ...] = (
    firewalls.check,
    accesses.check,
    acls.check,
    routes.check,
    launches.check,
    standing.check,
    callers.check,
    functions.check,
    stores.check,
)
SYMPTOMS: tuple[Check, ...] = (launches.failures, launches.ended_too_soon, health.check, classic.check)
"""What is told only of parts whose ill health no cause explains."""
BY_HAND = "It was changed by hand since it was raised: castra up FILE puts it back, or write it down in the blueprint"


def diagnose(scope: Scope) -> Diagnosis:
    """Read an environment and tell what's wrong with it. Raises CastraError where nothing stands of it."""
    evidence = gather(scope)
    if not evidence.found:
        why = f"nothing stands of it in {scope.region}"
        raise CastraError(str(scope.environment), why, f"See what does: castra list --region {scope.region}")
    return Diagnosis(
        environment=str(scope.environment),
        region=scope.region,
        parts=len(evidence.found),
        findings=tuple(findings(evidence)),
        calls=scope.calls.summary(),
    )


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Causes first, then symptoms that nothing told before explains. Pure."""
    told = list(dict.fromkeys(finding for check in CAUSES for finding in check(evidence)))
    for check in SYMPTOMS:
        explained = {part for finding in told for part in finding.explains}
        told += [one for one in dict.fromkeys(check(evidence)) if not explained & {one.part, *one.explains}]
    for finding in told:
        yield _by_hand(finding, evidence)


def _by_hand(finding: Finding, evidence: Evidence) -> Finding:
    """With a word on it where what it's about isn't as it was when it was last raised.

    Nothing is said of kinds whose blueprint says what is compared: found alone, they may differ in what AWS chose.
    """
    part = next((one for one in evidence.found if one.key == finding.part and not one.retired), None)
    if part is None or part.fingerprint in (None, part.state.fingerprint) or "castra up" in finding.fix:
        return finding
    if type(part.state).uncompared is not State.uncompared:
        return finding
    return finding.model_copy(update={"fix": f"{BY_HAND}. Else: {finding.fix[0].lower()}{finding.fix[1:]}"})
