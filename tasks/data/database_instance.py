"""What databases and their replicas have in common: state, phase, what waits, and what others are told."""

from collections.abc import Mapping
from typing import Any

from blueprints.databases import Database
from blueprints.replicas import DatabaseReplica
from tasks.data.database_listing import FAILED, LEAVING, STANDING, beside, name_of, settled
from tasks.errors import CastraError
from tasks.kind import AtBirth, Fixed, Phase, State, Unordered
from tasks.scope import Scope

ASKED = "castra:asked"  # `storage=20 port=5432`: what was asked for, where AWS tells another thing later, or first
NOW, WINDOW = "now", "window"
PENDING = {
    "DBInstanceClass": "instance_class",
    "AllocatedStorage": "storage",
    "MultiAZ": "multi_zone",
    "EngineVersion": "version",
    "BackupRetentionPeriod": "backup_retention",
    "Port": "port",
}
"""What RDS may tell as pending, as its fields have it."""
INTERRUPTS = ("instance_class", "multi_zone", "storage", "version")
"""What waits for the maintenance window, unless it's told to be made now."""
AT_ONCE_ONLY = frozenset({"version"})  # it takes another parameter group along, which can't wait beside it


class InstanceState(State):
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html

    `waiting`: fields whose change waits for the window; where changes are to be made now, there are to be none.
    """

    version: str
    instance_class: str
    storage: int
    max_storage: int | None
    multi_zone: bool
    subnet_group: Fixed[str]
    groups: Unordered[str]
    public: bool
    parameter_group: str
    port: int
    maintenance_window: str
    minor_upgrades: bool
    waiting: Unordered[str]
    apply: AtBirth[str]

    def uncompared(self) -> frozenset[str]:
        """What is AWS's choice, as nothing is said of it; and what waits, where it may."""
        let_be = set() if self.maintenance_window else {"maintenance_window"}
        return self.at_birth() | let_be | ({"waiting"} if self.apply == WINDOW else set())

    def immovable(self, found: "InstanceState") -> frozenset[str]:
        """A database can't be made smaller, nor go back to an earlier version."""
        less = {"storage"} if self.storage < found.storage else set()
        return self.fixed() | less | ({"version"} if _order(self.version) < _order(found.version) else set())

    def how(self, found: "InstanceState", changed: frozenset[str]) -> str:
        """What waits for the window, and what interrupts it now."""
        some = [name for name in INTERRUPTS if name in changed]
        if self.apply == WINDOW:
            window = self.maintenance_window or found.maintenance_window
            refused = [f"{name} needs apply: now" for name in some if name in AT_ONCE_ONLY]
            queue = [name for name in some if name not in AT_ONCE_ONLY]
            waits = f"{' and '.join(queue)} wait{'s' * (len(queue) == 1)} for the window {window}" if queue else ""
            some = [*refused, *([waits] if waits else [])]
            return "; ".join([*some, *(["port restarts it at once"] if "port" in changed else [])])
        some = [name for name in (*some, "port") if name in changed and name not in ("storage", "multi_zone")]
        return f"{' and '.join(some)}: it is interrupted at once" if some else ""


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".") if number.isdigit())


def major(engine: str, version: str) -> str:
    """`17` of 17.4, `8.4` of 8.4.3."""
    return ".".join(version.split(".")[: 1 if engine == "postgres" else 2])


def told_of(database: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """The fields that both have; what is pending counts as made, so that no second run asks for it again."""
    now = with_pending(database)
    asked = dict(word.partition("=")[::2] for word in tags.get(ASKED, "").split())
    arn, most = database["DBInstanceArn"], database.get("MaxAllocatedStorage")
    storage, port = now["AllocatedStorage"], now.get("Port") or database.get("Endpoint", {}).get("Port")
    grown = most is not None and "storage" in asked and int(asked["storage"]) <= storage
    return {
        "version": major(database["Engine"], now["EngineVersion"]),
        "instance_class": now["DBInstanceClass"],
        "storage": int(asked["storage"]) if grown else storage,
        "max_storage": most,
        "multi_zone": now.get("MultiAZ", False),
        "subnet_group": beside(arn, "subgrp", database["DBSubnetGroup"]["DBSubnetGroupName"]),
        "groups": tuple(group["VpcSecurityGroupId"] for group in database.get("VpcSecurityGroups", [])),
        "public": database.get("PubliclyAccessible", False),
        "parameter_group": beside(arn, "pg", database["DBParameterGroups"][0]["DBParameterGroupName"]),
        "port": port or int(asked.get("port", 0)),
        "maintenance_window": database.get("PreferredMaintenanceWindow", ""),
        "minor_upgrades": database.get("AutoMinorVersionUpgrade", False),
        "waiting": waiting(database),
        "apply": WINDOW,
    }


def wanted_of(part: Database | DatabaseReplica, ids: Mapping[str, str]) -> dict[str, Any]:
    """The same fields, as a part wants them; the maintenance window isn't among them."""
    return {
        "version": part.version,
        "instance_class": part.instance_class,
        "storage": part.storage,
        "max_storage": part.max_storage,
        "multi_zone": part.multi_zone,
        "subnet_group": ids[part.subnet_group],
        "groups": tuple(ids[group] for group in part.groups),
        "public": False,
        "parameter_group": ids[part.parameter_group],
        "port": part.port,
        "minor_upgrades": part.minor_upgrades,
        "waiting": (),
        "apply": part.apply,
    }


def with_pending(database: Mapping[str, Any]) -> dict[str, Any]:
    """A database as it is to be once nothing waits."""
    return {
        **database,
        **{key: one for key, one in database.get("PendingModifiedValues", {}).items() if key in PENDING},
    }


def waiting(database: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields whose change waits for the window; while it's being changed, nothing waits."""
    if database["DBInstanceStatus"] not in STANDING:
        return ()
    return tuple(sorted(PENDING[key] for key in database.get("PendingModifiedValues", {}) if key in PENDING))


def settings_of(wanted: InstanceState, standing: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By field, what ModifyDBInstance takes of those that both have."""
    size = max(wanted.storage, standing["AllocatedStorage"])
    larger = {"AllocatedStorage": wanted.storage} if wanted.storage > standing["AllocatedStorage"] else {}
    window = {"PreferredMaintenanceWindow": wanted.maintenance_window} if wanted.maintenance_window else {}
    return {
        "version": {"EngineVersion": wanted.version, "AllowMajorVersionUpgrade": True},
        "instance_class": {"DBInstanceClass": wanted.instance_class},
        "storage": larger,
        "max_storage": {"MaxAllocatedStorage": wanted.max_storage or size},
        "multi_zone": {"MultiAZ": wanted.multi_zone},
        "groups": {"VpcSecurityGroupIds": list(wanted.groups)},
        "public": {"PubliclyAccessible": wanted.public},
        "parameter_group": {"DBParameterGroupName": name_of(wanted.parameter_group)},
        "port": {"DBPortNumber": wanted.port},
        "maintenance_window": window,
        "minor_upgrades": {"AutoMinorVersionUpgrade": wanted.minor_upgrades},
    }


def asked_tag(wanted: InstanceState) -> dict[str, str]:
    """What was asked for, as a tag."""
    return {ASKED: f"storage={wanted.storage} port={wanted.port}"}


def phase_of(database: Mapping[str, Any]) -> Phase:
    """One that has failed is never told as such: it would be replaced, and its data lost."""
    status = database["DBInstanceStatus"]
    return "leaving" if status == LEAVING else "standing" if status in STANDING else "pending"


def endpoint_of(database: Mapping[str, Any]) -> dict[str, str]:
    """Where it's reached, as soon as AWS tells that."""
    told = database.get("Endpoint", {})
    return {name.lower(): str(told[name]) for name in ("Address", "Port") if told.get(name)}


def note_of(key: str, database: Mapping[str, Any]) -> str:
    """What waits, for the window or for a restart."""
    said = []
    if waits := waiting(database):
        said.append(f"{key} waits for its window {database.get('PreferredMaintenanceWindow', '')}: {', '.join(waits)}.")
    if any(group.get("ParameterApplyStatus") == "pending-reboot" for group in database["DBParameterGroups"]):
        said.append(f"{key} waits for a restart: some of its parameters.")
    return " ".join(said)


def await_available(scope: Scope, id: str) -> None:
    """Wait until it can be used. Raises CastraError for one that is gone, or has failed."""
    database = settled(scope, name_of(id))
    if database is None:
        raise CastraError(f"database {name_of(id)}", "it is gone", "Run again: it will be made")
    if (status := database["DBInstanceStatus"]) in FAILED:
        why = f"it is {status}, which doesn't end by itself"
        way_out = "Look at its events in RDS's console; Castra never replaces it by itself, for its data's sake"
        raise CastraError(f"database {name_of(id)}", why, way_out)
