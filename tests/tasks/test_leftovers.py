"""A tear-down's last look finds what no kind lists, and says what to do about it."""

from typing import Any

import pytest

from blueprints.network import Subnet, Vpc
from tasks.leftovers import left_over
from tasks.scope import Scope, as_list
from tests.conductor import raise_all
from tests.physics import Physics

PARTS = (
    Vpc(name="main", cidr="10.0.0.0/16"),
    Subnet(name="a", vpc="vpc/main", cidr="10.0.0.0/24", zone="eu-west-1a"),
)


@pytest.fixture
def ids(scope: Scope) -> dict[str, Any]:
    raise_all(scope, PARTS)
    subnet = scope.ec2.describe_subnets(Filters=scope.filters)["Subnets"][0]
    return {"subnet": subnet["SubnetId"], "vpc": subnet["VpcId"]}


def test_after_a_clean_strike_nothing_is_left(scope: Scope, ids: dict[str, Any]) -> None:
    raise_all(scope, ())
    assert left_over(scope) == {}


def test_what_still_stands_of_the_environment_is_told_with_its_phase(scope: Scope, ids: dict[str, Any]) -> None:
    left = left_over(scope)
    assert left.keys() == {f"vpc/main {ids['vpc']}", f"subnet/a {ids['subnet']}"}
    assert all(why == "it is standing. Run castra down again" for why in left.values())


def test_what_others_made_in_its_vpc_is_named_with_who_holds_it(scope: Scope, ids: dict[str, Any]) -> None:
    group = scope.ec2.create_security_group(GroupName="theirs", Description="x", VpcId=ids["vpc"])["GroupId"]
    made = scope.ec2.create_network_interface(SubnetId=ids["subnet"], Description="a database's")
    interface = made["NetworkInterface"]["NetworkInterfaceId"]
    left = left_over(scope)
    assert f"security group {group}" in left
    assert "a database's" in left[f"network interface {interface}"]
    assert left.keys() & {f"subnet {ids['subnet']}"} == set()


def test_what_carries_the_tag_without_being_a_part_is_found_wherever_it_is(scope: Scope) -> None:
    tags = [{"ResourceType": "volume", "Tags": as_list({"castra:environment": str(scope.environment)})}]
    volume = scope.ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1, TagSpecifications=tags)["VolumeId"]
    left = left_over(scope)
    assert left.keys() == {f"volume {volume}"}
    assert "outlives its instance" in left[f"volume {volume}"]


def test_a_look_at_what_is_left_writes_nothing(scope: Scope, ids: dict[str, Any], aws: Physics) -> None:
    before = len(aws.writes())
    left_over(scope)
    assert len(aws.writes()) == before
