"""Internet gateways, attached to their VPC."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.gateways import InternetGateway
from tasks.errors import gone_is_fine
from tasks.kind import Fixed, Found, Kind, State
from tasks.retry import when_released, when_visible
from tasks.scope import Scope, as_dict


class InternetGatewayState(State):
    """https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html"""

    vpc: Fixed[str | None]
    """None is told only of one that isn't attached (yet)."""


class InternetGatewayKind(Kind[InternetGateway, InternetGatewayState]):
    """Internet gateways, attached to their VPC."""

    name = "internet-gateway"
    whole_at_birth = False
    actions = (
        "ec2:AttachInternetGateway",
        "ec2:CreateInternetGateway",
        "ec2:CreateTags",
        "ec2:DeleteInternetGateway",
        "ec2:DeleteTags",
        "ec2:DescribeInternetGateways",
        "ec2:DetachInternetGateway",
    )

    def owned(self, scope: Scope) -> Iterator[Found[InternetGatewayState]]:
        """DescribeInternetGateways, filtered by tag."""
        gateways = scope.pages("ec2", "describe_internet_gateways", "InternetGateways", Filters=scope.filters)
        for gateway in gateways:
            tags = as_dict(gateway.get("Tags"))
            if name := self.named_in(tags):
                state = InternetGatewayState(vpc=next(iter(_vpcs(gateway)), None))
                yield Found(self.name, name, gateway["InternetGatewayId"], state, tags)

    def wanted(self, part: InternetGateway, ids: Mapping[str, str]) -> InternetGatewayState:
        """See the base."""
        return InternetGatewayState(vpc=ids[part.vpc])

    def create(self, scope: Scope, name: str, wanted: InternetGatewayState) -> str:
        """CreateInternetGateway has no ClientToken: sent once. It takes no VPC: attaching is a call of its own."""
        tags = self.tag_specifications(scope, name, wanted, "internet-gateway")
        gateway = scope.ec2_once.create_internet_gateway(TagSpecifications=tags)
        id = str(gateway["InternetGateway"]["InternetGatewayId"])
        self.update(scope, id, wanted, frozenset({"vpc"}))
        return id

    def update(self, scope: Scope, id: str, wanted: InternetGatewayState, changed: frozenset[str]) -> None:
        """Attach one that isn't attached. Sent once: attached by a call whose answer was lost, it's found attached."""
        if "vpc" in changed:
            attach = scope.ec2_once.attach_internet_gateway
            when_visible(f"internet gateway {id}", attach, InternetGatewayId=id, VpcId=wanted.vpc)

    def delete(self, scope: Scope, id: str) -> None:
        """Detached first, which AWS refuses while public addresses are mapped in the VPC; waits for them to go."""
        with gone_is_fine("InvalidInternetGatewayID.NotFound"):
            (gateway,) = scope.ec2.describe_internet_gateways(InternetGatewayIds=[id])["InternetGateways"]
            for vpc in _vpcs(gateway):
                with gone_is_fine("Gateway.NotAttached"):
                    detach = scope.ec2.detach_internet_gateway
                    when_released(f"public addresses in vpc {vpc} to go", detach, InternetGatewayId=id, VpcId=vpc)
            when_released(f"internet gateway {id} to detach", scope.ec2.delete_internet_gateway, InternetGatewayId=id)


def _vpcs(gateway: Mapping[str, Any]) -> list[str]:
    """The VPCs it's attached to: one at most."""
    return [at["VpcId"] for at in gateway.get("Attachments", []) if at["State"] not in ("detaching", "detached")]
