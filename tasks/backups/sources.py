"""What is backed up, and, of it, the instances with their volumes and the lone volumes that a policy covers."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from blueprints.backups import BackupPolicy
from tasks.backups.cache_machine import CacheMachine
from tasks.backups.database_machine import DatabaseMachine
from tasks.backups.machine import Machine, machine_of
from tasks.each import batches
from tasks.scope import ENVIRONMENT, PART, RETIRED, Scope, as_dict

ALIVE = ("pending", "running", "stopping", "stopped")
PAGE = {"PageSize": 1000}
AT_ONCE = 200  # values of a filter
MENDED = "`castra up` mends that"
MISSING = f"it doesn't stand; {MENDED}"


class Volume(BaseModel):
    """One EBS volume; `device` is empty where it's attached to nothing."""

    model_config = ConfigDict(frozen=True)

    id: str
    device: str = ""
    gib: int = 0
    type: str = ""


class Source(BaseModel):
    """What is backed up. `part` is its part in this environment; `instance` where commands are run, if it runs.

    `machine`, `database` or `cache` is what one needs to know to make it again. `hindered` says why AWS takes no backup
    of it as it is now.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    part: str | None = None
    volumes: tuple[Volume, ...] = ()
    instance: str | None = None
    windows: bool = False
    machine: Machine = Machine()
    database: DatabaseMachine | None = None
    cache: CacheMachine | None = None
    hindered: str = ""

    @property
    def is_instance(self) -> bool:
        """Whether it's an instance with all its volumes."""
        return self.id.startswith("i-")

    @property
    def machine_tags(self) -> dict[str, str]:
        """What it takes to make it again, as its backups' tags have it."""
        return (self.database or self.cache or self.machine).tags

    @property
    def noun(self) -> str:
        """What such a thing is called, where it's no instance."""
        return "database" if self.database else "cache" if self.cache else "volume"

    @property
    def gib(self) -> int:
        """Size of its volumes."""
        return sum(volume.gib for volume in self.volumes)

    @property
    def series(self) -> str:
        """What its backups are a series of."""
        return self.part or self.id


class Covered(BaseModel):
    """All that a policy covers: sources; what is missing, or can't be backed up, and why; what backs up itself.

    `selected` is how many of them were found by their tags.
    """

    sources: tuple[Source, ...] = ()
    selected: int = 0
    missing: dict[str, str] = {}
    by_itself: dict[str, str] = {}


def disks_covered(policy: BackupPolicy, environment: str, scope: Scope) -> Covered:
    """Of all that a policy names or selects, the instances and volumes that stand."""
    parts = [f"instance/{name}" for name in policy.instances] + [f"volume/{name}" for name in policy.volumes]
    instances, volumes = _named(scope, environment, parts)
    missing = {part: MISSING for part in parts if part not in (instances | volumes)}
    lone = list(volumes.values())
    machines = list(instances.values())
    selected: list[Any] = []
    loose: list[Any] = []
    if policy.select:
        tags = [{"Name": f"tag:{key}", "Values": [value]} for key, value in policy.select.tags.items()]
        selected = list(_instances(scope, tags)) if "instances" in policy.selects else []
        loose = list(_volumes(scope, tags)) if "volumes" in policy.selects else []
        machines += [one for one in selected if one["InstanceId"] not in {each["InstanceId"] for each in machines}]
        lone += [one for one in loose if one["VolumeId"] not in {each["VolumeId"] for each in lone}]
    sources = sources_of(machines, lone, _disks(scope, machines), environment)
    return Covered(sources=tuple(sources), selected=len(selected) + len(loose), missing=missing)


def sources_of(
    machines: Iterable[Any], lone: Iterable[Any], disks: Mapping[str, Any], environment: str
) -> Iterator[Source]:
    """Sources from instances and volumes as AWS tells them. Pure. A volume of a covered instance goes with that."""
    with_instances: set[str] = set()
    for machine in machines:
        source = _machine(machine, disks, environment)
        with_instances |= {volume.id for volume in source.volumes}
        yield source
    for one in lone:
        if one["VolumeId"] not in with_instances:
            yield _lone(one, environment)


def _machine(machine: Any, disks: Mapping[str, Any], environment: str) -> Source:
    tags, id = as_dict(machine.get("Tags")), machine["InstanceId"]
    mapped = [(each["DeviceName"], each["Ebs"]["VolumeId"]) for each in machine["BlockDeviceMappings"] if "Ebs" in each]
    return Source(
        id=id,
        name=called(id, tags, environment),
        part=part_in(tags, environment),
        volumes=tuple(_disk(disks.get(volume, {}), volume, device) for device, volume in sorted(mapped)),
        instance=id if machine["State"]["Name"] == "running" else None,
        windows=machine.get("Platform", "") == "windows",
        machine=machine_of(machine),
    )


def _lone(one: Any, environment: str) -> Source:
    tags, id = as_dict(one.get("Tags")), one["VolumeId"]
    attached: Any = next(iter(one.get("Attachments", [])), {})
    return Source(
        id=id,
        name=called(id, tags, environment),
        part=part_in(tags, environment),
        volumes=(_disk(one, id, attached.get("Device", "")),),
        instance=attached.get("InstanceId"),
        machine=Machine(zone=one.get("AvailabilityZone", "")),
    )


def _disk(told: Any, id: str, device: str) -> Volume:
    return Volume(id=id, device=device, gib=told.get("Size", 0), type=told.get("VolumeType", ""))


def part_in(tags: Mapping[str, str], environment: str) -> str | None:
    """Its part in an environment, if it has one there."""
    return tags.get(PART) if tags.get(ENVIRONMENT) == environment else None


def called(id: str, tags: Mapping[str, str], environment: str) -> str:
    """Its part and id, or its id and the name that somebody gave it."""
    if part := part_in(tags, environment):
        return f"{part} {id}"
    return f"{id} ({tags['Name']})" if tags.get("Name") else id


# ---------------------------------------------------------------------- reading


def _named(scope: Scope, environment: str, parts: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The instances and the volumes of these parts, by part."""
    found: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for listing, kind, into in zip((_instances, _volumes), ("instance/", "volume/"), found, strict=True):
        for several in batches((part for part in parts if part.startswith(kind)), AT_ONCE):
            filters = [
                {"Name": f"tag:{ENVIRONMENT}", "Values": [environment]},
                {"Name": f"tag:{PART}", "Values": list(several)},
            ]
            for one in listing(scope, filters):
                tags = as_dict(one["Tags"])
                if RETIRED not in tags:
                    into[tags[PART]] = one
    return found


def _instances(scope: Scope, filters: list[dict[str, Any]]) -> Iterator[Any]:
    alive = [*filters, {"Name": "instance-state-name", "Values": list(ALIVE)}]
    for reservation in scope.pages("ec2", "describe_instances", "Reservations", Filters=alive, PaginationConfig=PAGE):
        yield from reservation["Instances"]


def _volumes(scope: Scope, filters: list[dict[str, Any]]) -> Iterator[Any]:
    there = [*filters, {"Name": "status", "Values": ["available", "in-use"]}]
    yield from scope.pages("ec2", "describe_volumes", "Volumes", Filters=there, PaginationConfig=PAGE)


def _disks(scope: Scope, machines: Iterable[Any]) -> dict[str, Any]:
    """The volumes of instances, by id, for their sizes and types."""
    ids = [each["Ebs"]["VolumeId"] for one in machines for each in one["BlockDeviceMappings"] if "Ebs" in each]
    told: dict[str, Any] = {}
    for several in batches(ids, AT_ONCE):
        for one in _volumes(scope, [{"Name": "volume-id", "Values": list(several)}]):
            told[one["VolumeId"]] = one
    return told
