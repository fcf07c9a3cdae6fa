"""Listings that go on after what was deleted between two pages."""

import pytest

from tests.physics.builds import Builds


def test_groups_go_on_after_the_last_one_told_though_it_is_deleted(make: Builds) -> None:
    template, subnet = make.template(), make.subnet(make.vpc())
    for name in "abcdef":
        make.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=1,
            VPCZoneIdentifier=subnet,
            LaunchTemplate={"LaunchTemplateId": template},
        )
    page = make.autoscaling.describe_auto_scaling_groups(MaxRecords=3)
    for gone in "bce":
        make.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=gone)
    rest = make.autoscaling.describe_auto_scaling_groups(MaxRecords=3, NextToken=page["NextToken"])
    assert [each["AutoScalingGroupName"] for each in rest["AutoScalingGroups"]] == ["d", "f"]
    assert "NextToken" not in rest
    whole = make.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert [each["AutoScalingGroupName"] for each in whole] == ["a", "d", "f"]


@pytest.mark.parametrize("service", ["elbv2", "elb"])
def test_balancers_go_on_after_the_last_one_told_though_it_is_deleted(make: Builds, service: str) -> None:
    vpc = make.vpc()
    subnets, client = [make.subnet(vpc, number, public=True) for number in (0, 1)], make.aws.client(service)

    def create(name: str) -> str:
        if service == "elbv2":
            arn: str = client.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
            return arn
        listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}
        client.create_load_balancer(LoadBalancerName=name, Subnets=subnets, Listeners=[listener])
        return name

    def page(**asked: object) -> tuple[list[str], str | None]:
        told = client.describe_load_balancers(PageSize=2, **asked)
        rows = told["LoadBalancers" if service == "elbv2" else "LoadBalancerDescriptions"]
        return [row["LoadBalancerName"] for row in rows], told.get("NextMarker")

    ids = {name: create(name) for name in "abcd"}
    first, marker = page()
    assert first == ["a", "b"]
    client.delete_load_balancer(**{"LoadBalancerArn" if service == "elbv2" else "LoadBalancerName": ids["b"]})
    assert page(Marker=marker) == (["c", "d"], None)
    assert page()[0] == ["a", "c"]
