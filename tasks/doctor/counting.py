"""How much of a quota a plan takes, and how much is taken: by place, where AWS allows so many in each; else by ''."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from blueprints.part import Part
from tasks.scope import Scope

STANDARD = frozenset("acdhimrtz")
"""Families of instances that one quota counts the vCPUs of."""
COUNTED = ("pending", "available", "deleting")
"""States of NAT gateways that count. https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"""

Places = Mapping[str, int]
Planned = Callable[[Sequence[Part], Mapping[str, Part], Scope], Places]
"""Of the parts that are to be made, with all parts by key."""
Standing = Callable[[Scope], Places]


def of(kind: str, **having: Any) -> Planned:
    """How many parts of a kind there are to be, with these values."""
    return lambda made, *_: {
        "": sum(
            part.kind == kind and all(getattr(part, name) == value for name, value in having.items()) for part in made
        )
    }


def listed(service: str, operation: str, result: str, **having: Any) -> Standing:
    """How many a listing tells, with these values."""

    def count(scope: Scope) -> Places:
        found = scope.pages(service, operation, result)
        return {"": sum(all(one.get(name) == value for name, value in having.items()) for one in found)}

    return count


def addresses(scope: Scope) -> Places:
    """DescribeAddresses has no pages."""
    return {"": len(scope.ec2.describe_addresses()["Addresses"])}


# ---------------------------------------------------------------------- vCPUs


def processors(made: Sequence[Part], parts: Mapping[str, Part], scope: Scope) -> Places:
    """vCPUs that start with the plan: of instances, and of groups at their least size. Asks for the types' sizes."""
    templates = {part.key: str(getattr(part, "instance_type", "")) for part in made if part.kind == "launch-template"}
    types: Counter[str] = Counter(str(getattr(part, "instance_type", "")) for part in made if part.kind == "instance")
    for part in made:
        if part.kind == "scaling-group" and getattr(part, "mixed", None) is None:
            types[templates.get(str(getattr(part, "template", "")), "")] += int(getattr(part, "min", 0))
    counted = {type: count for type, count in types.items() if type[:1] in STANDARD and count}
    if not counted:
        return {}
    sizes = scope.pages("ec2", "describe_instance_types", "InstanceTypes", InstanceTypes=sorted(counted))
    return {"": sum(counted[one["InstanceType"]] * int(one["VCpuInfo"]["DefaultVCpus"]) for one in sizes)}


def running(scope: Scope) -> Places:
    """vCPUs of instances that run, or are about to."""
    filters = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    reservations = scope.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    machines = [one for reservation in reservations for one in reservation["Instances"]]
    sizes = [one.get("CpuOptions", {}) for one in machines if one["InstanceType"][:1] in STANDARD]
    return {"": sum(int(size.get("CoreCount", 1)) * int(size.get("ThreadsPerCore", 1)) for size in sizes)}


# ---------------------------------------------------------------------- NAT gateways


def gateways(made: Sequence[Part], parts: Mapping[str, Part], scope: Scope) -> Places:
    """NAT gateways by the zone of their subnet."""
    subnets = [str(getattr(part, "subnet", "")) for part in made if part.kind == "nat-gateway"]
    return Counter(str(getattr(parts[subnet], "zone", "")) for subnet in subnets if subnet in parts)


def standing_gateways(scope: Scope) -> Places:
    """Two listings: gateways tell their subnets only."""
    filters = [{"Name": "state", "Values": list(COUNTED)}]
    subnets = [one["SubnetId"] for one in scope.pages("ec2", "describe_nat_gateways", "NatGateways", Filter=filters)]
    every = scope.pages("ec2", "describe_subnets", "Subnets") if subnets else ()
    zones = {one["SubnetId"]: str(one["AvailabilityZone"]) for one in every}
    return Counter(zones[subnet] for subnet in subnets if subnet in zones)


# ---------------------------------------------------------------------- nodes of caches


def nodes(made: Sequence[Part], parts: Mapping[str, Part], scope: Scope) -> Places:
    """Those of every shard with its replicas, and those of Memcached."""
    shards = sum(
        int(getattr(part, "shards", 1)) * (1 + int(getattr(part, "replicas", 0)))
        for part in made
        if part.kind == "replication-group"
    )
    return {"": shards + sum(int(getattr(part, "nodes", 1)) for part in made if part.kind == "cache-cluster")}


def standing_nodes(scope: Scope) -> Places:
    """DescribeCacheClusters tells those of replication groups, too: a cluster a node."""
    listing = scope.pages("elasticache", "describe_cache_clusters", "CacheClusters")
    return {"": sum(int(one.get("NumCacheNodes") or 1) for one in listing)}
