"""The network of an environment: the section that people write, and the parts it unfolds into."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from blueprints.endpoints import Endpoint, Endpoints, GatewayEndpoint, InterfaceEndpoint, once_each, problems_of
from blueprints.firewalls import ANYWHERE, Firewall, Rule, SecurityGroup
from blueprints.flow_logs import FlowLogs
from blueprints.gateways import Address, InternetGateway, NatGateway, Route, RouteTable
from blueprints.part import Id, Lookup, Part, Piece, Ready
from blueprints.places import GroupId, SubnetId, VpcId, default_subnet, default_vpc
from blueprints.problem import Problem

__all__ = ["GatewayEndpoint", "GroupId", "InterfaceEndpoint", "SubnetId", "VpcId"]


class Vpc(Part):
    """A virtual private cloud."""

    kind: ClassVar[str] = "vpc"
    cidr: IPv4Network
    dns_support: bool = True
    dns_hostnames: bool = True


class Subnet(Part):
    """A subnet in one zone; `public_addresses` gives instances started in it a public address."""

    kind: ClassVar[str] = "subnet"
    vpc: VpcId
    cidr: IPv4Network
    zone: str
    public_addresses: bool = False


# ---------------------------------------------------------------------- the section

DEFAULT_ADDRESSES = IPv4Network("172.31.0.0/16")  # https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html
SLOTS = 8  # public subnets, and as many private ones: adding a zone later moves none
SMALLEST, LARGEST = 28, 16  # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html


def _number_or_names(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | list | tuple):
        raise ValueError("should be a number of zones, or a list of their names")
    if isinstance(value, int) and not 1 <= value <= SLOTS:
        raise ValueError(f"should be from 1 to {SLOTS}")
    if not isinstance(value, int) and (not value or not all(isinstance(zone, str) for zone in value)):
        raise ValueError("should name at least one zone, such as eu-west-1a")
    return value


class Subnets(Piece):
    """The subnets' own CIDRs, in the order of the zones, instead of the computed ones."""

    public: tuple[IPv4Network, ...]
    private: tuple[IPv4Network, ...]


class Network(Piece):
    """A VPC with a public and a private subnet in each zone, and the ways out of it; or the account's default VPC.

    Subnets are computed from the CIDR: sixteen equal ones, of which each zone takes two by its letter, so that a zone
    that is added later moves none of the others.
    """

    cidr: IPv4Network | None = Field(
        default=None, description="The VPC's addresses, from /16 to /24.", examples=["10.20.0.0/16"]
    )
    default: bool = Field(
        default=False,
        description="Whether all stands in the account's default VPC, which Castra neither owns nor changes.",
    )
    zones: Annotated[int | tuple[str, ...], BeforeValidator(_number_or_names)] = Field(
        default=2, description="How many availability zones (the first ones, by letter), or their names."
    )
    nat: Literal["none", "one", "each"] = Field(
        default="none", description="NAT gateways for the private subnets: none, one for all, or one in each zone."
    )
    endpoints: Endpoints = Field(
        default=(),
        description="Services reached without the internet: s3 and dynamodb free of charge, others paid by the hour.",
    )
    flow_logs: FlowLogs | None = Field(
        default=None, description="Where the traffic is recorded; nowhere, if not given."
    )
    dns_support: bool = Field(default=True, description="Whether AWS's resolver answers in the VPC.")
    dns_hostnames: bool = Field(default=True, description="Whether instances get DNS names.")

    subnets: Subnets | None = Field(default=None, description="Only where the computed ones don't suit.")

    def zone_names(self, region: str) -> tuple[str, ...]:
        """`eu-west-1a` and so on."""
        if isinstance(self.zones, int):
            return tuple(f"{region}{letter}" for letter in "abcdefgh"[: self.zones])
        return self.zones

    def problems(self, region: str) -> Iterator[Problem]:
        """What doesn't fit together."""
        if self.default:
            yield from self._default_problems()
        elif self.cidr is None:
            yield Problem(
                "network.cidr", "is missing", "Add it, such as cidr: 10.0.0.0/16; or stand in the default VPC"
            )
        else:
            yield from self._cidr_problems(self.cidr, region)
        yield from self._zone_problems(region)
        yield from problems_of(self.endpoints, dns=self.dns_support and self.dns_hostnames)
        if self.flow_logs is not None:
            yield from self.flow_logs.problems(region)

    def _default_problems(self) -> Iterator[Problem]:
        """What's asked of the default VPC that would change it."""
        asked = {"cidr": self.cidr, "subnets": self.subnets, "nat": self.nat != "none"}
        asked |= {"dns_support": not self.dns_support, "dns_hostnames": not self.dns_hostnames}
        for field in (field for field, value in asked.items() if value):
            yield Problem(f"network.{field}", "the default VPC is used as it is", "Leave it out, or network.default")
        for where, endpoint in once_each(self.endpoints):
            if endpoint.by_route:
                why = f"{endpoint.service} is reached by routes, and the default VPC's own table isn't changed"
                yield Problem(where, why, "Leave it out, or describe a VPC by network.cidr")

    def _cidr_problems(self, cidr: IPv4Network, region: str) -> Iterator[Problem]:
        """What's wrong with the addresses, and with those of subnets that are written by hand."""
        if self.subnets is None and cidr.prefixlen + 4 > SMALLEST:
            fits = cidr.supernet(new_prefix=SMALLEST - 4)
            would_be = f"they would be /{cidr.prefixlen + 4}, AWS's smallest is /{SMALLEST}"
            yield Problem("network.cidr", f"{cidr} can't hold {2 * SLOTS} subnets: {would_be}", f"{fits} would fit")
        if cidr.prefixlen < LARGEST:
            fits = next(cidr.subnets(new_prefix=LARGEST))
            yield Problem("network.cidr", f"{cidr} is larger than AWS's largest VPC, a /16", f"{fits} would fit")
        yield from self._subnet_problems(cidr, len(self.zone_names(region)))

    def _zone_problems(self, region: str) -> Iterator[Problem]:
        """What's wrong with the zones, and how many subnets there are for them."""
        names = self.zone_names(region)
        for index, zone in enumerate(names):
            if zone[:-1] != region or zone[-1] not in "abcdefgh":
                yield Problem(
                    f"network.zones.{index}", f"{zone} isn't a zone of {region}", f"Name one such as {region}a"
                )
            elif zone in names[:index]:
                yield Problem(f"network.zones.{index}", f"{zone} is named twice", "Name it once")

    def _subnet_problems(self, within: IPv4Network, zones: int) -> Iterator[Problem]:
        """What's wrong with CIDRs that are written by hand."""
        placed: list[tuple[str, IPv4Network]] = []
        for placement in ("public", "private") if self.subnets else ():
            cidrs: tuple[IPv4Network, ...] = getattr(self.subnets, placement)
            if len(cidrs) != zones:
                yield Problem(
                    f"network.subnets.{placement}", f"{len(cidrs)} for {zones} zones", "Give one for each zone"
                )
            for index, cidr in enumerate(cidrs):
                path = f"network.subnets.{placement}.{index}"
                if not cidr.subnet_of(within):
                    yield Problem(path, f"{cidr} lies outside of {within}", "Choose one inside of network.cidr")
                if not LARGEST <= cidr.prefixlen <= SMALLEST:
                    yield Problem(path, f"{cidr} is not between /{LARGEST} and /{SMALLEST}", "AWS takes no other sizes")
                for other_path, other in placed:
                    if cidr.overlaps(other):
                        yield Problem(path, f"{cidr} overlaps {other} ({other_path})", "Choose one that doesn't")
                placed.append((path, cidr))

    def cidrs(self, placement: Literal["public", "private"], region: str) -> dict[str, IPv4Network]:
        """Each zone's letter to the CIDR of its subnet."""
        letters = self.letters(region)
        if self.subnets is not None:
            return dict(zip(letters, getattr(self.subnets, placement), strict=True))
        slots = list(self.addresses.subnets(prefixlen_diff=4))
        first = 0 if placement == "public" else SLOTS
        return {letter: slots[first + "abcdefgh".index(letter)] for letter in letters}

    def letters(self, region: str) -> tuple[str, ...]:
        """The zones' letters, by which subnets are named."""
        return tuple(zone[-1] for zone in self.zone_names(region))

    @property
    def vpc(self) -> Id | Lookup:
        """What the `vpc` of a part that stands in it names."""
        return default_vpc() if self.default else Id("vpc/main")

    @property
    def addresses(self) -> IPv4Network:
        """The addresses of all that's in it."""
        return self.cidr or DEFAULT_ADDRESSES

    def subnet_keys(self, placement: Literal["public", "private"], region: str) -> tuple[Id | Lookup, ...]:
        """What the subnets of one kind are named by, one a zone. Those of the default VPC are of one kind, public."""
        if self.default:
            return tuple(default_subnet(zone) for zone in self.zone_names(region))
        return tuple(Id(f"subnet/{placement}-{letter}") for letter in self.letters(region))

    def ways_in(self) -> tuple[Ready, ...]:
        """What must be ready before anything in it can be reached from the internet."""
        return () if self.default else (Ready("internet-gateway/main"),)

    def ways_out(self, placement: Literal["public", "private"], region: str) -> tuple[Ready, ...]:
        """What must be ready before something in these subnets reaches the internet, if it can."""
        if self.default:
            return ()
        if placement == "public":
            return (Ready("route-table/public"),)
        letters = self.letters(region)
        gateways = {"none": (), "one": letters[:1], "each": letters}[self.nat]
        return (
            *(Ready(f"route-table/private-{letter}") for letter in letters),
            *(Ready(f"nat-gateway/{letter}") for letter in gateways),
        )

    def parts(self, region: str, reaching: tuple[str, ...] = ()) -> Iterator[Part]:
        """The VPC, its subnets, and the ways out, unless they stand already; endpoints, and the record of traffic.

        `reaching` are services that other sections must reach by an endpoint; those named already aren't made twice.
        """
        if not self.default:
            yield from self._vpc(region)
            yield from self._ways_out(region)
        yield from self._endpoints(region, (*self.endpoints, *(Endpoint(service=one) for one in reaching)))
        if self.flow_logs is not None:
            yield from self.flow_logs.parts(self.vpc)

    def _vpc(self, region: str) -> Iterator[Part]:
        dns = {"dns_support": self.dns_support, "dns_hostnames": self.dns_hostnames}
        yield Vpc(name="main", where="network", cidr=self.addresses, **dns)
        yield InternetGateway(name="main", where="network", vpc="vpc/main")
        public, private = self.cidrs("public", region), self.cidrs("private", region)
        for letter in self.letters(region):
            at = {"where": "network", "vpc": "vpc/main", "zone": f"{region}{letter}"}
            yield Subnet(name=f"public-{letter}", cidr=public[letter], public_addresses=True, **at)
            yield Subnet(name=f"private-{letter}", cidr=private[letter], **at)

    def _ways_out(self, region: str) -> Iterator[Part]:
        where = "network"
        letters = self.letters(region)
        out = tuple(Route(destination=net, target="internet-gateway/main") for net in ANYWHERE[:1])
        yield RouteTable(
            name="public", where=where, vpc="vpc/main", routes=out, subnets=self.subnet_keys("public", region)
        )
        gateways = {"none": (), "one": letters[:1], "each": letters}[self.nat]
        for letter in gateways:
            yield Address(name=f"nat-{letter}", where=where)
            yield NatGateway(
                name=letter,
                where=where,
                subnet=f"subnet/public-{letter}",
                address=f"address/nat-{letter}",
                internet_gateway="internet-gateway/main",
            )
        for letter in letters:
            through = letter if self.nat == "each" else letters[0]
            routes = (Route(destination=ANYWHERE[0], target=f"nat-gateway/{through}"),) if gateways else ()
            subnets = (f"subnet/private-{letter}",)
            yield RouteTable(name=f"private-{letter}", where=where, vpc="vpc/main", routes=routes, subnets=subnets)

    def _endpoints(self, region: str, endpoints: tuple[Endpoint, ...]) -> Iterator[Part]:
        """Endpoints, and for those with interfaces a group that admits the VPC's own addresses, by TLS only."""
        tables = ("route-table/public", *(f"route-table/private-{letter}" for letter in self.letters(region)))
        group = "security-group/endpoints"
        if not all(endpoint.by_route for endpoint in endpoints):
            where = "network.endpoints"
            yield SecurityGroup(name="endpoints", where=where, vpc=self.vpc, description="Endpoints of AWS services")
            within = (Rule(ports=(443, 443), peer=self.addresses, description="from within the VPC"),)
            yield Firewall(name="endpoints", where=where, group=group, inbound=within)
        for where, endpoint in once_each(endpoints):
            common: dict[str, Any] = {"name": endpoint.part_name, "where": where, "vpc": self.vpc}
            common |= {"service": endpoint.service, "policy": endpoint.policy}
            if endpoint.by_route:
                yield GatewayEndpoint(route_tables=tables, **common)
            else:
                subnets = self.subnet_keys("private", region)
                yield InterfaceEndpoint(subnets=subnets, groups=(group,), private_dns=endpoint.private_dns, **common)
