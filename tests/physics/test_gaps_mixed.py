"""Where moto leaves something out of mixed instances."""

from tests.physics.builds import Builds


def test_members_of_a_mixed_group_tell_their_weight_and_those_of_a_plain_one_none(make: Builds) -> None:
    template, subnet = make.template(), make.subnet(make.vpc())
    types = {
        "LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "$Latest"},
        "Overrides": [{"InstanceType": "t3.large", "WeightedCapacity": "2"}],
    }
    make.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="mixed",
        MinSize=4,
        MaxSize=4,
        MixedInstancesPolicy={"LaunchTemplate": types},
        VPCZoneIdentifier=subnet,
    )
    make.scaling_group(template, subnet)
    groups = make.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    weights = {
        group["AutoScalingGroupName"]: [one.get("WeightedCapacity") for one in group["Instances"]] for group in groups
    }
    assert weights == {"mixed": ["2", "2"], "web": [None]}
