"""Servers that don't come up: what their template names is gone, launches fail, or they're ended before they answer."""

import re
from collections.abc import Iterator
from statistics import mean
from typing import Any

from tasks.diagnosing.causes import Cause
from tasks.diagnosing.evidence import Activity, Crew, Evidence
from tasks.diagnosing.finding import Finding
from tasks.diagnosing.ways import ways
from tasks.kind import Found
from tasks.scope import PAUSED

Reason = tuple[str, Cause, str, str]
REASONS: tuple[Reason, ...] = (
    (r"(image id|\bAMI\b).*(not exist|pending|described)", "image-gone", "image", "Name an image that is there"),
    (r"key pair", "key-pair-gone", "key_pair", "Name a key pair that is there, or make it"),
    (
        r"vCPU|quota|limit exceeded|LimitExceeded|already running",
        "quota-reached",
        "instance_type",
        "Ask AWS for a higher quota in Service Quotas, or take fewer or smaller ones",
    ),
    (
        r"InsufficientInstanceCapacity|sufficient .*capacity|no Spot capacity",
        "no-capacity",
        "instance_types",
        "Name several instance_types, or more network.zones: AWS has none of this type in that zone now",
    ),
    (
        r"not supported in|no longer supported|currently not supported|Unsupported",
        "type-not-offered",
        "instance_type",
        "Name a type that the zones offer",
    ),
    (r"instance ?profile", "profile-gone", "policies", "Raise its blueprint again, which makes it: castra up FILE"),
    (r"KMS|Client\.InternalError", "volume-key-refused", "volumes", "Let Auto Scaling's role use the volumes' KMS key"),
    (r"security group", "group-gone", "admits", "Raise its blueprint again, which makes it: castra up FILE"),
)
"""What a failed launch says, what that is called, the field of the servers it's about, and what mends it.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html
"""
OTHERWISE: Reason = ("", "launch-failed", "", "Mend what AWS says; the group tries again")
ENDED = re.compile(r"Terminating EC2 instance: (i-\w+)")
BEGUN = re.compile(r"Launching a new EC2 instance: (i-\w+)")
UNWELL = "ELB system health check failure"
SLACK = 120  # seconds that Auto Scaling may take to notice


def check(evidence: Evidence) -> Iterator[Finding]:
    """What servers can't be launched without, and those that are told to sleep."""
    templates = {one.id: one for one in evidence.of("launch-template")}
    for group in evidence.of("scaling-group"):
        template, crew = templates.get(group.state.template), evidence.crews.get(group.id)
        if PAUSED in group.tags:
            yield _paused(evidence, group)
        elif template is None:
            why = f"its launch template, {group.state.template}, is gone: no server can be launched"
            yield _finding(
                evidence, "launch-template-gone", group, "", why, "Raise its blueprint again: castra up FILE"
            )
        else:
            yield from _named(evidence, group, template)
        if crew and PAUSED not in group.tags and "Launch" in crew.suspended and crew.serving < crew.wanted:
            why = f"its process Launch is suspended, and {crew.serving} of {crew.wanted} servers are in service"
            fix = f"aws autoscaling resume-processes --auto-scaling-group-name {group.id} --scaling-processes Launch"
            yield _finding(evidence, "launches-suspended", group, "", why, fix)


def _named(evidence: Evidence, group: Found[Any], template: Found[Any]) -> Iterator[Finding]:
    """What its launch template names."""
    image, pair = template.state.image, template.state.key_pair
    if image.startswith("ami-") and image not in evidence.images:
        why = f"its image, {image}, is gone: no server can be launched any more"
        fix = "Name an image that is there, or raise its blueprint again where it asks for the newest: castra up FILE"
        yield _finding(evidence, "image-gone", group, ".image", why, fix)
    if pair and pair not in evidence.key_pairs:
        why = f"its key pair, {pair}, is gone: no server can be launched any more"
        fix = "Make it again, or raise its blueprint again where the key pair is the environment's: castra up FILE"
        yield _finding(evidence, "key-pair-gone", group, ".key_pair", why, fix)


def _paused(evidence: Evidence, group: Found[Any]) -> Finding:
    fix = f"castra resume {evidence.environment} --region {evidence.region}"
    return _finding(evidence, "paused", group, "", "it's paused, and so nobody serves", fix)


def failures(evidence: Evidence) -> Iterator[Finding]:
    """The newest launch that failed, where servers are missing, and nothing more exact is known."""
    for group in evidence.of("scaling-group"):
        crew = evidence.crews.get(group.id)
        if crew and PAUSED not in group.tags and crew.serving < crew.wanted and (last := _last(crew)):
            fit = (one for one in REASONS if re.search(one[0], last.message, re.IGNORECASE))
            _, cause, field, fix = next(fit, OTHERWISE)
            why = f"{crew.serving} of {crew.wanted} servers are in service, and launching fails: {last.message}"
            yield _finding(evidence, cause, group, f".{field}" if field else "", why, fix)


def _last(crew: Crew) -> Activity | None:
    """The newest activity that has ended, if it failed."""
    ended = [one for one in crew.activities if one.status in ("Successful", "Failed", "Cancelled")]
    return ended[0] if ended and ended[0].status == "Failed" else None


def ended_too_soon(evidence: Evidence) -> Iterator[Finding]:
    """Servers that were ended for failing the health check about as soon as their grace was over, again and again."""
    answering = {
        way.group.key
        for way in ways(evidence)
        if way.group
        and any("Mismatch" in one.reason or one.state == "healthy" for one in _targets(evidence, way.group))
    }
    for group in evidence.of("scaling-group"):
        behind = {way.group.key: way.group for way in ways(evidence) if way.group and way.servers.key == group.key}
        lives = _lives(evidence.crews[group.id]) if group.id in evidence.crews else []
        checks = [one.state.health_check for one in behind.values()]
        noticed = max((one.interval * one.unhealthy_after for one in checks), default=0) + SLACK
        if len(lives) < 2 or set(behind) & answering:
            continue
        if not group.state.grace <= mean(lives) <= group.state.grace + noticed:
            continue
        why = (
            f"{len(lives)} servers were ended for failing the health check, {mean(lives):.0f} s after their launch on "
            f"average, and their grace is {group.state.grace} s: they need longer to boot, or never answer"
        )
        fix = "Let `grace` be longer than a server takes from its launch to its first answer, or make it boot faster"
        yield _finding(evidence, "ended-before-it-answers", group, ".grace", why, fix)


def _targets(evidence: Evidence, group: Found[Any]) -> tuple[Any, ...]:
    return evidence.targets.get(group.id, ())


def _lives(crew: Crew) -> list[float]:
    """Seconds from launch to end of those that the health check ended."""
    begun = {found[1]: one.began for one in crew.activities if (found := BEGUN.search(one.description))}
    ended = [(found[1], one) for one in crew.activities if (found := ENDED.search(one.description))]
    return [(one.began - begun[id]).total_seconds() for id, one in ended if UNWELL in one.cause and id in begun]


def _finding(evidence: Evidence, cause: Cause, group: Found[Any], field: str, why: str, fix: str) -> Finding:
    """All that is behind it is ill for it."""
    behind = [way.explained for way in ways(evidence) if way.servers.key == group.key]
    explains = frozenset({group.key}).union(*behind)
    place = f"servers.{group.name}{field}"
    return Finding(cause=cause, part=group.key, place=place, why=why, fix=fix, explains=explains)
