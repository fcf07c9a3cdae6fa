"""Targets that fail their health checks, by the reason that the load balancer gives."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tasks.diagnosing.causes import Cause
from tasks.diagnosing.evidence import Evidence, Target
from tasks.diagnosing.finding import Finding
from tasks.kind import Found

CODES = re.compile(r"\[([\d, -]+)\]")
NEW = ("Elb.RegistrationInProgress", "Elb.InitialHealthChecking", "Target.DeregistrationInProgress")


class Word(NamedTuple):
    """What a reason is called here, the field of the servers that it's about, why, and what mends it."""

    cause: Cause
    field: str
    why: str
    fix: str


REASONS: Mapping[str, Word] = {
    "Target.ResponseCodeMismatch": Word(
        "health-check-answered-otherwise",
        "health_check.path",
        "the health check asks {asks} for {codes}, and {many} answer {answered}",
        "Name a path that answers {codes}, or take {answered} among `health_check.codes`",
    ),
    "Target.Timeout": Word(
        "health-check-times-out",
        "health_check.timeout",
        "{many} don't answer the health check, {asks}, within {timeout} s, though rules and routes let it through",
        "See on a server whether the application hangs or a firewall of its own drops the packets; if it's only slow, "
        "raise `health_check.timeout`",
    ),
    "Target.FailedHealthChecks": Word(
        "nothing-listens",
        "port",
        "{many} refuse the health check's connection, {asks}: nothing listens there, or not yet",
        "See on a server whether the application runs and on which port; `port` or `health_check.port` must be it, and "
        "`bootstrap` must start it",
    ),
    "Target.InvalidState": Word(
        "targets-stopped", "", "{many} are stopped or ended", "Start them, or let their group replace them"
    ),
    "Target.NotInUse": Word(
        "nobody-sends-there", "", "{many} get no requests: {words}", "Raise its blueprint again: castra up FILE"
    ),
}
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"""
USUAL = Word(
    "unhealthy",
    "",
    "{many} are {state}: {words}",
    "See what AWS says of the reason: "
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """One finding a target group and reason. Those that are coming or going aren't ill."""
    served = {id: one for one in evidence.of("scaling-group") for id in one.state.target_groups}
    for group in evidence.of("target-group"):
        targets = evidence.targets.get(group.id, ())
        ill = [one for one in targets if one.state in ("unhealthy", "unused") and one.reason not in NEW]
        for reason, count in Counter(one.reason for one in ill).items():
            first = next(one for one in ill if one.reason == reason)
            word, said = (
                REASONS.get(reason, USUAL),
                _said(group, first) | {"many": f"{count} of {len(targets)} targets"},
            )
            servers = served.get(group.id)
            yield Finding(
                cause=word.cause,
                part=group.key,
                place=f"servers.{servers.name}{'.' if word.field else ''}{word.field}" if servers else "",
                why=word.why.format(**said),
                fix=word.fix.format(**said),
            )


def _said(group: Found[Any], target: Target) -> dict[str, str]:
    """What the texts are filled with."""
    checked = group.state.health_check
    port = group.state.port if checked.port == "traffic-port" else checked.port
    found = CODES.search(target.description)
    return {
        "asks": f"{checked.protocol} {checked.path}".strip() + f" on port {port}",
        "codes": checked.codes,
        "answered": found[1] if found else "otherwise",
        "timeout": str(checked.timeout),
        "state": target.state,
        "words": target.description or target.reason or "AWS gives no reason",
    }
