"""Private ways to AWS's own services: what people write of them, and the parts."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from blueprints.identity import Document
from blueprints.part import Id, Part, Piece, of
from blueprints.places import GroupId, SubnetId, VpcId
from blueprints.problem import Problem

BY_ROUTE = ("s3", "dynamodb")  # free of charge; every other service has interfaces in the subnets
Service = Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=80)]


class GatewayEndpoint(Part):
    """A private way to S3 or DynamoDB, free of charge, by routes in these tables."""

    kind: ClassVar[str] = "gateway-endpoint"
    vpc: VpcId
    service: Literal["s3", "dynamodb"]
    route_tables: tuple[Annotated[Id, of("route-table")], ...]
    policy: Document | None = Field(default=None, description="Who may do what by this way; None: everything.")


class InterfaceEndpoint(Part):
    """A private way to a service of AWS, by an interface in each of these subnets."""

    kind: ClassVar[str] = "interface-endpoint"
    vpc: VpcId
    service: Service = Field(description="Its short name, such as ssm or ecr.dkr.")
    subnets: tuple[SubnetId, ...] = Field(min_length=1, description="One a zone at most.")
    groups: tuple[GroupId, ...] = Field(min_length=1)
    private_dns: bool = Field(default=True, description="Whether the service's usual name leads here.")
    policy: Document | None = Field(default=None, description="Who may do what by this way; None: everything.")


# ---------------------------------------------------------------------- the section


class Endpoint(Piece):
    """A service that is reached without the internet; s3 and dynamodb by routes, free of charge, others by interfaces.

    A plain name is one without a policy.
    """

    service: Service = Field(
        description="Its short name: what follows com.amazonaws.<region>. in AWS's list.",
        examples=["s3", "ssm", "ecr.dkr"],
    )
    policy: Document | None = Field(
        default=None,
        description="Who may do what by this way, as an IAM policy with principals; everything, if not given.",
    )
    private_dns: bool = Field(
        default=True, description="Whether the service's usual name leads here, in the whole VPC."
    )

    @property
    def by_route(self) -> bool:
        """Whether it's a gateway endpoint."""
        return self.service in BY_ROUTE

    @property
    def part_name(self) -> str:
        """The name of its part: `ecr-dkr` for ecr.dkr."""
        return self.service.replace(".", "-")


def _named(value: Any) -> Any:
    return {"service": value} if isinstance(value, str) else value


def once_each(endpoints: tuple[Endpoint, ...]) -> tuple[tuple[str, Endpoint], ...]:
    """Each endpoint with its place in the document; one that is named again is left out."""
    names = [endpoint.part_name for endpoint in endpoints]
    return tuple(
        (f"network.endpoints.{index}", endpoint)
        for index, endpoint in enumerate(endpoints)
        if endpoint.part_name not in names[:index]
    )


Endpoints = tuple[Annotated[Endpoint, BeforeValidator(_named, json_schema_input_type=str | Endpoint)], ...]


def problems_of(endpoints: tuple[Endpoint, ...], dns: bool) -> Iterator[Problem]:
    """What doesn't fit together. `dns`: whether the VPC resolves names and gives them to instances."""
    names = [endpoint.part_name for endpoint in endpoints]
    for index, endpoint in enumerate(endpoints):
        where = f"network.endpoints.{index}"
        if endpoint.service.startswith(("com.amazonaws.", "aws.")):
            short = endpoint.service.rpartition(".")[2]
            yield Problem(
                f"{where}.service", f"{endpoint.service} is a full name", f"Write the short one, such as {short}"
            )
        if any(
            other != endpoint for other, name in zip(endpoints[:index], names, strict=False) if name == names[index]
        ):
            yield Problem(where, f"{endpoint.service} is named twice, in two ways", "Name it once")
        if endpoint.by_route and not endpoint.private_dns:
            why = f"{endpoint.service} is reached by routes, under its usual name"
            yield Problem(f"{where}.private_dns", why, "Leave it out")
        elif not endpoint.by_route and endpoint.private_dns and not dns:
            why = "private names need the VPC's own resolver and host names, and one of them is off"
            way_out = "Set network.dns_support and network.dns_hostnames to true, or this to false"
            yield Problem(f"{where}.private_dns", why, way_out)
