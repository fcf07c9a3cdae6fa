"""Servers behind classic load balancers that get no requests, by what those say of them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tasks.diagnosing.causes import Cause
from tasks.diagnosing.evidence import Evidence, Target
from tasks.diagnosing.finding import Finding
from tasks.diagnosing.ways import ways

COMING = (
    "registration is still in progress",
    "deregistration currently in progress",
    "not passed the configured HealthyThreshold",
    "in pending state",
    "transient error",
)
"""What ends by itself."""


class Word(NamedTuple):
    """What is called so here, the field of the balancer that it's about, why, and what mends it."""

    cause: Cause
    field: str
    why: str
    fix: str


WORDS: Mapping[str, Word] = {
    "has failed at least the UnhealthyThreshold": Word(
        "classic-check-fails",
        "health_check",
        "{many} fail the health check, {asks}, though rules and ACLs let it through",
        "A classic load balancer doesn't say how: see on a server whether the application runs, on that port, and "
        "answers that path by 200 within {timeout} s",
    ),
    "in stopped state": Word(
        "targets-stopped", "", "{many} are stopped", "Start them, or let their group replace them"
    ),
    "in terminated state": Word("targets-stopped", "", "{many} are ended", "Let their group replace them"),
    "not currently registered": Word(
        "nobody-sends-there", "", "{many} aren't registered", "Raise its blueprint again: castra up FILE"
    ),
}
"""By a part of AWS's description; what isn't here is told in AWS's words."""
USUAL = Word(
    "unhealthy",
    "",
    "{many} are {state}: {words}",
    "See what AWS says of it: https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/ts-elb-healthcheck.html",
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """One finding a balancer and description. Those that are coming or going aren't ill."""
    for balancer in evidence.of("classic-balancer"):
        servers = next((way.servers.name for way in ways(evidence) if way.balancer.key == balancer.key), "")
        targets = evidence.targets.get(balancer.id, ())
        ill = [one for one in targets if one.state != "InService" and not _comes(one)]
        for words, count in Counter(one.description for one in ill).items():
            known = next((word for part, word in WORDS.items() if part in words), USUAL)
            asked = balancer.state.health_check
            state = next(one.state for one in ill if one.description == words)
            said = {"many": f"{count} of {len(targets)} servers", "state": state, "words": words}
            said |= {"asks": asked.target, "timeout": str(asked.timeout)}
            yield Finding(
                cause=known.cause,
                part=balancer.key,
                place=f"servers.{servers}{'.' if known.field else ''}{known.field}" if servers else "",
                why=known.why.format(**said),
                fix=known.fix.format(**said),
            )


def _comes(target: Target) -> bool:
    return any(words in target.description for words in COMING)
