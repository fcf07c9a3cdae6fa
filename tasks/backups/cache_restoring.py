"""What a cache's backup is restored as, and proven by: parts of an environment. Pure, but for the proof's check."""

from collections.abc import Iterator, Mapping

from blueprints.caching import CacheSubnetGroup, ReplicationGroup, default_group
from blueprints.firewalls import Firewall, SecurityGroup
from blueprints.network import Subnet, Vpc
from blueprints.part import Part
from blueprints.places import as_it_is
from blueprints.secrets import Random, Secret
from tasks.backups.cache_machine import CacheMachine, major_and_minor
from tasks.backups.proving import Proof
from tasks.backups.record import Backup
from tasks.backups.restoring import ADDRESSES, HALVES, OWN, Wish, name_of, stamped
from tasks.data.cache_listing import beside, one_named
from tasks.data.cache_listing import name_of as identifier_of
from tasks.errors import CastraError, Invalid, Problem
from tasks.scope import Scope

TOKEN = Random(length=64)


def cache_parts(scope: Scope, backup: Backup, wish: Wish) -> tuple[Part, ...]:
    """A cache beside the old one, or with a network of its own that nothing else is in; its password is another one."""
    machine = _machine(backup)
    _refuse_what_it_has_not(wish)
    name, wipe = name_of(backup) if wish.into else stamped(backup), wish.into is not None
    network = tuple(own_network(machine, scope.region)) if wish.own_network else ()
    place = _own_place(machine) if network else _old_place(backup, machine)
    removal = "wipe" if wipe else "snapshot"
    sizes = {"node_type": wish.instance_type or machine.node_type, "replicas": machine.replicas}
    sizes |= {"failover": machine.failover}
    return (*network, *_cache(name, backup, machine, place | sizes | {"on_removal": removal}))


def cache_proof_parts(proof: Proof, region: str) -> tuple[Part, ...]:
    """A cache without replicas in a network of its own, whose firewall lets nobody in; no snapshots of it, no last one.

    With cluster mode, AWS has failover on, whether there's a replica or not.
    """
    assert proof.backup is not None
    machine = _machine(proof.backup)
    sizes = {"node_type": proof.prove.node_type or machine.node_type, "replicas": 0, "failover": machine.cluster}
    least = sizes | {"snapshots": 0, "on_removal": "wipe"}
    restored = _cache(name_of(proof.backup), proof.backup, machine, _own_place(machine) | least)
    return (*own_network(machine, region), *restored)


def own_network(machine: CacheMachine, region: str) -> Iterator[Part]:
    """A network that's joined to no other, with subnets in its zones, and a firewall that lets nobody in."""
    enough = len(machine.zones) > (1 if machine.replicas else 0)
    zones, vpc = machine.zones if enough else (f"{region}a", f"{region}b"), f"vpc/{OWN}"
    yield Vpc(name=OWN, cidr=ADDRESSES)
    for number, (zone, cidr) in enumerate(zip(zones, HALVES, strict=False)):
        yield Subnet(name=f"{OWN}-{number}", vpc=vpc, cidr=cidr, zone=zone)
    subnets = tuple(f"subnet/{OWN}-{number}" for number in range(len(zones)))
    yield CacheSubnetGroup(name=OWN, vpc=vpc, subnets=subnets)
    yield SecurityGroup(name=OWN, vpc=vpc, description="What was restored from a backup")
    yield Firewall(name=OWN, group=f"security-group/{OWN}")


def _own_place(machine: CacheMachine) -> dict[str, object]:
    """In its own network, with the engine's own settings."""
    return {
        "subnet_group": f"cache-subnet-group/{OWN}",
        "groups": (f"security-group/{OWN}",),
        "parameter_group": default_group(machine.engine, machine.version, machine.cluster),
    }


def _old_place(backup: Backup, machine: CacheMachine) -> dict[str, object]:
    """Where the old one stands, in the same account and region."""
    if not (machine.subnet_group and machine.parameter_group and machine.groups):
        why = f"{backup.id} doesn't say where the cache stood"
        raise Invalid("castra restore", [Problem("--into", why, "Restore it into an environment of its own")])
    settings = machine.parameter_group
    own = settings if settings.startswith("default.") else as_it_is(beside(backup.source, "parametergroup", settings))
    return {
        "subnet_group": as_it_is(beside(backup.source, "subnetgroup", machine.subnet_group)),
        "groups": tuple(as_it_is(group) for group in machine.groups),
        "parameter_group": own,
    }


def _cache(name: str, backup: Backup, machine: CacheMachine, asked: Mapping[str, object]) -> Iterator[Part]:
    """The cache, and the secret with its password, if it asks for one: snapshots hold neither TLS nor a password."""
    token = f"cache-{name}" if machine.token and machine.tls else ""
    if token:
        yield Secret(name=token, random=TOKEN, on_removal="wipe", recovery=0)
    yield ReplicationGroup(
        name=name,
        engine=machine.engine,
        version=machine.version,
        cluster=machine.cluster,
        shards=machine.shards,
        port=machine.port,
        tls=machine.tls,
        encrypted=machine.encrypted,
        kms_key=machine.key or None if machine.encrypted else None,
        token=f"secret/{token}" if token else None,
        from_snapshot=identifier_of(backup.id),
        **asked,
    )


def _machine(backup: Backup) -> CacheMachine:
    assert backup.cache is not None
    return backup.cache


def _refuse_what_it_has_not(wish: Wish) -> None:
    """A cache has neither devices nor one zone, and its size is a node type."""
    problems = []
    for option, written in {"--device": wish.device, "--zone": wish.zone}.items():
        if written:
            problems.append(Problem(option, "is for instances and volumes, and this is a cache", "Leave it out"))
    if wish.instance_type and not wish.instance_type.startswith("cache."):
        why = f"{wish.instance_type} is no node type of ElastiCache"
        problems.append(Problem("--type", why, "Name one, such as cache.t4g.small"))
    if problems:
        raise Invalid("castra restore", problems)


# ---------------------------------------------------------------------- whether it's good


def check_cache(scope: Scope, proof: Proof, ids: Mapping[str, str]) -> str:
    """That all of its shards have come up with what the snapshot holds, by which ElastiCache calls them available."""
    assert proof.backup is not None
    machine = _machine(proof.backup)
    (arn,) = [id for part, id in ids.items() if part.startswith("replication-group/")]
    name = identifier_of(arn)
    group = one_named(scope, "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId", name) or {}
    states = {group.get("Status", "gone"), *(shard.get("Status", "gone") for shard in group.get("NodeGroups", ()))}
    if bad := sorted(states - {"available"}):
        raise CastraError(f"cache {name}", f"it is {bad[0]}: it doesn't come up")
    (member, *_) = group["MemberClusters"]
    node = one_named(scope, "describe_cache_clusters", "CacheClusters", "CacheClusterId", member) or {}
    told = _shown(node.get("Engine", ""), major_and_minor(node.get("EngineVersion", "")), len(group["NodeGroups"]))
    wanted = _shown(machine.engine, machine.version, machine.shards)
    for what, now in told.items():
        if now != wanted[what]:
            raise CastraError(f"cache {name}", f"its {what} is {now}, and its snapshot's is {wanted[what]}")
    return f"it comes up: {', '.join(told.values())}"


def _shown(engine: str, version: str, shards: int) -> dict[str, str]:
    return {"engine": f"{engine} {version}", "size": f"{shards} shard{'' if shards == 1 else 's'}"}
