"""What a group of servers and an instance have in common: what they boot, who reaches them, and what they may do."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from blueprints.booting import Bootstrap, Image
from blueprints.firewalls import ANYWHERE, Firewall, Rule
from blueprints.granting import Grant, policy_of
from blueprints.identity import Document, InstanceProfile, PolicyName, Role, policy_id, unknown_policies
from blueprints.listening import Port
from blueprints.mixing import InstanceType
from blueprints.naming import Named, Variable, unknown_names
from blueprints.part import Id, Lookup, Name, Part, Piece, asking, of
from blueprints.problem import Problem

ProfileId = Annotated[Id, of("instance-profile")] | Annotated[Lookup, asking("id")]
KeyPairName = Annotated[
    Annotated[Id, of("key-pair")] | str | None,
    Field(union_mode="left_to_right", description="A key pair of the environment, or the name of another one."),
]


class Admission(Piece):
    """Who may reach them on a port, beside load balancers: a network, or servers and instances by name."""

    port: Port
    protocol: Literal["tcp", "udp"] = "tcp"
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    servers: tuple[Name, ...] = ()
    instances: tuple[Name, ...] = Field(
        default=(), description="Names of instances of this document that are admitted."
    )

    @model_validator(mode="after")
    def _somebody(self) -> "Admission":
        if not self.networks and not self.servers and not self.instances:
            raise ValueError("should say who is admitted: networks, servers or instances")
        return self

    @property
    def rules(self) -> Iterator[Rule]:
        """What is let in."""
        groups = (*(f"servers-{name}" for name in self.servers), *(f"instance-{name}" for name in self.instances))
        for peer in (*self.networks, *(f"security-group/{group}" for group in groups)):
            yield Rule(protocol=self.protocol, ports=(self.port, self.port), peer=peer)


def given_as(field: str) -> Any:
    """A validator that takes a plain text for a piece in which only this field is given."""
    return lambda value: {field: value} if isinstance(value, str) else value


class Machine(Piece):
    """What a group of servers and an instance have in common."""

    image: Image = Field(description="What they boot from.")
    instance_type: InstanceType = Field(default="t3.small", description="Size of each of them, as EC2 names it.")
    placement: Literal["private", "public"] = Field(default="private", description="Which subnets they stand in.")
    bootstrap: Annotated[Bootstrap, BeforeValidator(given_as("text"), json_schema_input_type=str | Bootstrap)] = Field(
        default=Bootstrap(), description="What a new one runs at its first start: a text, or a file."
    )
    key_pair: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="For SSH: one of the section `key_pairs`, or else the name of one that exists in EC2.",
    )
    monitoring: bool = Field(default=False, description="Whether metrics come every minute (at a price) or every five.")
    admits: tuple[Admission, ...] = Field(
        default=(), description="Who may reach them, beside their load balancers, who always may."
    )
    names: dict[Variable, Named] = Field(
        default_factory=dict,
        description="As with functions: what things of the document are called in AWS, addresses of databases and "
        "caches. It stands in /etc/castra/names, by variables, before the bootstrap runs.",
    )
    can: tuple[Grant, ...] = Field(default=(), description="What they may do in AWS, in words.")
    policies: dict[Name, Document] = Field(
        default_factory=dict, description="What else they may do in AWS: policies by name."
    )
    managed_policies: tuple[PolicyName, ...] = Field(
        default=(), description="Managed policies for their role: ARNs, or policy/<name> of the section `policies`."
    )
    permissions_boundary: PolicyName | None = Field(
        default=None, description="What they may do at most, whatever their policies say: a managed policy."
    )

    @property
    def has_role(self) -> bool:
        """Whether they need a role of their own."""
        return bool(self.can or self.policies or self.managed_policies or self.permissions_boundary)

    def problems_around(
        self, where: str, servers: Iterable[str], instances: Iterable[str], policies: Mapping[str, Any]
    ) -> Iterator[Problem]:
        """Others, and policies, that are named, and that nobody describes."""
        yield from self._admission_problems(where, {"servers": tuple(servers), "instances": tuple(instances)})
        named = [(f"managed_policies.{index}", one) for index, one in enumerate(self.managed_policies)]
        yield from unknown_policies(where, [*named, ("permissions_boundary", self.permissions_boundary)], policies)

    def grant_problems(self, where: str, known: Mapping[str, Collection[str]]) -> Iterator[Problem]:
        """Things that they use or name, and that the document doesn't have. `known` are its names by kind."""
        yield from unknown_names(where, self.names, known)
        for index, grant in enumerate(self.can):
            yield from grant.problems(f"{where}.can.{index}", known)

    def _admission_problems(self, where: str, known: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
        for index, admission in enumerate(self.admits):
            named = [("servers", *one) for one in enumerate(admission.servers)]
            named += [("instances", *one) for one in enumerate(admission.instances)]
            for section, number, other in named:
                if other not in known[section]:
                    way_out = f"Name one of: {', '.join(known[section])}" if known[section] else "Describe it there"
                    place = f"{where}.admits.{index}.{section}.{number}"
                    yield Problem(place, f"there are no {section} {other}", way_out)

    def firewall(self, group: str, where: str, first: Iterable[Rule] = ()) -> Firewall:
        """Who is admitted to a security group of this name, and the whole world outward."""
        inbound = (*first, *(rule for admission in self.admits for rule in admission.rules))
        outbound = tuple(Rule(protocol="all", peer=peer) for peer in ANYWHERE)
        return Firewall(name=group, where=where, group=f"security-group/{group}", inbound=inbound, outbound=outbound)

    def role(self, name: str, where: str, description: str, region: str) -> Iterator[Part]:
        """The role, and the profile that carries it, if they need one."""
        granted = [statement for grant in self.can for statement in grant.statements(region)]
        if self.has_role:
            yield Role(
                name=name,
                where=where,
                trusts=("ec2.amazonaws.com",),
                policies=({"granted": policy_of(granted)} if granted else {}) | self.policies,
                managed=tuple(policy_id(one) for one in self.managed_policies),
                permissions_boundary=policy_id(self.permissions_boundary) if self.permissions_boundary else None,
                description=description,
            )
            yield InstanceProfile(name=name, where=where, role=f"role/{name}")

    def key(self, key_pairs: Collection[str]) -> Id | str | None:
        """What a part names the key pair by: one of the document's, or the name of another one."""
        return Id(f"key-pair/{self.key_pair}") if self.key_pair in key_pairs else self.key_pair
