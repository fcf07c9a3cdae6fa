"""Subnet groups, parameter groups and tags of caches."""

import json
from collections.abc import Iterable
from typing import Any

from tests.physics.answers import Answer, Refused
from tests.physics.caches import TRANSIENT, Group, Thing, caches, tags_of
from tests.physics.hooks import instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World

DEFAULTS = {
    "maxmemory-policy": "volatile-lru",
    "timeout": "0",
    "notify-keyspace-events": "",
    "cluster-enabled": "no",
    "max_item_size": "1048576",
    "chunk_size": "48",
}

# ---------------------------------------------------------------------- subnet groups


@instead("elasticache:CreateCacheSubnetGroup")
def make_subnet_group(request: Request, world: World) -> Answer:
    there, name = caches(request, world), request.text("CacheSubnetGroupName").lower()
    if name in there.subnet_groups:
        raise Refused("CacheSubnetGroupAlreadyExists", f"Cache subnet group {name} already exists.")
    told = {"CacheSubnetGroupName": name, "CacheSubnetGroupDescription": request.text("CacheSubnetGroupDescription")}
    told |= _subnets(request, world)
    made = Thing(name, there.arn("subnetgroup", name), told, tags_of(request))
    there.subnet_groups[name] = made
    return ok(request, {"CacheSubnetGroup": {**told, "ARN": made.arn}})


def _subnets(request: Request, world: World) -> dict[str, Any]:
    ec2 = world.backend(request, "ec2")
    known = {id: subnet for zone in ec2.subnets.values() for id, subnet in zone.items()}
    asked = request.texts("SubnetIds")
    if unknown := [one for one in asked if one not in known]:
        raise Refused("InvalidSubnet", f"The subnet ID {unknown[0]} does not exist")
    vpcs = {known[one].vpc_id for one in asked}
    if len(vpcs) != 1:
        raise Refused("InvalidSubnet", "All subnets must be in one VPC")
    rows = [
        {"SubnetIdentifier": one, "SubnetAvailabilityZone": {"Name": known[one].availability_zone}} for one in asked
    ]
    return {"VpcId": vpcs.pop(), "Subnets": rows}


@instead("elasticache:DescribeCacheSubnetGroups")
def subnet_groups(request: Request, world: World) -> Answer:
    several = _named(caches(request, world).subnet_groups, request.text("CacheSubnetGroupName"))
    if several is None:
        raise Refused("CacheSubnetGroupNotFoundFault", "Cache Subnet Group does not exist.")
    return ok(request, {"CacheSubnetGroups": [{**one.told, "ARN": one.arn} for one in several]})


@instead("elasticache:ModifyCacheSubnetGroup")
def change_subnet_group(request: Request, world: World) -> Answer:
    there, name = caches(request, world), request.text("CacheSubnetGroupName")
    group = there.subnet_groups.get(name)
    if group is None:
        raise Refused("CacheSubnetGroupNotFoundFault", f"Cache Subnet Group {name} does not exist.")
    if request.texts("SubnetIds"):
        wanted = _subnets(request, world)
        if wanted["VpcId"] != group.told["VpcId"]:
            raise Refused("InvalidSubnet", "The new Subnets are not in the same Vpc as the existing subnet group")
        left = {row["SubnetIdentifier"] for row in group.told["Subnets"]} - set(request.texts("SubnetIds"))
        used = {eni.subnet.id for each in there.users() if each.subnet_group == name for eni in each.interfaces}
        if left & used:
            raise Refused("SubnetInUse", f"The subnet ID {min(left & used)} is in use.")
        group.told |= wanted
    return ok(request, {"CacheSubnetGroup": {**group.told, "ARN": group.arn}})


@instead("elasticache:DeleteCacheSubnetGroup")
def drop_subnet_group(request: Request, world: World) -> Answer:
    there, name = caches(request, world), request.text("CacheSubnetGroupName")
    if name not in there.subnet_groups:
        raise Refused("CacheSubnetGroupNotFoundFault", f"Cache Subnet Group {name} does not exist.")
    if any(each.subnet_group == name for each in there.users()):
        raise Refused("CacheSubnetGroupInUse", f"Cache subnet group {name} is currently in use by a cache cluster.")
    del there.subnet_groups[name]
    return ok(request)


# ---------------------------------------------------------------------- parameter groups


@instead("elasticache:CreateCacheParameterGroup")
def make_parameter_group(request: Request, world: World) -> Answer:
    there, name = caches(request, world), request.text("CacheParameterGroupName").lower()
    if name in there.parameter_groups:
        raise Refused("CacheParameterGroupAlreadyExists", f"Cache parameter group {name} already exists")
    told = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": request.text("CacheParameterGroupFamily"),
        "Description": request.text("Description"),
    }
    made = Thing(name, there.arn("parametergroup", name), told, tags_of(request))
    made.told["values"] = {}
    there.parameter_groups[name] = made
    return ok(request, {"CacheParameterGroup": _group(made)})


def _group(thing: Thing) -> dict[str, Any]:
    return {key: value for key, value in thing.told.items() if key != "values"} | {"ARN": thing.arn}


def _parameter_group(request: Request, world: World) -> Thing:
    name = request.text("CacheParameterGroupName")
    if (group := caches(request, world).parameter_groups.get(name)) is None:
        raise Refused("CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found.", 404)
    return group


@instead("elasticache:DescribeCacheParameterGroups")
def parameter_groups(request: Request, world: World) -> Answer:
    several = _named(caches(request, world).parameter_groups, request.text("CacheParameterGroupName"))
    if several is None:
        raise Refused("CacheParameterGroupNotFound", "CacheParameterGroup not found.", 404)
    return ok(request, {"CacheParameterGroups": [_group(one) for one in several]})


@instead("elasticache:DescribeCacheParameters")
def parameters(request: Request, world: World) -> Answer:
    """Those of people, if `Source` says `user`; else all, of which there are few here."""
    own: dict[str, str] = _parameter_group(request, world).told["values"]
    all_of_them = own if request.text("Source") == "user" else DEFAULTS | own
    rows = [
        {"ParameterName": name, "ParameterValue": value, "Source": "user" if name in own else "system"}
        for name, value in all_of_them.items()
    ]
    return ok(request, {"Parameters": rows})


@instead("elasticache:ModifyCacheParameterGroup", "elasticache:ResetCacheParameterGroup")
def change_parameters(request: Request, world: World) -> Answer:
    group = _parameter_group(request, world)
    rows = request.rows("ParameterNameValues")
    if len(rows) > 20:
        raise Refused("InvalidParameterValue", "At most 20 parameters can be modified at once.")
    for row in rows:
        if row["ParameterName"] not in DEFAULTS:
            raise Refused("InvalidParameterValue", f"The parameter {row['ParameterName']} cannot be found.")
        if request.operation == "ModifyCacheParameterGroup":
            group.told["values"][row["ParameterName"]] = row.get("ParameterValue", "")
        else:
            group.told["values"].pop(row["ParameterName"], None)
    return ok(request, {"CacheParameterGroupName": group.name})


@instead("elasticache:DeleteCacheParameterGroup")
def drop_parameter_group(request: Request, world: World) -> Answer:
    there, group = caches(request, world), _parameter_group(request, world)
    if any(each.parameter_group == group.name for each in there.users()):
        why = f"One or more cache clusters are still members of this parameter group {group.name}, so the group cannot"
        raise Refused("InvalidCacheParameterGroupState", f"{why} be deleted.")
    del there.parameter_groups[group.name]
    return ok(request)


# ---------------------------------------------------------------------- tags


@instead("elasticache:ListTagsForResource", "elasticache:AddTagsToResource", "elasticache:RemoveTagsFromResource")
def tags(request: Request, world: World) -> Answer:
    """Of what isn't available, AWS neither tells nor changes them."""
    arn = request.text("ResourceName")
    thing = next((each for each in caches(request, world).everything() if each.arn == arn), None)
    if thing is None:
        raise Refused(*_unknown(arn))
    if isinstance(thing, Group) and thing.status in TRANSIENT:
        code = "InvalidReplicationGroupState" if ":replicationgroup:" in arn else "InvalidCacheClusterState"
        raise Refused(code, f"{thing.name} is not in available state.")
    thing.tags |= tags_of(request) if request.operation == "AddTagsToResource" else {}
    for key in request.texts("TagKeys"):
        thing.tags.pop(key, None)
    return ok(request, {"TagList": [{"Key": key, "Value": value} for key, value in thing.tags.items()]})


def _unknown(arn: str) -> tuple[str, str, int]:
    codes = {
        "subnetgroup": "CacheSubnetGroupNotFoundFault",
        "parametergroup": "CacheParameterGroupNotFound",
        "replicationgroup": "ReplicationGroupNotFoundFault",
        "snapshot": "SnapshotNotFoundFault",
    }
    return codes.get(arn.split(":")[5], "CacheClusterNotFound"), f"{arn} not found", 404


@instead("resourcegroupstaggingapi:GetResources")
def tags_elsewhere(request: Request, world: World) -> Answer | None:
    """Which tells the tags of what isn't available, too."""
    asked = request.texts("ResourceARNList")
    if not asked or not all(":elasticache:" in arn for arn in asked):
        return None
    rows = [
        {"ResourceARN": one.arn, "Tags": [{"Key": key, "Value": value} for key, value in one.tags.items()]}
        for one in caches(request, world).everything()
        if one.arn in asked
    ]
    body = json.dumps({"PaginationToken": "", "ResourceTagMappingList": rows}).encode()
    return Answer(200, [("Content-Type", "application/x-amz-json-1.1")], body)


def _named(table: Any, name: str) -> Iterable[Thing] | None:
    """One, or all; None where there isn't such a one."""
    if not name:
        return list(table.values())
    return [table[name]] if name in table else None
