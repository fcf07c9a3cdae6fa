"""What a backup of EC2 is restored as, and proven by: what its tags don't say, AWS is asked for."""

from typing import Any

from blueprints.part import Part
from tasks.backups.machine import Machine, machine_of
from tasks.backups.record import Backup
from tasks.backups.restoring import Into, Wish, name_of, parts_of, stamped
from tasks.scope import Scope


def disk_parts(scope: Scope, backup: Backup, wish: Wish) -> tuple[Part, ...]:
    """An instance with its volumes, or a volume."""
    machine = known_machine(scope, backup)
    name = name_of(backup) if wish.into else stamped(backup)
    zone = wish.zone or machine.zone or f"{scope.region}a"
    wipe = wish.into is not None
    into = Into(name, own_network=wish.own_network, zone=zone, instance_type=wish.instance_type, wipe=wipe)
    return parts_of(backup, machine, into, wish.device)


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
