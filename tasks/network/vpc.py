"""Virtual private clouds."""

from collections.abc import Iterator, Mapping

from blueprints.network import Vpc
from tasks.errors import gone_is_fine
from tasks.kind import Fixed, Found, Kind, Phase, State
from tasks.retry import when_released, when_visible
from tasks.scope import Scope, as_dict
from tasks.waiting import wait_for


class VpcState(State):
    """https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html"""

    cidr: Fixed[str]
    dns_support: bool
    dns_hostnames: bool


class VpcKind(Kind[Vpc, VpcState]):
    """Virtual private clouds."""

    name = "vpc"
    holds = "everything in it"
    whole_at_birth = False
    actions = (
        "ec2:CreateTags",
        "ec2:CreateVpc",
        "ec2:DeleteTags",
        "ec2:DeleteVpc",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcs",
        "ec2:ModifyVpcAttribute",
    )

    def owned(self, scope: Scope) -> Iterator[Found[VpcState]]:
        """DescribeVpcs, and two calls a VPC for its DNS settings: AWS tells one attribute a call."""
        for vpc in scope.pages("ec2", "describe_vpcs", "Vpcs", Filters=scope.filters):
            tags = as_dict(vpc.get("Tags"))
            if name := self.named_in(tags):
                state = VpcState(
                    cidr=vpc["CidrBlock"],
                    dns_support=_attribute(scope, vpc["VpcId"], "enableDnsSupport"),
                    dns_hostnames=_attribute(scope, vpc["VpcId"], "enableDnsHostnames"),
                )
                phase: Phase = "standing" if vpc["State"] == "available" else "pending"
                yield Found(self.name, name, vpc["VpcId"], state, tags, phase)

    def wanted(self, part: Vpc, ids: Mapping[str, str]) -> VpcState:
        """See the base."""
        return VpcState(cidr=str(part.cidr), dns_support=part.dns_support, dns_hostnames=part.dns_hostnames)

    def create(self, scope: Scope, name: str, wanted: VpcState) -> str:
        """CreateVpc has no ClientToken: sent once."""
        tags = self.tag_specifications(scope, name, wanted, "vpc")
        id = str(scope.ec2_once.create_vpc(CidrBlock=wanted.cidr, TagSpecifications=tags)["Vpc"]["VpcId"])
        born = VpcState(cidr=wanted.cidr, dns_support=True, dns_hostnames=False)
        if changed := frozenset(name for name in VpcState.model_fields if getattr(born, name) != getattr(wanted, name)):
            self.update(scope, id, wanted, changed)
        return id

    def ready(self, scope: Scope, id: str) -> None:
        """A VPC takes about 4 s."""
        wait_for(scope, "ec2", "vpc_available", f"vpc {id}", 120, VpcIds=[id])

    def update(self, scope: Scope, id: str, wanted: VpcState, changed: frozenset[str]) -> None:
        """One attribute a call; host names need the resolver, so it is turned on before them and off after them."""
        settings = {
            "dns_support": {"EnableDnsSupport": {"Value": wanted.dns_support}},
            "dns_hostnames": {"EnableDnsHostnames": {"Value": wanted.dns_hostnames}},
        }
        for field in sorted(changed & settings.keys(), reverse=wanted.dns_support):
            when_visible(f"vpc {id}", scope.ec2.modify_vpc_attribute, VpcId=id, **settings[field])

    def delete(self, scope: Scope, id: str) -> None:
        """Waits for what is still leaving it."""
        with gone_is_fine("InvalidVpcID.NotFound"):
            when_released(f"what is in vpc {id} to go", scope.ec2.delete_vpc, VpcId=id)


def _attribute(scope: Scope, id: str, attribute: str) -> bool:
    answer = scope.ec2.describe_vpc_attribute(VpcId=id, Attribute=attribute)
    return bool(answer[attribute[0].upper() + attribute[1:]]["Value"])
