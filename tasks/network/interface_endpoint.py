"""Interface endpoints: the private way to most of AWS's services."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from blueprints.endpoints import InterfaceEndpoint
from tasks.errors import Invalid
from tasks.kind import Fixed, Found, Kind, State, Unordered
from tasks.network import endpoint as both
from tasks.retry import when_visible
from tasks.scope import Scope, as_dict


class InterfaceEndpointState(State):
    """https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"""

    vpc: Fixed[str]
    service: Fixed[str]
    subnets: Unordered[str]
    groups: Unordered[str]
    private_dns: bool
    policy: str | None


class InterfaceEndpointKind(Kind[InterfaceEndpoint, InterfaceEndpointState]):
    """Interface endpoints: the private way to most of AWS's services."""

    name = "interface-endpoint"
    goes_first = True  # a service's private name leads to one endpoint in a VPC
    actions = (
        "ec2:CreateTags",
        "ec2:CreateVpcEndpoint",
        "ec2:DeleteTags",
        "ec2:DeleteVpcEndpoints",
        "ec2:DescribeVpcEndpoints",
        "ec2:ModifyVpcEndpoint",
    )

    def owned(self, scope: Scope) -> Iterator[Found[InterfaceEndpointState]]:
        """DescribeVpcEndpoints, filtered by tag: one listing for this kind and for `gateway-endpoint`."""
        for endpoint in both.endpoints(scope):
            tags = as_dict(endpoint.get("Tags"))
            name, phase = self.named_in(tags), both.PHASES.get(endpoint["State"].lower())
            if name and phase:
                state = InterfaceEndpointState(
                    vpc=endpoint["VpcId"],
                    service=both.short_name(scope, endpoint["ServiceName"]),
                    subnets=tuple(endpoint.get("SubnetIds", ())),
                    groups=tuple(group["GroupId"] for group in endpoint.get("Groups", ())),
                    private_dns=bool(endpoint.get("PrivateDnsEnabled")),
                    policy=both.policy_text(endpoint.get("PolicyDocument")),
                )
                yield Found(self.name, name, endpoint["VpcEndpointId"], state, tags, phase, _outputs(endpoint))

    def wanted(self, part: InterfaceEndpoint, ids: Mapping[str, str]) -> InterfaceEndpointState:
        """See the base. Raises Invalid with the place of all that's wrong in its policy."""
        if wrong := list(both.policy_problems(part.policy, f"{part.where or part.key}.policy")):
            raise Invalid("The blueprint", wrong)
        return InterfaceEndpointState(
            vpc=ids[part.vpc],
            service=part.service,
            subnets=tuple(ids[subnet] for subnet in part.subnets),
            groups=tuple(ids[group] for group in part.groups),
            private_dns=part.private_dns,
            policy=both.policy_text(part.policy),
        )

    def create(self, scope: Scope, name: str, wanted: InterfaceEndpointState) -> str:
        """A token for this call alone: sent again it makes no second one, and never answers with one since deleted."""
        endpoint = when_visible(
            f"vpc {wanted.vpc}, its subnets and groups",
            scope.ec2.create_vpc_endpoint,
            VpcEndpointType="Interface",
            VpcId=wanted.vpc,
            ServiceName=both.service_name(scope, wanted.service),
            SubnetIds=list(wanted.subnets),
            SecurityGroupIds=list(wanted.groups),
            PrivateDnsEnabled=wanted.private_dns,
            ClientToken=str(uuid4()),
            TagSpecifications=self.tag_specifications(scope, name, wanted, "vpc-endpoint"),
            **({"PolicyDocument": wanted.policy} if wanted.policy else {}),
        )
        return str(endpoint["VpcEndpoint"]["VpcEndpointId"])

    def ready(self, scope: Scope, id: str) -> None:
        """Takes one to three minutes, in which AWS makes an interface in each subnet."""
        both.await_endpoint(scope, id)

    def update(self, scope: Scope, id: str, wanted: InterfaceEndpointState, changed: frozenset[str]) -> None:
        """All in one call, which AWS takes only of one that isn't pending."""
        both.await_endpoint(scope, id)
        endpoint = both.described(scope, id) or {}
        subnets, groups = endpoint.get("SubnetIds", ()), (group["GroupId"] for group in endpoint.get("Groups", ()))
        given: dict[str, Any] = {
            **both.difference("AddSubnetIds", "RemoveSubnetIds", set(subnets), set(wanted.subnets)),
            **both.difference("AddSecurityGroupIds", "RemoveSecurityGroupIds", set(groups), set(wanted.groups)),
        }
        if "private_dns" in changed:
            given["PrivateDnsEnabled"] = wanted.private_dns
        if "policy" in changed:
            given |= both.policy_arguments(wanted.policy)
        if given:
            when_visible("its subnets and groups", scope.ec2.modify_vpc_endpoint, VpcEndpointId=id, **given)

    def delete(self, scope: Scope, id: str) -> None:
        """Returns once its interfaces are gone, which hold its subnets and groups until then: a minute or two."""
        both.delete_endpoint(scope, id)


def _outputs(endpoint: Mapping[str, Any]) -> dict[str, str]:
    """The name that leads here from anywhere in the VPC, private names or not."""
    names = [entry["DnsName"] for entry in endpoint.get("DnsEntries", []) if entry.get("DnsName")]
    return {"dns_name": names[0]} if names else {}
