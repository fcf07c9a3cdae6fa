"""VPCs: AWS refuses to pull away what something stands on."""

from tests.physics import Physics
from tests.physics.builds import Builds, code_of


def test_group_of_an_instance_cannot_be_deleted(make: Builds) -> None:
    vpc = make.vpc()
    group = make.group(vpc)
    instance = make.instance(make.subnet(vpc), group)
    assert code_of(make.ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    make.ec2.terminate_instances(InstanceIds=[instance])
    make.ec2.delete_security_group(GroupId=group)
    assert make.ec2.describe_security_groups(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroups"] == []


def test_group_of_a_load_balancer_cannot_be_deleted(make: Builds) -> None:
    vpc = make.vpc()
    group = make.group(vpc)
    balancer = make.balancer(make.subnet(vpc, 0), make.subnet(vpc, 1), groups=(group,))
    assert code_of(make.ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    make.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    make.ec2.delete_security_group(GroupId=group)
    assert code_of(make.ec2.describe_security_groups, GroupIds=[group]) == "InvalidGroup.NotFound"


def test_group_named_in_another_groups_rule_cannot_be_deleted(make: Builds) -> None:
    vpc = make.vpc()
    one, other = make.group(vpc, "one"), make.group(vpc, "other")
    rule = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": one}]}]
    make.ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=rule)
    assert code_of(make.ec2.delete_security_group, GroupId=one) == "DependencyViolation"
    make.ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=rule)
    make.ec2.delete_security_group(GroupId=one)
    assert code_of(make.ec2.describe_security_groups, GroupIds=[one]) == "InvalidGroup.NotFound"


def test_default_group_cannot_be_deleted(make: Builds) -> None:
    vpc = make.vpc()
    [group] = make.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    assert code_of(make.ec2.delete_security_group, GroupId=group["GroupId"]) == "CannotDelete"


def test_subnet_with_an_instance_cannot_be_deleted(make: Builds) -> None:
    subnet = make.subnet(make.vpc())
    instance = make.instance(subnet)
    assert code_of(make.ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    make.ec2.terminate_instances(InstanceIds=[instance])
    make.ec2.delete_subnet(SubnetId=subnet)
    assert code_of(make.ec2.describe_subnets, SubnetIds=[subnet]) == "InvalidSubnetID.NotFound"


def test_subnet_with_a_nat_gateway_cannot_be_deleted(make: Builds) -> None:
    subnet = make.subnet(make.vpc())
    nat, _ = make.nat(subnet)
    assert code_of(make.ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    make.ec2.delete_nat_gateway(NatGatewayId=nat)
    make.ec2.delete_subnet(SubnetId=subnet)
    assert code_of(make.ec2.describe_subnets, SubnetIds=[subnet]) == "InvalidSubnetID.NotFound"


def test_subnet_with_a_load_balancer_cannot_be_deleted(make: Builds) -> None:
    vpc = make.vpc()
    one, other = make.subnet(vpc, 0), make.subnet(vpc, 1)
    make.balancer(one, other)
    assert code_of(make.ec2.delete_subnet, SubnetId=one) == "DependencyViolation"


def test_vpc_with_a_gateway_or_group_cannot_be_deleted(make: Builds) -> None:
    with_gateway, with_group = make.vpc(), make.vpc(gateway=False)
    group = make.group(with_group)
    assert code_of(make.ec2.delete_vpc, VpcId=with_gateway) == "DependencyViolation"
    assert code_of(make.ec2.delete_vpc, VpcId=with_group) == "DependencyViolation"
    make.ec2.delete_security_group(GroupId=group)
    make.ec2.delete_vpc(VpcId=with_group)
    assert code_of(make.ec2.describe_vpcs, VpcIds=[with_group]) == "InvalidVpcID.NotFound"


def test_vpc_takes_one_internet_gateway(make: Builds) -> None:
    vpc = make.vpc()
    second = make.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    assert code_of(make.ec2.attach_internet_gateway, InternetGatewayId=second, VpcId=vpc) == "InvalidParameterValue"


def test_gateway_cannot_be_detached_while_addresses_are_mapped(make: Builds) -> None:
    vpc = make.vpc(gateway=False)
    gateway = make.gateway(vpc)
    instance = make.instance(make.subnet(vpc, public=True))
    detach = {"InternetGatewayId": gateway, "VpcId": vpc}
    assert code_of(make.ec2.detach_internet_gateway, **detach) == "DependencyViolation"
    make.ec2.terminate_instances(InstanceIds=[instance])
    make.ec2.detach_internet_gateway(**detach)
    [found] = make.ec2.describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"]
    assert found["Attachments"] == []


def test_gateway_cannot_be_detached_while_a_nat_gateway_has_an_address(make: Builds) -> None:
    vpc = make.vpc(gateway=False)
    gateway = make.gateway(vpc)
    make.nat(make.subnet(vpc))
    asked = {"InternetGatewayId": gateway, "VpcId": vpc}
    assert code_of(make.ec2.detach_internet_gateway, **asked) == "DependencyViolation"


def test_address_of_a_nat_gateway_cannot_be_released(make: Builds) -> None:
    nat, allocation = make.nat(make.subnet(make.vpc()))
    assert code_of(make.ec2.release_address, AllocationId=allocation) == "InvalidIPAddress.InUse"
    make.ec2.delete_nat_gateway(NatGatewayId=nat)
    make.ec2.release_address(AllocationId=allocation)
    assert make.ec2.describe_addresses()["Addresses"] == []


def test_interface_in_use_cannot_be_deleted(make: Builds) -> None:
    make.instance(make.subnet(make.vpc()))
    [interface] = make.ec2.describe_network_interfaces()["NetworkInterfaces"]
    refused = code_of(make.ec2.delete_network_interface, NetworkInterfaceId=interface["NetworkInterfaceId"])
    assert refused == "InvalidParameterValue"


def test_nat_gateway_in_a_vpc_without_internet_gateway_fails(make: Builds) -> None:
    nat, _ = make.nat(make.subnet(make.vpc(gateway=False)))
    [found] = make.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"]
    assert found["State"] == "failed"


def test_unknown_nat_gateway_is_an_error(make: Builds) -> None:
    assert code_of(make.ec2.describe_nat_gateways, NatGatewayIds=["nat-0123456789abcdef0"]) == "NatGatewayNotFound"
    assert code_of(make.ec2.delete_nat_gateway, NatGatewayId="nat-0123456789abcdef0") == "NatGatewayNotFound"


def test_dry_run_answers_and_does_nothing(make: Builds, aws: Physics) -> None:
    before = len(make.ec2.describe_vpcs()["Vpcs"])
    assert code_of(make.ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True) == "DryRunOperation"
    assert len(make.ec2.describe_vpcs()["Vpcs"]) == before
