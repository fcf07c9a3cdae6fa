"""A call sent twice with one ClientToken makes one thing."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.physics.builds import Builds, code_of

Asked = dict[str, Any]


def machine(make: Builds) -> tuple[Callable[..., Any], Asked, Asked]:
    asked = {"ImageId": make.image(), "SubnetId": make.subnet(make.vpc()), "InstanceType": "t3.micro"}
    return make.ec2.run_instances, {**asked, "MinCount": 1, "MaxCount": 1}, {"InstanceType": "t3.small"}


def nat(make: Builds) -> tuple[Callable[..., Any], Asked, Asked]:
    vpc = make.vpc()
    address = make.ec2.allocate_address(Domain="vpc")["AllocationId"]
    other = {"SubnetId": make.subnet(vpc, 1)}
    return make.ec2.create_nat_gateway, {"SubnetId": make.subnet(vpc), "AllocationId": address}, other


def table(make: Builds) -> tuple[Callable[..., Any], Asked, Asked]:
    return make.ec2.create_route_table, {"VpcId": make.vpc()}, {"VpcId": make.vpc()}


def endpoint(make: Builds) -> tuple[Callable[..., Any], Asked, Asked]:
    asked = {"VpcId": make.vpc(), "ServiceName": "com.amazonaws.us-east-1.s3"}
    return make.ec2.create_vpc_endpoint, asked, {"ServiceName": "com.amazonaws.us-east-1.dynamodb"}


def template(make: Builds) -> tuple[Callable[..., Any], Asked, Asked]:
    asked = {"LaunchTemplateName": "web", "LaunchTemplateData": {"InstanceType": "t3.micro"}}
    return make.ec2.create_launch_template, asked, {"LaunchTemplateName": "other"}


def version(make: Builds) -> tuple[Callable[..., Any], Asked, Asked]:
    asked = {"LaunchTemplateId": make.template(), "LaunchTemplateData": {"InstanceType": "t3.small"}}
    return make.ec2.create_launch_template_version, asked, {"VersionDescription": "other"}


def volume(make: Builds) -> tuple[Callable[..., Any], Asked, Asked]:
    return make.ec2.create_volume, {"AvailabilityZone": "us-east-1a", "Size": 8}, {"Size": 9}


def copy(make: Builds) -> tuple[Callable[..., Any], Asked, Asked]:
    image = make.ec2.create_image(InstanceId=make.instance(make.subnet(make.vpc())), Name="golden")["ImageId"]
    asked = {"SourceImageId": image, "SourceRegion": "us-east-1", "Name": "copy"}
    return make.ec2.copy_image, asked, {"Name": "other"}


EACH = [machine, nat, table, endpoint, template, version, volume, copy]


@pytest.mark.parametrize("ask", EACH)
def test_a_token_used_again_gives_the_first_answer(make: Builds, ask: Callable[..., Any]) -> None:
    create, asked, other = ask(make)
    first, second = (without_meta(create(**asked, ClientToken="one")) for _ in range(2))
    assert first == second
    assert code_of(create, **{**asked, **other}, ClientToken="one") == "IdempotentParameterMismatch"


def test_the_second_call_makes_nothing(make: Builds) -> None:
    create, asked, _ = machine(make)
    for _ in range(2):
        create(**asked, ClientToken="one")
    assert len(make.ec2.describe_instances()["Reservations"]) == 1
    create(**asked, ClientToken="two")
    assert len(make.ec2.describe_instances()["Reservations"]) == 2


def without_meta(answer: Asked) -> Asked:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
