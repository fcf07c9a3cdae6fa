"""What a database's backup is restored as, and proven by: parts of an environment. Pure, but for the proof's check."""

from collections.abc import Iterator, Mapping

from blueprints.databases import (
    TLS,
    Database,
    DatabaseParameterGroup,
    DatabaseSubnetGroup,
)
from blueprints.firewalls import Firewall, SecurityGroup
from blueprints.network import Subnet, Vpc
from blueprints.part import Part
from blueprints.places import as_it_is
from tasks.backups.database_machine import DatabaseMachine
from tasks.backups.proving import Proof
from tasks.backups.record import Backup
from tasks.backups.restoring import ADDRESSES, HALVES, OWN, Wish, name_of, stamped
from tasks.data.database_instance import major
from tasks.data.database_listing import FAILED, settled
from tasks.data.database_listing import beside as arn_beside
from tasks.data.database_listing import name_of as identifier_of
from tasks.errors import CastraError, Invalid, Problem
from tasks.scope import Scope


def database_parts(scope: Scope, backup: Backup, wish: Wish) -> tuple[Part, ...]:
    """A database beside the old one, or with a network of its own that nothing else is in."""
    machine = _machine(backup)
    _refuse_what_it_has_not(wish)
    name, wipe = name_of(backup) if wish.into else stamped(backup), wish.into is not None
    if wish.own_network:
        network = own_network(machine, scope.region)
        return (*network, _own(name, backup, machine, wish.instance_type, wipe=wipe))
    _refuse_unknown(backup, machine)
    account_and_region = backup.source  # its groups are in the same ones
    return (
        Database(
            name=name,
            subnet_group=as_it_is(arn_beside(account_and_region, "subgrp", machine.subnet_group)),
            groups=tuple(as_it_is(group) for group in machine.groups),
            parameter_group=as_it_is(arn_beside(account_and_region, "pg", machine.parameter_group)),
            on_removal="wipe" if wipe else "snapshot",
            **_as_it_was(backup, machine, wish.instance_type),
        ),
    )


def database_proof_parts(proof: Proof, region: str) -> tuple[Part, ...]:
    """A database in a network of its own, whose firewall lets nobody in; no backups of it, and no last snapshot."""
    assert proof.backup is not None
    machine, name = _machine(proof.backup), name_of(proof.backup)
    restored = _own(name, proof.backup, machine, proof.prove.instance_class or "", wipe=True, backups=0)
    return (*own_network(machine, region), restored)


def own_network(machine: DatabaseMachine, region: str) -> Iterator[Part]:
    """A network that's joined to no other, with subnets in two zones, a firewall that lets nobody in, and settings."""
    zones = machine.zones if len(machine.zones) > 1 else (f"{region}a", f"{region}b")
    vpc, family = f"vpc/{OWN}", f"{machine.engine}{major(machine.engine, machine.version)}"
    yield Vpc(name=OWN, cidr=ADDRESSES)
    for number, (zone, cidr) in enumerate(zip(zones, HALVES, strict=False)):
        yield Subnet(name=f"{OWN}-{number}", vpc=vpc, cidr=cidr, zone=zone)
    yield DatabaseSubnetGroup(name=OWN, vpc=vpc, subnets=tuple(f"subnet/{OWN}-{number}" for number in range(2)))
    yield SecurityGroup(name=OWN, vpc=vpc, description="What was restored from a backup")
    yield Firewall(name=OWN, group=f"security-group/{OWN}")
    yield DatabaseParameterGroup(name=OWN, family=family, parameters={TLS[machine.engine]: "1"})  # type: ignore[index]


def _own(
    name: str, backup: Backup, machine: DatabaseMachine, instance_class: str, *, wipe: bool, backups: int = 7
) -> Database:
    return Database(
        name=name,
        subnet_group=f"database-subnet-group/{OWN}",
        groups=(f"security-group/{OWN}",),
        parameter_group=f"database-parameter-group/{OWN}",
        on_removal="wipe" if wipe else "snapshot",
        backup_retention=backups,
        **_as_it_was(backup, machine, instance_class),
    )


def _as_it_was(backup: Backup, machine: DatabaseMachine, instance_class: str) -> dict[str, object]:
    """What both have; growing by itself isn't, as RDS restores none that does."""
    return {
        "engine": machine.engine,
        "version": major(machine.engine, machine.version),
        "instance_class": instance_class or machine.instance_class,
        "storage": machine.storage,
        "multi_zone": machine.multi_zone,
        "port": machine.port,
        "user": machine.user,
        "kms_key": None if backup.copy_of else machine.key or None,
        "encrypted": machine.encrypted,
        "snapshot": backup.id,
    }


def _machine(backup: Backup) -> DatabaseMachine:
    """What it was like; in another region than its own, neither its network nor its zones are there."""
    assert backup.database is not None
    machine = backup.database
    if backup.copy_of and not backup.copy_of.startswith(f"{backup.region}/"):
        gone: dict[str, object] = {"subnet_group": "", "groups": (), "parameter_group": "", "zones": ()}
        machine = machine.model_copy(update=gone)
    if machine.engine not in TLS:
        why, way_out = f"it is a database of {machine.engine}", f"Castra restores {', '.join(TLS)}; use RDS's console"
        raise Invalid("castra restore", [Problem(backup.id, why, way_out)])
    return machine


def _refuse_what_it_has_not(wish: Wish) -> None:
    """A database has neither devices nor one zone, and its size is a class."""
    problems = []
    for option, written in {"--device": wish.device, "--zone": wish.zone}.items():
        if written:
            problems.append(Problem(option, "is for instances and volumes, and this is a database", "Leave it out"))
    if wish.instance_type and not wish.instance_type.startswith("db."):
        problems.append(Problem("--type", f"{wish.instance_type} is no class of RDS", "Name one, such as db.t4g.small"))
    if problems:
        raise Invalid("castra restore", problems)


def _refuse_unknown(backup: Backup, machine: DatabaseMachine) -> None:
    if not (machine.subnet_group and machine.parameter_group):
        why = f"{backup.id} doesn't say where the database stood, or that is in another region"
        raise Invalid("castra restore", [Problem("--into", why, "Restore it into an environment of its own")])


# ---------------------------------------------------------------------- whether it's good


def check_database(scope: Scope, proof: Proof, ids: Mapping[str, str]) -> str:
    """That its engine has recovered, by which RDS calls it available, and that it's what the snapshot is of."""
    assert proof.backup is not None
    machine = _machine(proof.backup)
    (arn,) = [id for part, id in ids.items() if part.startswith("database/")]
    name = identifier_of(arn)
    database = settled(scope, name, frozenset({"available"}) | FAILED) or {}
    if (status := database.get("DBInstanceStatus", "gone")) != "available":
        raise CastraError(f"database {name}", f"it is {status}: its engine doesn't come up")
    told = {
        "engine": f"{database['Engine']} {database['EngineVersion']}",
        "storage": f"{database['AllocatedStorage']} GiB",
        "encryption": "encrypted" if database.get("StorageEncrypted") else "not encrypted",
    }
    wanted = {
        "engine": f"{machine.engine} {machine.version}",
        "storage": f"{machine.storage} GiB",
        "encryption": "encrypted" if machine.encrypted else "not encrypted",
    }
    for what, now in told.items():
        if now != wanted[what]:
            raise CastraError(f"database {name}", f"its {what} is {now}, and its snapshot's is {wanted[what]}")
    return f"its engine recovers: {', '.join(told.values())}"
