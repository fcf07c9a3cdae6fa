"""What a backup is restored as: parts of an environment, which the engine then makes, shows and strikes. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network

from blueprints.firewalls import ANYWHERE, Firewall, Rule, SecurityGroup
from blueprints.gateways import InternetGateway, Route, RouteTable
from blueprints.identity import InstanceProfile, Role
from blueprints.images import RegisteredImage
from blueprints.instances import Attached, StandingInstance
from blueprints.network import Subnet, Vpc
from blueprints.part import Id, Part, Ready
from blueprints.places import as_it_is
from blueprints.volumes import StandingVolume
from tasks.backups.machine import Machine
from tasks.backups.record import Backup, Piece
from tasks.errors import Invalid, Problem

ADDRESSES = IPv4Network("10.250.0.0/24")  # of a network of its own, which is joined to no other
HALVES: tuple[IPv4Network, ...] = tuple(ADDRESSES.subnets(prefixlen_diff=1))  # for what stands in two zones
SYSTEMS_MANAGER = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
OWN = "restored"  # what the parts of a network of its own are called


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

    @property
    def own_network(self) -> bool:
        """Whether it's restored into a network that nothing else is in."""
        return self.into is not None and not self.where_it_was


@dataclass(frozen=True)
class Into:
    """Where and how something is restored.

    `own_network`: into a network of its own, that nothing else is in; else where the source was. `outward`: whether it
    has a way to the internet, which Systems Manager needs; `port` is opened in it to `peers`. `wipe`: whether volumes
    go with the environment; else they are kept.
    """

    name: str
    own_network: bool = False
    zone: str = ""
    instance_type: str = ""
    outward: bool = False
    port: int | None = None
    peers: tuple[IPv4Network, ...] = ()
    wipe: bool = False


def name_of(backup: Backup) -> str:
    """What the restored thing is called, where nothing else is: `db` for `instance/db`."""
    return re.split("[/:]", backup.part or backup.source)[-1]


def stamped(backup: Backup) -> str:
    """What it's called beside the one that it's a backup of: `db-20261128t020000z`."""
    stamp = backup.label or f"{backup.moment:%Y%m%dT%H%M%SZ}"
    return f"{name_of(backup)}-{re.sub('[^a-z0-9]+', '-', stamp.lower()).strip('-')}"


def parts_of(backup: Backup, machine: Machine, into: Into, device: str | None = None) -> tuple[Part, ...]:
    """The parts that a backup is restored as: an instance with its volumes, or, of one device, a volume.

    Raises Invalid where something isn't known that AWS must be told.
    """
    if device is not None or not backup.source.startswith("i-"):
        return (_volume(_piece_at(backup, device), machine, into, into.name),)
    _refuse_unknown(backup, machine, into)
    root, others = roots_and_others(backup, machine)
    names = {piece.id: f"{into.name}-{piece.device.rpartition('/')[2]}" for piece in others}
    whole = backup.how == "image" and not others  # it boots as it is; else each volume is to be a part of its own
    parts: list[Part] = [] if whole else [registered(into.name, root, machine)]
    parts += [_volume(piece, machine, into, names[piece.id]) for piece in others]
    own = list(own_network(into, zone_of(machine, into))) if into.own_network else []
    instance = StandingInstance(
        name=into.name,
        image=backup.id if whole else Ready(f"image/{into.name}"),
        instance_type=into.instance_type or machine.instance_type,
        volumes=tuple(Attached(device=piece.device, volume=Ready(f"volume/{names[piece.id]}")) for piece in others),
        **_place(machine, into),
    )
    return (*own, *parts, instance)


def registered(name: str, root: Piece, machine: Machine) -> RegisteredImage:
    """The image that boots from the snapshot of a root volume."""
    return RegisteredImage(
        name=name,
        snapshot=root.id,
        architecture=machine.architecture,
        boot_mode=machine.boot_mode or None,
        ena=machine.ena,
        root_device=machine.root,
    )


def roots_and_others(backup: Backup, machine: Machine) -> tuple[Piece, tuple[Piece, ...]]:
    """The snapshot of the root volume, and those of the others."""
    if len(backup.pieces) == 1:
        return backup.pieces[0], ()
    roots = [piece for piece in backup.pieces if piece.device == machine.root]
    if len(roots) != 1:
        why = f"which of its {len(backup.pieces)} snapshots is of the root volume isn't known"
        raise Invalid("castra restore", [Problem(backup.id, why, "Restore its volumes one by one, by --device")])
    return roots[0], tuple(piece for piece in backup.pieces if piece is not roots[0])


def zone_of(machine: Machine, into: Into) -> str:
    """The zone that something is restored into."""
    return into.zone or machine.zone


def own_network(into: Into, zone: str) -> Iterator[Part]:
    """A network of its own: one subnet, joined to nothing; with a way out, and a port opened, where it's asked for."""
    group, vpc = f"security-group/{OWN}", f"vpc/{OWN}"
    yield Vpc(name=OWN, cidr=ADDRESSES)
    yield Subnet(name=OWN, vpc=vpc, cidr=ADDRESSES, zone=zone, public_addresses=into.outward)
    yield SecurityGroup(name=OWN, vpc=vpc, description="What was restored from a backup")
    opened = (Rule(ports=(into.port, into.port), peer=peer) for peer in into.peers) if into.port else ()
    outward = (Rule(protocol="all", peer=ANYWHERE[0]),) if into.outward else ()
    yield Firewall(name=OWN, group=group, inbound=tuple(opened), outbound=outward)
    if into.outward:
        yield InternetGateway(name=OWN, vpc=vpc)
        out = (Route(destination=ANYWHERE[0], target=f"internet-gateway/{OWN}"),)
        yield RouteTable(name=OWN, vpc=vpc, routes=out, subnets=(f"subnet/{OWN}",))
        yield Role(name=OWN, trusts=("ec2.amazonaws.com",), managed=(SYSTEMS_MANAGER,), description="Proof of a backup")
        yield InstanceProfile(name=OWN, role=f"role/{OWN}")


def _place(machine: Machine, into: Into) -> dict[str, object]:
    """Where it stands, and what it may do: in its own network nothing but be commanded; else what the source had."""
    if into.own_network:
        ready = (f"firewall/{OWN}", *((f"route-table/{OWN}",) if into.outward else ()))
        return {
            "subnet": Id(f"subnet/{OWN}"),
            "groups": (Id(f"security-group/{OWN}"),),
            "profile": Id(f"instance-profile/{OWN}") if into.outward else None,
            "after": tuple(Ready(one) for one in ready),
        }
    return {
        "subnet": as_it_is(machine.subnet),
        "groups": tuple(as_it_is(group) for group in machine.groups),
        "profile": as_it_is(machine.profile) if machine.profile else None,
        "key_pair": machine.key_pair or None,
    }


def _volume(piece: Piece, machine: Machine, into: Into, name: str) -> StandingVolume:
    zone, size = zone_of(machine, into), max(piece.gib, 1)
    removal = "wipe" if into.wipe else "keep"
    return StandingVolume(name=name, zone=zone, size=size, snapshot=piece.id, on_removal=removal)


def _piece_at(backup: Backup, device: str | None) -> Piece:
    """The snapshot of one device; of a lone volume, the only one."""
    found = [piece for piece in backup.pieces if device in (None, piece.device)]
    if len(found) != 1:
        known = ", ".join(piece.device or piece.id for piece in backup.pieces)
        raise Invalid("castra restore", [Problem("--device", f"{backup.id} has no {device}", f"It has: {known}")])
    return found[0]


def _refuse_unknown(backup: Backup, machine: Machine, into: Into) -> None:
    """Nobody knows what isn't in the backup's tags once the instance is gone."""
    problems = []
    if not (into.instance_type or machine.instance_type):
        why = f"{backup.id} doesn't say what type the instance had"
        problems.append(Problem("--type", why, "Name one, such as t3.small"))
    registers = backup.how != "image" or len(backup.pieces) > 1
    if registers and not (machine.architecture and machine.root):
        why = f"{backup.id} doesn't say how it boots, and {backup.source} is gone"
        problems.append(Problem(backup.id, why, "Restore its volumes one by one, by --device"))
    if not into.own_network and not machine.subnet:
        why = f"{backup.id} doesn't say which subnet the instance stood in"
        problems.append(Problem("--into", why, "Restore it into an environment of its own"))
    if problems:
        raise Invalid("castra restore", problems)
