"""Targets that fail their health checks, by the reason that the load balancer gives."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tasks.diagnosing.evidence import Evidence, Target
from tasks.diagnosing.finding import Finding
from tasks.diagnosing.ways import ways
from tasks.kind import Found

CODES = re.compile(r"\[([\d, -]+)\]")
NEW = ("Elb.RegistrationInProgress", "Elb.InitialHealthChecking", "Target.DeregistrationInProgress")


def check(evidence: Evidence) -> Iterator[Finding]:
    """One finding a target group and reason. Those that are coming or going aren't ill."""
    served = {way.group.key: way.servers for way in ways(evidence) if way.group}
    for group in evidence.of("target-group"):
        ill = [one for one in evidence.targets.get(group.id, ()) if one.state in ("unhealthy", "unused")]
        ill = [one for one in ill if one.reason not in NEW]
        total = len(evidence.targets.get(group.id, ()))
        for reason, count in Counter(one.reason for one in ill).items():
            first = next(one for one in ill if one.reason == reason)
            servers = served.get(group.key)
            yield _told(group, servers.name if servers else "", first, f"{count} of {total} targets")


def _told(group: Found[Any], servers: str, target: Target, many: str) -> Finding:
    checked = group.state.health_check
    at = f"servers.{servers}" if servers else ""
    asks = f"{checked.protocol} {checked.path}".strip() + f" on port {_port(group)}"
    by_http = f"{at}.health_check.path" if at else ""
    known: dict[str, tuple[str, str, str, str]] = {
        "Target.ResponseCodeMismatch": (
            "health-check-answered-otherwise",
            by_http,
            f"the health check asks {asks} for {checked.codes}, and {many} answer {_codes(target)}",
            f"Name a path that answers {checked.codes}, or take {_codes(target)} among `health_check.codes`",
        ),
        "Target.Timeout": (
            "health-check-times-out",
            f"{at}.health_check.timeout" if at else "",
            f"{many} don't answer the health check, {asks}, within {checked.timeout} s, though rules and routes let it "
            "through",
            "See on a server whether the application hangs or a firewall of its own drops the packets; if it's only "
            "slow, raise `health_check.timeout`",
        ),
        "Target.FailedHealthChecks": (
            "nothing-listens",
            f"{at}.port" if at else "",
            f"{many} refuse the health check's connection, {asks}: nothing listens there, or not yet",
            "See on a server whether the application runs and on which port; `port` or `health_check.port` must be it, "
            "and `bootstrap` must start it",
        ),
        "Target.InvalidState": (
            "targets-stopped",
            at,
            f"{many} are stopped or ended",
            "Start them, or let their group replace them",
        ),
        "Target.HealthCheckDisabled": (
            "health-check-off",
            f"{at}.health_check" if at else "",
            f"the health check is off, so nothing is known of {many}",
            "Raise its blueprint again: castra up FILE",
        ),
        "Target.NotInUse": (
            "nobody-sends-there",
            at,
            f"{many} get no requests: {target.description or 'no listener sends to this target group'}",
            "Raise its blueprint again: castra up FILE",
        ),
    }
    usual = (
        "unhealthy",
        at,
        f"{many} are {target.state}: {target.description or target.reason or 'AWS gives no reason'}",
        "See what AWS says of the reason: "
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
    )
    cause, place, why, fix = known.get(target.reason, usual)
    return Finding(cause=cause, part=group.key, place=place, why=why, fix=fix)


def _port(group: Found[Any]) -> str:
    port = group.state.health_check.port
    return str(group.state.port if port == "traffic-port" else port)


def _codes(target: Target) -> str:
    found = CODES.search(target.description)
    return found[1] if found else "otherwise"
