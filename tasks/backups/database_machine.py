"""What a database was like when it was backed up: enough to make another one of it once it's gone."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from tasks.backups.machine import MACHINE, PLACE, several, whole, words_in, words_of


class DatabaseMachine(BaseModel):
    """A database, as what it's restored into needs to know it. `storage` is in GiB, as is `max_storage`; 0 is none.

    `zones` are two that its subnets are in; `subnet_group` and `parameter_group` are names in its region; `key` is the
    ARN of the key that somebody chose. What doesn't fit into two tags is left out: the key first, then the parameter
    group.
    """

    model_config = ConfigDict(frozen=True)

    instance_class: str = ""
    engine: str = ""
    version: str = ""
    storage: int = 0
    max_storage: int = 0
    multi_zone: bool = False
    port: int = 0
    user: str = ""
    zones: tuple[str, ...] = ()
    encrypted: bool = True
    subnet_group: str = ""
    groups: tuple[str, ...] = ()
    parameter_group: str = ""
    key: str = ""

    @property
    def tags(self) -> dict[str, str]:
        """As a backup's tags have it. Pure."""
        what = {"class": self.instance_class, "engine": self.engine, "version": self.version, "user": self.user}
        what |= {"storage": _number(self.storage), "port": _number(self.port), "max": _number(self.max_storage)}
        what |= {"multi": "yes" if self.multi_zone else "", "zones": "+".join(self.zones)}
        place = {"subnets": self.subnet_group, "groups": "+".join(self.groups), "settings": self.parameter_group}
        tags = {MACHINE: words_of(what), PLACE: words_of(place | {"key": self.key})}
        return {key: value for key, value in tags.items() if value}


def database_machine_of(database: Mapping[str, Any], key: str = "") -> DatabaseMachine:
    """From a database as DescribeDBInstances tells it."""
    settings, subnets = database.get("DBParameterGroups") or [{}], database.get("DBSubnetGroup", {}).get("Subnets", [])
    return DatabaseMachine(
        instance_class=database.get("DBInstanceClass", ""),
        engine=database.get("Engine", ""),
        version=database.get("EngineVersion", ""),
        storage=database.get("AllocatedStorage", 0),
        max_storage=database.get("MaxAllocatedStorage", 0),
        multi_zone=database.get("MultiAZ", False),
        port=database.get("Endpoint", {}).get("Port", 0),
        user=database.get("MasterUsername", ""),
        zones=tuple(sorted({subnet["SubnetAvailabilityZone"]["Name"] for subnet in subnets})[:2]),
        encrypted=database.get("StorageEncrypted", False),
        subnet_group=database.get("DBSubnetGroup", {}).get("DBSubnetGroupName", ""),
        groups=tuple(sorted(group["VpcSecurityGroupId"] for group in database.get("VpcSecurityGroups", []))),
        parameter_group=settings[0].get("DBParameterGroupName", ""),
        key=key,
    )


def read_database_machine(tags: Mapping[str, str], snapshot: Mapping[str, Any]) -> DatabaseMachine:
    """Back from a backup's tags; what RDS itself tells of the snapshot counts for more: anybody may write a tag."""
    said = words_in(tags)
    return DatabaseMachine(
        instance_class=said.get("class", ""),
        engine=snapshot.get("Engine", ""),
        version=snapshot.get("EngineVersion", ""),
        storage=snapshot.get("AllocatedStorage", 0),
        max_storage=whole(said.get("max", "")),
        multi_zone=said.get("multi") == "yes",
        port=snapshot.get("Port") or whole(said.get("port", "")),
        user=snapshot.get("MasterUsername", ""),
        zones=several(said.get("zones", "")),
        encrypted=snapshot.get("Encrypted", False),
        subnet_group=said.get("subnets", ""),
        groups=several(said.get("groups", "")),
        parameter_group=said.get("settings", ""),
        key=said.get("key", ""),
    )


def _number(number: int) -> str:
    return str(number) if number else ""
