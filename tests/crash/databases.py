"""Databases and their groups as plain clients tell them."""

from collections.abc import Iterator
from typing import Any


def databases(rds: Any) -> Iterator[tuple[str, Any]]:
    """Without what RDS chooses; the subnets of a group are told by how many there are."""
    for one in rds.describe_db_instances()["DBInstances"]:
        kept = ("DBInstanceClass", "Engine", "AllocatedStorage", "DeletionProtection", "MultiAZ", "StorageEncrypted")
        about = {key: one[key] for key in kept} | {"Copies": len(one.get("ReadReplicaDBInstanceIdentifiers", ()))}
        about |= {"Of": one.get("ReadReplicaSourceDBInstanceIdentifier", "")} | {
            "State": one["DBInstanceStatus"],
            "Tags": one["TagList"],
        }
        yield "Databases", {**about, "Name": one["DBInstanceIdentifier"]}
    for one in rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]:
        yield "DatabaseSnapshots", {"Engine": one["Engine"], "State": one["Status"], "Tags": one["TagList"]}
    for one in rds.describe_db_subnet_groups()["DBSubnetGroups"]:
        tags = rds.list_tags_for_resource(ResourceName=one["DBSubnetGroupArn"])["TagList"]
        yield "DatabaseSubnetGroups", {"Subnets": len(one["Subnets"]), "Tags": tags}
    for one in rds.describe_db_parameter_groups()["DBParameterGroups"]:
        if not one["DBParameterGroupName"].startswith("default."):
            named = {"DBParameterGroupName": one["DBParameterGroupName"]}
            told = rds.describe_db_parameters(**named, Source="user")["Parameters"]
            values = [[parameter["ParameterName"], parameter["ParameterValue"]] for parameter in told]
            tags = rds.list_tags_for_resource(ResourceName=one["DBParameterGroupArn"])["TagList"]
            yield "DatabaseParameterGroups", {"Values": values, "Tags": tags}
