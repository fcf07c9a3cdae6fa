"""Who uses a database or a cache: servers, instances and functions that are told its address."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tasks.diagnosing.admitting import admits, cidr, firewalls_of, theirs
from tasks.diagnosing.evidence import Evidence
from tasks.diagnosing.finding import Finding
from tasks.kind import Found

STORES = ("database", "database-replica", "replication-group", "cache-cluster")
SUBNETS = ("database-subnet-group", "cache-subnet-group")
SECTIONS = {"database": "databases", "replication-group": "caches", "cache-cluster": "caches"}
REPLICAS = ".replicas."
CLIENTS = {"scaling-group": "servers", "instance": "instances", "function": "functions"}
MEND = "Raise its blueprint again, which has this rule: castra up FILE"


@dataclass(frozen=True)
class Access:
    """From a client to a database or a cache, by TCP on one port: through which groups, from and to which subnets."""

    client: Found[Any]
    store: Found[Any]
    groups: frozenset[str]
    subnets: tuple[str, ...]
    behind: tuple[str, ...]
    port: int

    @property
    def place(self) -> str:
        """The client in the blueprint."""
        return f"{CLIENTS[self.client.kind]}.{self.client.name}"


def accesses(evidence: Evidence) -> Iterator[Access]:
    """All that there are: whoever is told an address is to get there."""
    subnets = {one.id: tuple(one.state.subnets) for one in evidence.of(*SUBNETS)}
    for store in evidence.of(*STORES):
        told = {store.outputs[name] for name in ("address", "reader") if name in store.outputs}
        for client, words, groups, here in _clients(evidence) if told else ():
            if any(address in words for address in told):
                behind = subnets.get(store.state.subnet_group, ())
                yield Access(client, store, groups, here, behind, store.state.port)


def check(evidence: Evidence) -> Iterator[Finding]:
    """What no rule admits; of groups that aren't the environment's nothing is said."""
    for access in accesses(evidence):
        section = place_of_store(evidence, access.store).partition(REPLICAS)[0]  # its database says who is admitted
        walls = firewalls_of(evidence, access.store.state.groups)
        inbound = (rule for one in walls for rule in one.state.inbound)
        if walls and not admits(inbound, "tcp", access.port, set(access.groups), _within(evidence, access.subnets)):
            why = f"no rule of {access.store.key}'s security group admits {access.place}, which is told its address, "
            yield Finding(
                cause="store-admits-no-client",
                part=walls[0].key,
                place=f"{section}.admits",
                why=f"{why}by tcp on port {access.port}",
                fix=MEND,
            )
        walls = firewalls_of(evidence, access.groups)
        outbound = (rule for one in walls for rule in one.state.outbound)
        peers = set(access.store.state.groups)
        if walls and not admits(outbound, "tcp", access.port, peers, _within(evidence, access.behind)):
            yield Finding(
                cause="client-sends-nothing",
                part=theirs(walls, access.place.replace(".", "-")).key,
                place=access.place,
                why=f"no outbound rule of its security group lets it speak to {access.store.key}, whose address it is "
                f"told, by tcp on port {access.port}",
                fix=MEND,
            )


def place_of_store(evidence: Evidence, store: Found[Any]) -> str:
    """Where a database, a replica or a cache stands in the blueprint; of one that was promoted, only the section."""
    if store.kind != "database-replica":
        return f"{SECTIONS[store.kind]}.{store.name}"
    followed = [one.name for one in evidence.of("database") if one.id == store.state.source]
    return next((f"databases.{one}{REPLICAS}{store.name.removeprefix(f'{one}-')}" for one in followed), "databases")


def _clients(evidence: Evidence) -> Iterator[tuple[Found[Any], str, frozenset[str], tuple[str, ...]]]:
    """Each with what it's told, its security groups and its subnets."""
    templates = {one.id: one.state for one in evidence.of("launch-template")}
    for group in evidence.of("scaling-group"):
        if template := templates.get(group.state.template):
            yield group, template.user_data, frozenset(template.groups), tuple(group.state.subnets)
    for one in evidence.of("instance"):
        yield one, one.state.user_data, frozenset(one.state.groups), (one.state.subnet,)
    for function in evidence.of("function"):
        told = " ".join(function.state.environment.values())
        yield function, told, frozenset(function.state.groups), tuple(function.state.subnets)


def _within(evidence: Evidence, subnets: tuple[str, ...]) -> list[str]:
    return [cidr(evidence, subnet) for subnet in subnets]
