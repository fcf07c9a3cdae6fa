"""VPCs: what is in use can't be deleted. Codes from the EC2 API reference, Error codes."""

from typing import Any

from tests.physics import interfaces
from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World

DEPENDENCY = "DependencyViolation"


@before("ec2:*")
def dry_run(request: Request, world: World) -> None:
    if request.flag("DryRun"):
        raise Refused("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)


@before("ec2:DeleteSecurityGroup")
def group_in_use(request: Request, world: World) -> None:
    ec2, group_id = world.backend(request), request.text("GroupId")
    group = ec2.get_security_group_from_id(group_id)
    if group and group.name == "default":
        raise Refused("CannotDelete", f'the specified group: "{group_id}" name: "default" cannot be deleted by a user')
    for eni in interfaces.of_group(ec2, group_id):
        raise Refused(DEPENDENCY, f"resource {group_id} has a dependent object ({interfaces.holder(eni)})")
    for other in (each for groups in ec2.groups.values() for each in groups.values()):
        if other.id != group_id and names_group(other, group_id):
            raise Refused(DEPENDENCY, f"resource {group_id} has a dependent object (a rule of {other.id})")


def names_group(group: Any, group_id: str) -> bool:
    rules = [*group.ingress_rules, *group.egress_rules]
    return any(rule.source_group.get("GroupId") == group_id for rule in rules)


@before("ec2:DeleteSubnet")
def subnet_in_use(request: Request, world: World) -> None:
    subnet_id = request.text("SubnetId")
    for eni in interfaces.in_subnet(world.backend(request), subnet_id):
        why = f"The subnet '{subnet_id}' has dependencies and cannot be deleted. ({interfaces.holder(eni)})"
        raise Refused(DEPENDENCY, why)


@before("ec2:DeleteVpc")
def vpc_in_use(request: Request, world: World) -> None:
    ec2, vpc_id = world.backend(request), request.text("VpcId")
    gateways = [*ec2.internet_gateways.values(), *ec2.egress_only_internet_gateways.values()]
    held = [
        *(gateway.id for gateway in gateways if any(each["VpcId"] == vpc_id for each in gateway.attachments)),
        *(group.id for group in ec2.groups.get(vpc_id, {}).values() if group.name != "default"),
        *(end.id for end in ec2.vpc_end_points.values() if end.vpc_id == vpc_id and end.state != "deleted"),
        *(
            nat.id
            for nat in ec2.nat_gateways.values()
            if nat.vpc_id == vpc_id and nat.state not in ("deleted", "failed")
        ),
        *(eni.id for eni in interfaces.in_vpc(ec2, vpc_id)),
        *(acl.id for acl in ec2.network_acls.values() if acl.vpc_id == vpc_id and str(acl.default).lower() != "true"),
    ]
    if held:
        raise Refused(DEPENDENCY, f"The vpc '{vpc_id}' has dependencies and cannot be deleted. ({', '.join(held)})")


@before("ec2:AttachInternetGateway")
def vpc_has_gateway(request: Request, world: World) -> None:
    vpc_id = request.text("VpcId")
    for gateway in world.backend(request).internet_gateways.values():
        if gateway.vpc and gateway.vpc.id == vpc_id and gateway.id != request.text("InternetGatewayId"):
            why = f"Network {vpc_id} already has an internet gateway attached"
            raise Refused("InvalidParameterValue", why)


@before("ec2:DetachInternetGateway")
def addresses_mapped(request: Request, world: World) -> None:
    vpc_id = request.text("VpcId")
    if any(eni.public_ip for eni in interfaces.in_vpc(world.backend(request), vpc_id)):
        why = f"Network {vpc_id} has some mapped public address(es). Please unmap those before detaching the gateway."
        raise Refused(DEPENDENCY, why)


@before("ec2:ReleaseAddress")
def address_in_use(request: Request, world: World) -> None:
    asked = {request.text("AllocationId"), request.text("PublicIp")} - {""}
    for address in world.backend(request).addresses:
        if {address.allocation_id, address.public_ip} & asked and address.eni:
            raise Refused("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")


@before("ec2:DisassociateAddress")
def address_of_nat(request: Request, world: World) -> None:
    asked = {request.text("AssociationId"), request.text("PublicIp")} - {""}
    for address in world.backend(request).addresses:
        if {address.association_id, address.public_ip} & asked and address.eni and address.eni.requester_managed:
            raise Refused("OperationNotPermitted", "You do not have permission to access the specified resource.")


@before("ec2:DeleteNetworkInterface")
def interface_in_use(request: Request, world: World) -> None:
    eni = world.backend(request).enis.get(request.text("NetworkInterfaceId"))
    if eni and eni.status == "in-use":
        raise Refused("InvalidParameterValue", f"Network interface '{eni.id}' is currently in use.")


@before("ec2:DeleteNatGateway")
def nat_unknown(request: Request, world: World) -> None:
    nat_id = request.text("NatGatewayId")
    if nat_id not in world.backend(request).nat_gateways:
        raise Refused("NatGatewayNotFound", f"The Nat Gateway {nat_id} was not found")


@before("ec2:DescribeNatGateways")
def nats_unknown(request: Request, world: World) -> None:
    known = world.backend(request).nat_gateways
    for nat_id in request.texts("NatGatewayId"):
        if nat_id not in known:
            raise Refused("NatGatewayNotFound", f"NAT gateway {nat_id} was not found")
