"""The plan of a restore: a backup, what it becomes, and where. Reads only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from blueprints.part import Part
from tasks.backups.choosing import choose
from tasks.backups.listing import backups_in
from tasks.backups.machine import Machine, machine_of
from tasks.backups.record import Backup
from tasks.backups.restoring import Into, name_of, parts_of, stamped
from tasks.decide import Plan
from tasks.operation import KEEP, Deed, Operation
from tasks.reading import plan_beside
from tasks.report import Outcome
from tasks.scope import Scope


@dataclass(frozen=True)
class Wish:
    """What somebody wants restored. `what` is a part, or an id in AWS; `into` the name of another environment."""

    what: str
    at: datetime | None = None
    backup: str | None = None
    device: str | None = None
    into: str | None = None
    where_it_was: bool = False
    instance_type: str = ""
    zone: str = ""


@dataclass(frozen=True)
class Restoration:
    """What will be done: the parts, the scope that they're made in, and the plan for them alone."""

    backup: Backup
    parts: tuple[Part, ...]
    scope: Scope
    plan: Plan
    operation: Operation


def plan_restore(scope: Scope, wish: Wish) -> Restoration:
    """What it takes until it's restored; nothing, where it is already. `scope` is the backups' own environment."""
    _ = scope.account
    backup = choose(backups_in(scope, scope.environment), wish.what, wish.at, wish.backup)
    machine = known_machine(scope, backup)
    own = wish.into is not None and not wish.where_it_was
    name = name_of(backup) if wish.into else stamped(backup)
    zone = wish.zone or machine.zone or f"{scope.region}a"
    into = Into(name, own_network=own, zone=zone, instance_type=wish.instance_type, wipe=wish.into is not None)
    parts = parts_of(backup, machine, into, wish.device)
    target = scope if wish.into is None else within(scope, wish.into)
    return restoration(backup, parts, target)


def restoration(backup: Backup, parts: tuple[Part, ...], target: Scope) -> Restoration:
    """The plan of these parts in an environment, beside all else that stands in it."""
    plan = plan_beside(parts, target)
    because = {part.key: _because(backup, part) for part in parts}
    operation = operation_of("restore", plan, because, target.calls.summary())
    return Restoration(backup, parts, target, plan, operation)


def within(scope: Scope, environment: str, expires: datetime | None = None) -> Scope:
    """A scope of another environment in the same region and account."""
    return Scope(
        environment,
        scope.region,
        expires=expires,
        account=scope.expected_account,
        role=scope.role,
        poll_seconds=scope.poll_seconds,
        go_ahead=scope.go_ahead,
    )


def operation_of(verb: str, plan: Plan, because: Mapping[str, str], calls: Mapping[str, int]) -> Operation:
    """A plan of parts as an operation: a deed for each step."""
    deeds = [
        Deed(
            what=step.part,
            action=step.action,
            because=step.because if step.action == KEEP else because.get(step.part, step.because),
            id=step.id,
        )
        for step in plan.steps
    ]
    return Operation(verb=verb, subject=plan.environment, region=plan.region, deeds=tuple(deeds), calls=dict(calls))


def carried_out(planned: Operation, outcomes: Iterable[Outcome]) -> tuple[Deed, ...]:
    """The deeds with what came of them."""
    ended = {outcome.part: outcome for outcome in outcomes}
    return tuple(
        deed.model_copy(update={"id": ended[deed.what].id, "seconds": ended[deed.what].seconds})
        for deed in planned.deeds
        if deed.what in ended
    )


def known_machine(scope: Scope, backup: Backup) -> Machine:
    """What the instance was like: by the backup's tags; what they don't say, by the image, or by the instance itself.

    In another region, neither its subnet nor its zone are there.
    """
    machine = backup.machine
    if backup.copy_of:
        gone: dict[str, Any] = {"subnet": "", "groups": (), "zone": "", "profile": "", "key_pair": ""}
        return _with(machine.model_copy(update=gone), _of_image(scope, backup))
    if backup.source.startswith("i-") and not (machine.instance_type and machine.subnet):
        machine = _with(machine, _alive(scope, backup.source))
    if backup.how == "image" and not (machine.architecture and machine.root):
        machine = _with(machine, _of_image(scope, backup))
    return machine


def _with(machine: Machine, other: Machine) -> Machine:
    """The first, with what it doesn't say from the second."""
    missing = {name: value for name, value in other if not getattr(machine, name) and value}
    return machine.model_copy(update=missing)


def _alive(scope: Scope, id: str) -> Machine:
    named = [{"Name": "instance-id", "Values": [id]}]
    found = [one for page in scope.ec2.describe_instances(Filters=named)["Reservations"] for one in page["Instances"]]
    return machine_of(found[0]) if found else Machine()


def _of_image(scope: Scope, backup: Backup) -> Machine:
    if backup.how != "image":
        return Machine()
    (image,) = scope.ec2.describe_images(ImageIds=[backup.id])["Images"]
    told = {"architecture": "Architecture", "boot_mode": "BootMode", "root": "RootDeviceName"}
    return Machine(**{field: image.get(key) or "" for field, key in told.items()}, ena=image.get("EnaSupport", True))


def _because(backup: Backup, part: Part) -> str:
    origin = f"{backup.id} of {backup.slot}"
    return f"from {origin}" if part.kind in ("instance", "image", "volume") else f"for what is restored from {origin}"
