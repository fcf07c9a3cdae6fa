"""Instances that stand by themselves, each with what's its own: volumes that outlive it, an address that stays."""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from blueprints.firewalls import SecurityGroup
from blueprints.gateways import Address
from blueprints.images import BuiltImage, ReadyImageId, image_of, image_problems, own_image
from blueprints.machines import KeyPairName, Machine, ProfileId
from blueprints.network import GroupId, Network, SubnetId
from blueprints.part import Id, Lookup, Name, Part, Piece, Ready, Text, of
from blueprints.problem import Problem
from blueprints.volumes import DEVICE, Disk, Root


class Attached(Piece):
    """A volume of its own, by the name of its device."""

    device: str = Field(pattern=DEVICE)
    volume: Annotated[Ready, of("volume")]


class StandingInstance(Part):
    """One instance."""

    kind: ClassVar[str] = "instance"
    image: ReadyImageId
    pinned: bool = Field(default=True, description="Whether another image is a change; else it's for new instances.")
    instead: ReadyImageId | None = Field(
        default=None, description="What it boots from in place of its image, such as a backup; no change afterwards."
    )
    instance_type: str
    subnet: SubnetId
    groups: tuple[GroupId, ...] = ()
    profile: ProfileId | None = None
    key_pair: KeyPairName = None
    user_data: str | Text = ""
    root: Root = Root()
    volumes: tuple[Attached, ...] = ()
    address: Annotated[Id, of("address")] | None = None
    shutdown: Literal["stop", "terminate"] = "stop"
    monitoring: bool = False
    deletion_protection: bool = False
    running: bool = True
    may_stop: bool = Field(default=False, description="Whether a change that needs it stopped may stop it.")
    after: tuple[Ready, ...] = Field(default=(), description="What must be ready before it starts.")


# ---------------------------------------------------------------------- the section


class Instance(Machine):
    """One server that stands by itself, for what can't be one of many: a database, a licence, an old system."""

    zone: str | None = Field(
        default=None, description="Which of the network's zones, by name or by letter; the first one, if not given."
    )
    root: Root = Field(default=Root(), description="Its root volume, which ends with it.")
    volumes: dict[Name, Disk] = Field(
        default_factory=dict, description="Volumes of its own by name, which outlive it, and go over to the next one."
    )
    elastic_ip: bool = Field(default=False, description="Whether it has a public address that stays the same.")
    shutdown: Literal["stop", "terminate"] = Field(default="stop", description="When it shuts itself down.")
    deletion_protection: bool = Field(
        default=False, description="AWS then refuses to terminate it; `castra down` refuses before it begins."
    )
    running: bool = Field(default=True, description="Whether it runs, or is stopped.")
    may_stop: bool = Field(
        default=False,
        description="Whether it may be stopped for a change that needs it (type, user data); else that's refused.",
    )

    def zone_name(self, network: Network, region: str) -> str:
        """`eu-west-1a`; where it names none of the network's, what it names."""
        names = network.zone_names(region)
        return next((name for name in names if self.zone in (None, name, name[-1])), str(self.zone))

    def problems(
        self, name: str, network: Network | None, region: str, images: Mapping[str, BuiltImage]
    ) -> Iterator[Problem]:
        """What doesn't fit with the rest."""
        where = f"instances.{name}"
        yield from image_problems(self.image, where, images)
        if network is not None and (zone := self.zone_name(network, region)) not in network.zone_names(region):
            way_out = f"Name one of: {', '.join(network.zone_names(region))}"
            yield Problem(f"{where}.zone", f"{zone} is none of the network's zones", way_out)
        if self.elastic_ip and self.placement == "private":
            why = "it can't be reached by a public address in a private subnet"
            yield Problem(f"{where}.elastic_ip", why, "Write placement: public, or leave the address out")
        if self.shutdown == "terminate" and self.deletion_protection:
            why = "it may end itself all the same when it shuts down"
            yield Problem(f"{where}.deletion_protection", why, "Write shutdown: stop")
        devices = [disk.device for disk in self.volumes.values()]
        for volume, disk in self.volumes.items():
            if devices.count(disk.device) > 1:
                path = f"{where}.volumes.{volume}.device"
                yield Problem(path, f"{disk.device} is used twice", "Use another device name")

    def parts(
        self,
        name: str,
        network: Network,
        region: str,
        key_pairs: Collection[str],
        images: Mapping[str, BuiltImage],
        boots: Text | str,
    ) -> Iterator[Part]:
        """The instance with its security group, firewall, role, volumes and address."""
        where, own = f"instances.{name}", f"instance-{name}"
        yield SecurityGroup(name=own, where=where, vpc=network.vpc, description=f"Instance {name}")
        yield self.firewall(own, where)
        yield from self.role(own, where, f"Instance {name}", region)
        yield from own_image(self.image, own, where, region)
        for volume, disk in self.volumes.items():
            place = f"{where}.volumes.{volume}"
            yield disk.part(f"{name}-{volume}", place, self.zone_name(network, region))
        if self.elastic_ip:
            yield Address(name=own, where=f"{where}.elastic_ip")
        yield self._instance(name, where, network, region, key_pairs, image_of(self.image, own, images), boots)

    def _instance(
        self,
        name: str,
        where: str,
        network: Network,
        region: str,
        key_pairs: Collection[str],
        image: str,
        boots: Text | str,
    ) -> StandingInstance:
        """It starts when its image is available, and its way out, if it has one, is open."""
        own, zone = f"instance-{name}", network.zone_names(region).index(self.zone_name(network, region))
        ways_in = network.ways_in() if self.elastic_ip else ()
        return StandingInstance(
            name=name,
            where=where,
            image=image,
            pinned=self.image.pinned and not isinstance(image, Lookup),
            instance_type=self.instance_type,
            subnet=network.subnet_keys(self.placement, region)[zone],
            groups=(f"security-group/{own}",),
            profile=f"instance-profile/{own}" if self.has_role else None,
            key_pair=self.key(key_pairs),
            user_data=boots,
            root=self.root,
            volumes=tuple(
                Attached(device=disk.device, volume=Ready(f"volume/{name}-{volume}"))
                for volume, disk in self.volumes.items()
            ),
            address=f"address/{own}" if self.elastic_ip else None,
            shutdown=self.shutdown,
            monitoring=self.monitoring,
            deletion_protection=self.deletion_protection,
            running=self.running,
            may_stop=self.may_stop,
            after=(f"firewall/{own}", *ways_in, *network.ways_out(self.placement, region)),
        )
