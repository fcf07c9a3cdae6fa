"""Parts that failed, stopped, or don't belong together any more."""

from collections.abc import Iterator
from typing import Any

from tasks.diagnosing.evidence import Evidence
from tasks.diagnosing.finding import Finding
from tasks.diagnosing.ways import fronts, ways
from tasks.kind import Found
from tasks.scope import PAUSED

SECTIONS = {
    "scaling-group": "servers",
    "instance": "instances",
    "load-balancer": "balancers",
    "classic-balancer": "balancers",
    "function": "functions",
    "nat-gateway": "network.nat",
    "replication-group": "caches",
    "cache-cluster": "caches",
}
MEND = "Raise its blueprint again: castra up FILE"


def check(evidence: Evidence) -> Iterator[Finding]:
    """What AWS says has failed, machines that don't run, and ways that somebody cut."""
    for one in evidence.found:
        if one.phase == "failed" and not one.retired and one.kind != "function":
            fix = "Raise its blueprint again, which replaces it: castra up FILE"
            why = "AWS says that it has failed, and won't become ready"
            yield Finding(cause="failed", part=one.key, place=place_of(one.key), why=why, fix=fix)
    yield from _machines(evidence)
    yield from _unserved(evidence)
    yield from _zones(evidence)


def place_of(part: str) -> str:
    """Where a part stands in a blueprint, as far as its kind has a section."""
    kind, _, name = part.partition("/")
    section = SECTIONS.get(kind, "")
    return f"{section}.{name}" if section and "." not in section else section


def _machines(evidence: Evidence) -> Iterator[Finding]:
    asleep = {one.key for one in evidence.found if PAUSED in one.tags}
    behind: dict[str, frozenset[str]] = {}
    for way in ways(evidence):
        behind[way.servers.key] = behind.get(way.servers.key, frozenset()) | way.explained
    for machine in evidence.machines:
        told: dict[str, Any] = {"part": machine.part, "place": place_of(machine.part)}
        if machine.state in ("stopped", "stopping") and machine.part.startswith("instance/"):
            paused = machine.part in asleep
            why = f"instance {machine.id} is {'paused' if paused else machine.state}"
            resume = f"castra resume {evidence.environment} --region {evidence.region}"
            fix = resume if paused else f"aws ec2 start-instances --instance-ids {machine.id}"
            yield Finding(cause="paused" if paused else "stopped", why=why, fix=fix, **told)
        if machine.id in evidence.impaired:
            why = f"instance {machine.id} fails EC2's status checks: it didn't boot, or its host is at fault"
            fix = f"See aws ec2 get-console-output --instance-id {machine.id}; stop and start it, or replace it"
            told["explains"] = behind.get(machine.part, frozenset())
            yield Finding(cause="fails-status-checks", why=why, fix=fix, **told)


def _unserved(evidence: Evidence) -> Iterator[Finding]:
    """Balancers nobody listens on, and target groups and classic balancers that nobody serves."""
    heard = {one.state.load_balancer for one in evidence.of("listener")}
    heard |= {one.id for one in evidence.of("classic-balancer") if one.state.listeners}
    sent = {*fronts(evidence), *(one.id for one in evidence.of("classic-balancer"))}
    unsent = frozenset(one.key for one in evidence.of("target-group") if one.id not in sent)
    for balancer in evidence.of("load-balancer", "classic-balancer"):
        if balancer.id not in heard:
            place, why = f"balancers.{balancer.name}.listeners", "it has no listener: nobody is answered on any port"
            yield Finding(cause="no-listener", part=balancer.key, place=place, why=why, fix=MEND, explains=unsent)
    groups = list(evidence.of("scaling-group"))
    served = {id for one in groups for id in (*one.state.target_groups, *one.state.classic_balancers)}
    for group in evidence.of("target-group", "classic-balancer"):
        if group.id in sent and group.id not in served and not evidence.targets.get(group.id):
            why = "requests are sent there, and no group of servers is behind it: nobody answers them"
            yield Finding(cause="no-servers-behind", part=group.key, place="servers", why=why, fix=MEND)


def _zones(evidence: Evidence) -> Iterator[Finding]:
    """Servers in zones that their balancer isn't in."""
    zones = {one.id: one.state.zone for one in evidence.of("subnet")}
    for way in ways(evidence):
        subnets = way.balancer.state.subnets
        if not all(subnet in zones for subnet in subnets):
            continue
        missing = sorted({one.zone for one in _members(evidence, way.servers)} - {zones[subnet] for subnet in subnets})
        if missing:
            yield Finding(
                cause="zone-without-balancer",
                part=way.balancer.key,
                place=f"balancers.{way.balancer.name}",
                why=f"{way.place} stand in {' and '.join(missing)}, too, where the balancer has no subnet: they get no "
                "requests",
                fix=MEND,
                explains=way.explained,
            )


def _members(evidence: Evidence, servers: Found[Any]) -> Iterator[Any]:
    return (machine for machine in evidence.machines if machine.part == servers.key)
