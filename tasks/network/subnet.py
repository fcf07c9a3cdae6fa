"""Subnets, public and private."""

from collections.abc import Iterator, Mapping

from blueprints.network import Subnet
from tasks.errors import gone_is_fine
from tasks.kind import Fixed, Found, Kind, Phase, State
from tasks.retry import when_released, when_visible
from tasks.scope import Scope, as_dict
from tasks.waiting import wait_for


class SubnetState(State):
    """https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html"""

    vpc: Fixed[str]
    cidr: Fixed[str]
    zone: Fixed[str]
    public_addresses: bool


class SubnetKind(Kind[Subnet, SubnetState]):
    """Subnets, public and private."""

    name = "subnet"
    holds = "every address in it"
    whole_at_birth = False
    actions = (
        "ec2:CreateSubnet",
        "ec2:CreateTags",
        "ec2:DeleteSubnet",
        "ec2:DeleteTags",
        "ec2:DescribeSubnets",
        "ec2:ModifySubnetAttribute",
    )

    def owned(self, scope: Scope) -> Iterator[Found[SubnetState]]:
        """DescribeSubnets, filtered by tag."""
        for subnet in scope.pages("ec2", "describe_subnets", "Subnets", Filters=scope.filters):
            tags = as_dict(subnet.get("Tags"))
            if name := self.named_in(tags):
                state = SubnetState(
                    vpc=subnet["VpcId"],
                    cidr=subnet["CidrBlock"],
                    zone=subnet["AvailabilityZone"],
                    public_addresses=subnet["MapPublicIpOnLaunch"],
                )
                phase: Phase = "standing" if subnet["State"] == "available" else "pending"
                yield Found(self.name, name, subnet["SubnetId"], state, tags, phase)

    def wanted(self, part: Subnet, ids: Mapping[str, str]) -> SubnetState:
        """See the base."""
        return SubnetState(
            vpc=ids[part.vpc], cidr=str(part.cidr), zone=part.zone, public_addresses=part.public_addresses
        )

    def create(self, scope: Scope, name: str, wanted: SubnetState) -> str:
        """CreateSubnet has no ClientToken: sent once."""
        subnet = when_visible(
            f"vpc {wanted.vpc}",
            scope.ec2_once.create_subnet,
            VpcId=wanted.vpc,
            CidrBlock=wanted.cidr,
            AvailabilityZone=wanted.zone,
            TagSpecifications=self.tag_specifications(scope, name, wanted, "subnet"),
        )
        id = str(subnet["Subnet"]["SubnetId"])
        if wanted.public_addresses:
            self.update(scope, id, wanted, frozenset({"public_addresses"}))
        return id

    def ready(self, scope: Scope, id: str) -> None:
        """A subnet takes about 1 s."""
        wait_for(scope, "ec2", "subnet_available", f"subnet {id}", 120, SubnetIds=[id])

    def update(self, scope: Scope, id: str, wanted: SubnetState, changed: frozenset[str]) -> None:
        """Only whether instances get public addresses can be changed."""
        setting = {"Value": wanted.public_addresses}
        when_visible(f"subnet {id}", scope.ec2.modify_subnet_attribute, SubnetId=id, MapPublicIpOnLaunch=setting)

    def delete(self, scope: Scope, id: str) -> None:
        """Waits for the interfaces that are still leaving it."""
        with gone_is_fine("InvalidSubnetID.NotFound"):
            when_released(f"what is in subnet {id} to go", scope.ec2.delete_subnet, SubnetId=id)
