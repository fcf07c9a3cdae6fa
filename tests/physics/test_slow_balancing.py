"""Load balancers hold what they stood in for a while after their end: network ones addresses, classic ones groups."""

from collections.abc import Iterator

import pytest

from tests.physics import Physics
from tests.physics.builds import Builds, code_of
from tests.physics.test_gaps_balancing import classic, network_balancer, ports, static


@pytest.fixture(scope="module")
def stage() -> Iterator[Builds]:
    """An emulator in which a balancer's interfaces go a minute after it."""
    with Physics("calm", times={"balancer_gone": 60}) as aws:
        yield Builds(aws)


def test_static_addresses_are_told_and_held_until_the_balancer_has_left_them(make: Builds) -> None:
    subnet, allocation = make.subnet(make.vpc()), make.ec2.allocate_address(Domain="vpc")["AllocationId"]
    arn = network_balancer(make, (subnet, allocation))
    assert static(make) == {subnet: allocation}
    make.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    assert code_of(make.ec2.release_address, AllocationId=allocation) == "InvalidIPAddress.InUse"
    make.aws.advance(61)
    make.ec2.release_address(AllocationId=allocation)


def test_a_classic_balancer_holds_its_subnets_and_groups_for_a_while_after_its_end(make: Builds) -> None:
    vpc = make.vpc()
    subnet, group = make.subnet(vpc), make.group(vpc)
    old = classic(make, *ports(80), subnets=[subnet], SecurityGroups=[group])
    make.elb.delete_load_balancer(**old)
    assert code_of(make.ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    assert code_of(make.ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    make.aws.advance(61)
    make.ec2.delete_security_group(GroupId=group)
    make.ec2.delete_subnet(SubnetId=subnet)
