"""ElastiCache as AWS has it: moto leaves out most of it, so that this stands in its place, state and all.

https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/Welcome.html
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID

from tests.physics import interfaces
from tests.physics.answers import Refused
from tests.physics.protocol import Request
from tests.physics.world import World

TRANSIENT = {"creating", "modifying", "snapshotting", "deleting"}


@dataclass
class Thing:
    """What has an ARN and tags. `told` is what Describe answers."""

    name: str
    arn: str
    told: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Group(Thing):
    """A replication group, or a cluster of Memcached; `nodes` are those of a shard."""

    status: str = "available"
    shards: int = 1
    nodes: int = 1
    token: str = ""
    subnet_group: str = ""
    parameter_group: str = ""
    groups: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    interfaces: list[Any] = field(default_factory=list)


@dataclass
class Caches:
    """All of a region."""

    region: str
    subnet_groups: dict[str, Thing] = field(default_factory=dict)
    parameter_groups: dict[str, Thing] = field(default_factory=dict)
    replication_groups: dict[str, Group] = field(default_factory=dict)
    clusters: dict[str, Group] = field(default_factory=dict)
    snapshots: dict[str, Thing] = field(default_factory=dict)

    def arn(self, kind: str, name: str) -> str:
        return f"arn:aws:elasticache:{self.region}:{DEFAULT_ACCOUNT_ID}:{kind}:{name}"

    def everything(self) -> Iterable[Thing]:
        for table in (self.subnet_groups, self.parameter_groups, self.replication_groups, self.clusters):
            yield from table.values()
        yield from self.snapshots.values()

    def users(self) -> list[Group]:
        """What stands in subnets and has parameters."""
        return [*self.replication_groups.values(), *self.clusters.values()]


def caches(request: Request, world: World) -> Caches:
    made: Caches = world.recall(f"caches of {request.region}", lambda: Caches(request.region))
    return made


def tags_of(request: Request) -> dict[str, str]:
    return {row["Key"]: row.get("Value", "") for row in request.rows("Tags")}


def settle_in(request: Request, world: World, group: Group) -> None:
    """Its nodes' interfaces, one a node, by turns in the subnets, by their zones; those it had go."""
    ec2 = world.backend(request, "ec2")
    move_out(request, world, group)
    subnets = _subnets(request, world, group)
    for number in range(group.shards * group.nodes if subnets else 0):
        subnet = subnets[number % len(subnets)]["SubnetIdentifier"]
        told = f"ElastiCache {group.name}-{number + 1:03}"
        group.interfaces.append(interfaces.make(ec2, subnet, group.groups, told, "interface"))


def zone_of(request: Request, world: World, group: Group, number: int) -> str:
    """The zone of a node, by its number among all of the group's."""
    zones = [str(one["SubnetAvailabilityZone"]["Name"]) for one in _subnets(request, world, group)]
    return zones[number % len(zones)] if zones else f"{request.region}a"


def _subnets(request: Request, world: World, group: Group) -> list[dict[str, Any]]:
    found = caches(request, world).subnet_groups.get(group.subnet_group)
    return sorted(found.told["Subnets"], key=lambda one: one["SubnetAvailabilityZone"]["Name"]) if found else []


def move_out(request: Request, world: World, group: Group) -> None:
    for eni in group.interfaces:
        interfaces.drop(world.backend(request, "ec2"), eni)
    group.interfaces = []


def placed(request: Request, world: World, group: Group) -> None:
    """Raise Refused where it can't stand: no such subnet group, parameter group or security group."""
    there = caches(request, world)
    if group.subnet_group and group.subnet_group not in there.subnet_groups:
        raise Refused("CacheSubnetGroupNotFoundFault", f"Cache Subnet Group {group.subnet_group} does not exist.")
    if not group.parameter_group.startswith("default.") and group.parameter_group not in there.parameter_groups:
        raise Refused("CacheParameterGroupNotFound", f"CacheParameterGroup {group.parameter_group} not found.", 404)
    known = world.backend(request, "ec2").groups
    known = {id for groups in known.values() for id in groups}
    if unknown := [one for one in group.groups if one not in known]:
        raise Refused("InvalidParameterValue", f"Some security group ids don't exist: {unknown}")
