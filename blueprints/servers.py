"""Servers: launch templates, the groups that scale them, and the section that people write."""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from blueprints.balancing import Balancer
from blueprints.booting import Volume
from blueprints.firewalls import Firewall, Rule, SecurityGroup
from blueprints.health import HealthCheck
from blueprints.images import NO_IMAGES, BuiltImage, ImageId, image_of, image_problems, own_image
from blueprints.listening import Port
from blueprints.machines import KeyPairName, Machine, ProfileId, given_as
from blueprints.mixing import MOST_TYPES, Choices, Mixed, Spot, mixed, mixed_problems
from blueprints.network import GroupId, Network, SubnetId
from blueprints.part import Id, Name, Part, Piece, Ready, Text, of
from blueprints.problem import Problem
from blueprints.proxying import Proxy
from blueprints.rotation import Rotation
from blueprints.scaling import Requests, Scaling
from blueprints.schedule import Bound, Moment, moved, schedule_problems, scheduled_actions


class LaunchTemplate(Part):
    """How instances are launched. A change makes a new numbered version, which becomes the default."""

    kind: ClassVar[str] = "launch-template"
    image: ImageId
    instance_type: str
    groups: tuple[GroupId, ...] = ()
    profile: ProfileId | None = None
    key_pair: KeyPairName = None
    user_data: str | Text = ""
    volumes: tuple[Volume, ...] = ()
    shutdown: Literal["stop", "terminate"] = "stop"
    monitoring: bool = False
    launched_by: str = Field(default="", description="Key of the part that what's launched belongs to.")


class ScalingGroup(Part):
    """Instances kept at a number between `min` and `max`. How many run between them is AWS's to decide, not a state."""

    kind: ClassVar[str] = "scaling-group"
    template: Annotated[Id, of("launch-template")]
    subnets: tuple[SubnetId, ...]
    min: int = Field(ge=0)
    max: int = Field(ge=0)
    target_groups: tuple[Annotated[Id, of("target-group")], ...] = ()
    classic_balancers: tuple[Annotated[Id, of("classic-balancer")], ...] = ()
    health_check: Literal["EC2", "ELB"] = "EC2"
    grace: int = Field(default=300, ge=0, le=7200, description="Seconds before health checks count.")
    mixed: Mixed | None = Field(default=None, description="Several types, on demand and spot, for the template's one.")
    moved: tuple[Bound, ...] = Field(default=(), description="Bounds that move: given at birth, and then left alone.")
    after: tuple[Ready, ...] = Field(default=(), description="What must be ready before the first instance starts.")


# ---------------------------------------------------------------------- the section


class Count(Piece):
    """How many servers there are at least and at most. A plain number is both."""

    min: int = Field(ge=0, le=10_000)
    max: int = Field(ge=0, le=10_000)

    @model_validator(mode="after")
    def _in_order(self) -> "Count":
        if self.min > self.max:
            raise ValueError(f"min {self.min} is more than max {self.max}")
        return self


def _number(value: Any) -> Any:
    return {"min": value, "max": value} if isinstance(value, int) and not isinstance(value, bool) else value


class Servers(Machine):
    """A group of equal servers, scaled between a minimum and a maximum, replaced when one fails."""

    instance_types: Choices = Field(
        default=(), max_length=MOST_TYPES, description="Several, the first choice first: their names, or with weights."
    )
    spot: Spot | None = Field(default=None, description="Whether some are spot servers; name several instance_types.")
    port: Port | None = Field(default=None, description="Where they listen.")
    health_check: Annotated[
        HealthCheck, BeforeValidator(given_as("path"), json_schema_input_type=str | HealthCheck)
    ] = Field(default=HealthCheck(), description="A path, or all the settings of the load balancers' check.")
    count: Annotated[Count, BeforeValidator(_number, json_schema_input_type=int | Count)] = Field(
        default=Count(min=1, max=1), description="How many there are, or a minimum and a maximum."
    )
    scaling: Scaling = Scaling()
    schedule: dict[Name, Moment] = Field(
        default_factory=dict, description="Sizes by the clock, by name; `count` is then only where it starts."
    )
    rotation: Rotation = Field(default=Rotation(), description="How a new image comes in: `castra rotate`.")
    grace: int = Field(default=300, ge=0, le=7200, description="Seconds that a new server has before it's checked.")
    proxy: Proxy = Field(
        default_factory=dict,
        description="What nginx, which is installed then, fetches by path: site/<name> from its bucket, api/<name>.",
        examples=[{"/": "site/www", "/api": "api/main"}],
    )
    stickiness: int = Field(
        default=0, ge=0, le=604800, description="Seconds that a visitor stays with a server; 0: off."
    )
    deregistration_delay: int = Field(default=60, ge=0, le=3600, description="Seconds for requests to end.")
    volumes: tuple[Volume, ...] = ()
    shutdown: Literal["stop", "terminate"] = Field(default="terminate", description="When a server shuts itself down.")

    @model_validator(mode="before")
    @classmethod
    def _first_type(cls, given: Any) -> Any:
        """Where several types are named, the first one is the template's."""
        types = given.get("instance_types") if isinstance(given, dict) else None
        if isinstance(types, list | tuple) and types and "instance_type" not in given:
            first = types[0].get("type") if isinstance(types[0], dict) else getattr(types[0], "type", types[0])
            return given | ({"instance_type": first} if isinstance(first, str) else {})
        return given

    def problems(
        self,
        name: str,
        balancers: Mapping[str, Balancer],
        images: Mapping[str, BuiltImage] = NO_IMAGES,
    ) -> Iterator[Problem]:
        """What doesn't fit with the rest."""
        yield from image_problems(self.image, f"servers.{name}", images)
        fronts = tuple(front for front, one in balancers.items() if one.kind == "application" and name in one.targets())
        yield from self.scaling.problems(f"servers.{name}.scaling", fronts, self.monitoring)
        where, types = f"servers.{name}", self.instance_types
        yield from mixed_problems(where, self.instance_type, types, self.spot, self.count.max)
        yield from schedule_problems(f"servers.{name}.schedule", self.schedule, self.count.max)
        balanced = any(name in one.targets() for one in balancers.values())
        yield from self.rotation.problems(f"servers.{name}.rotation", self.port, balanced)
        devices = [volume.device for volume in self.volumes]
        for index, device in enumerate(devices):
            if device in devices[:index]:
                yield Problem(
                    f"servers.{name}.volumes.{index}.device", f"{device} is used twice", "Use another device name"
                )

    def parts(
        self,
        name: str,
        network: Network,
        region: str,
        balancers: Mapping[str, Balancer],
        key_pairs: Collection[str] = (),
        images: Mapping[str, BuiltImage] = NO_IMAGES,
        boots: Text | str = "",
    ) -> Iterator[Part]:
        """The group with its template, security group, firewall, role, and a target group for each balancer.

        `boots` is what they run at their first start.
        """
        where = f"servers.{name}"
        yield SecurityGroup(name=f"servers-{name}", where=where, vpc=network.vpc, description=f"Servers {name}")
        yield self._firewall(name, where, balancers)
        yield from self.role(name, where, f"Servers {name}", region)
        yield from own_image(self.image, f"servers-{name}", where, region)
        image = image_of(self.image, f"servers-{name}", images)
        yield self._template(name, where, key_pairs, image, boots)
        for front, balancer in balancers.items():
            if balancer.kind != "classic":
                yield balancer.target_group(front, name, self, network, where)
        booted = (Ready(image),) if isinstance(image, Id) else ()
        yield self._group(name, where, network, region, balancers, booted)
        requests = self._requests(name, balancers)
        yield from self.scaling.parts(name, f"{where}.scaling", self.monitoring, requests)
        yield from scheduled_actions(name, f"{where}.schedule", self.schedule)

    def _requests(self, name: str, balancers: Mapping[str, Balancer]) -> Requests | None:
        """Those that are followed, if any are."""
        front = self.scaling.front(tuple(front for front, one in balancers.items() if one.kind == "application"))
        if front is None:
            return None
        target, one = f"target-group/{front}-{name}", balancers[front]
        parts = (part for entrance in one.listeners for part in entrance.parts(front, one.kind, ""))
        sent_by = tuple(part.key for part in parts if target in part.needs)
        return Requests(load_balancer=f"load-balancer/{front}", target_group=target, sent_by=sent_by)

    def _moved(self) -> tuple[Bound, ...]:
        """The group's bounds that the schedule or the forecast moves."""
        by_clock = moved(self.schedule)
        return (*by_clock, "max") if self.scaling.raises_max and "max" not in by_clock else by_clock

    def _firewall(self, name: str, where: str, balancers: Mapping[str, Balancer]) -> Firewall:
        """Who is admitted: the load balancers, without being asked for, on the port and on the health check's."""
        inbound = [
            Rule(protocol=over, ports=(port, port), peer=f"security-group/balancer-{front}")
            for front, balancer in balancers.items()
            for over, port in balancer.admitted(name, self)
        ]
        return self.firewall(f"servers-{name}", where, inbound)

    def _template(
        self, name: str, where: str, key_pairs: Collection[str], image: str, boots: Text | str
    ) -> LaunchTemplate:
        return LaunchTemplate(
            name=name,
            where=where,
            image=image,
            instance_type=self.instance_type,
            groups=(f"security-group/servers-{name}",),
            profile=f"instance-profile/{name}" if self.has_role else None,
            key_pair=self.key(key_pairs),
            user_data=boots,
            volumes=self.volumes,
            shutdown=self.shutdown,
            monitoring=self.monitoring,
            launched_by=f"scaling-group/{name}",
        )

    def _group(
        self,
        name: str,
        where: str,
        network: Network,
        region: str,
        balancers: Mapping[str, Balancer],
        booted: tuple[Ready, ...],
    ) -> ScalingGroup:
        """The first server starts when its image, if that is built here, is available, and when its way out, if it has
        one, is open: what it runs at first may need it.
        """
        return ScalingGroup(
            name=name,
            where=where,
            template=f"launch-template/{name}",
            subnets=network.subnet_keys(self.placement, region),
            min=self.count.min,
            max=self.count.max,
            mixed=mixed(self.instance_type, self.instance_types, self.spot),
            moved=self._moved(),
            target_groups=tuple(
                f"target-group/{front}-{name}" for front, one in balancers.items() if one.kind != "classic"
            ),
            classic_balancers=tuple(
                f"classic-balancer/{front}" for front, one in balancers.items() if one.kind == "classic"
            ),
            health_check="ELB" if balancers else "EC2",
            grace=self.grace,
            after=(f"firewall/servers-{name}", *booted, *network.ways_out(self.placement, region)),
        )
