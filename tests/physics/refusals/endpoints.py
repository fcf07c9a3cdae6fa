"""Private names of endpoints: the VPC's resolver must answer, and one name leads to one endpoint."""

from tests.physics.answers import Refused
from tests.physics.gaps.endpoints import with_interfaces
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World


@before("ec2:CreateVpcEndpoint")
def private_names(request: Request, world: World) -> None:
    if request.text("VpcEndpointType") != "Interface" or request.text("PrivateDnsEnabled") == "false":
        return
    ec2, vpc_id, service = world.backend(request), request.text("VpcId"), request.text("ServiceName")
    vpc = ec2.vpcs.get(vpc_id)
    if vpc and "false" in (str(vpc.enable_dns_support).lower(), str(vpc.enable_dns_hostnames).lower()):
        why = "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true"
        raise Refused("InvalidParameter", f"{why} for {vpc_id}")
    standing = [each for each in ec2.vpc_end_points.values() if each.vpc_id == vpc_id and each.state != "deleted"]
    named = [each for each in standing if with_interfaces(each) and each.private_dns_enabled]
    if service in (each.service_name for each in named):
        why = "private-dns-enabled cannot be set because there is already a conflicting DNS domain"
        raise Refused("InvalidParameter", f"{why} for {service} in the VPC {vpc_id}")
