"""NAT gateways."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from blueprints.gateways import NatGateway
from tasks.errors import CastraError, gone_is_fine
from tasks.kind import Fixed, Found, Kind, Phase, State
from tasks.retry import when_visible
from tasks.scope import Scope, as_dict
from tasks.waiting import wait_for

PHASES: Mapping[str, Phase] = {
    "pending": "pending",
    "available": "standing",
    "deleting": "leaving",
    "failed": "failed",
}


class NatGatewayState(State):
    """https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html

    AWS doesn't tell which internet gateway it goes out by: it's the VPC's only one.
    """

    subnet: Fixed[str]
    address: Fixed[str | None]


class NatGatewayKind(Kind[NatGateway, NatGatewayState]):
    """NAT gateways."""

    name = "nat-gateway"
    goes_first = True  # an address can't be used twice
    outlasted_by = ("internet-gateway",)
    actions = (
        "ec2:CreateNatGateway",
        "ec2:CreateTags",
        "ec2:DeleteNatGateway",
        "ec2:DeleteTags",
        "ec2:DescribeNatGateways",
    )

    def owned(self, scope: Scope) -> Iterator[Found[NatGatewayState]]:
        """DescribeNatGateways, filtered by tag. Deleted ones are listed for an hour, and passed over."""
        for gateway in scope.pages("ec2", "describe_nat_gateways", "NatGateways", Filter=scope.filters):
            tags = as_dict(gateway.get("Tags"))
            name, phase = self.named_in(tags), PHASES.get(gateway["State"])
            if name and phase and scope.owns(tags):
                address = _address(gateway)
                state = NatGatewayState(subnet=gateway["SubnetId"], address=address.get("AllocationId"))
                outputs = {"public_ip": address["PublicIp"]} if address.get("PublicIp") else {}
                yield Found(self.name, name, gateway["NatGatewayId"], state, tags, phase, outputs)

    def wanted(self, part: NatGateway, ids: Mapping[str, str]) -> NatGatewayState:
        """See the base."""
        return NatGatewayState(subnet=ids[part.subnet], address=ids[part.address])

    def create(self, scope: Scope, name: str, wanted: NatGatewayState) -> str:
        """A token for this call alone: sent again it makes no second one, and never answers with one since deleted."""
        gateway = when_visible(
            f"subnet {wanted.subnet} and address {wanted.address}",
            scope.ec2.create_nat_gateway,
            SubnetId=wanted.subnet,
            AllocationId=wanted.address,
            ClientToken=str(uuid4()),
            TagSpecifications=self.tag_specifications(scope, name, wanted, "natgateway"),
        )
        return str(gateway["NatGateway"]["NatGatewayId"])

    def ready(self, scope: Scope, id: str) -> None:
        """Takes about 90 s. One that fails has its reason told: no internet gateway, or no address left, say."""
        try:
            wait_for(scope, "ec2", "nat_gateway_available", f"NAT gateway {id}", 600, NatGatewayIds=[id])
        except CastraError as error:
            (gateway,) = scope.ec2.describe_nat_gateways(NatGatewayIds=[id])["NatGateways"]
            if gateway["State"] != "failed":
                raise
            why = f"it failed with {gateway.get('FailureCode')}: {gateway.get('FailureMessage')}"
            raise CastraError(error.what, why, "Mend that, and run again: a failed one is replaced") from error

    def update(self, scope: Scope, id: str, wanted: NatGatewayState, changed: frozenset[str]) -> None:
        """There's nothing to change in place."""

    def delete(self, scope: Scope, id: str) -> None:
        """Returns once it's deleted, after about a minute, so that its address and its subnet are free."""
        with gone_is_fine("NatGatewayNotFound", "InvalidNatGatewayID.NotFound"):
            scope.ec2.delete_nat_gateway(NatGatewayId=id)
            wait_for(scope, "ec2", "nat_gateway_deleted", f"NAT gateway {id}", 600, NatGatewayIds=[id])


def _address(gateway: Mapping[str, Any]) -> Mapping[str, Any]:
    """The address it was made with; others may have been added by hand."""
    addresses: list[Mapping[str, Any]] = gateway.get("NatGatewayAddresses", [])
    return min(addresses, key=lambda address: not address.get("IsPrimary", False), default={})
