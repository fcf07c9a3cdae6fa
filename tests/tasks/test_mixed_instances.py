"""Several types, on demand and spot: in place from one to the other, and what was changed by hand put back."""

from typing import Any

from tasks.compute.groups import capacity
from tasks.compute.mixed_instances import mix_in
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.compute import BENEATH_GROUP, GROUP, MIXED, described

SMALL = GROUP.model_copy(update={"target_groups": ()})
MIXING = SMALL.model_copy(update={"mixed": MIXED})


def changes(scope: Scope, *parts: Any) -> list[str]:
    (step,) = look_and_plan(scope, parts).changes
    return [change.field for change in step.changes]


def test_plain_becomes_mixed_and_plain_again_in_place(scope: Scope, aws: Physics) -> None:
    raise_all(scope, (*BENEATH_GROUP, SMALL))
    before = len(aws.writes())
    raise_all(scope, (*BENEATH_GROUP, MIXING))
    group = described(scope, scope.name("web"))
    assert group["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"] == [
        {"InstanceType": "m7i.large", "WeightedCapacity": "2"},
        {"InstanceType": "m6i.xlarge", "WeightedCapacity": "4"},
    ]
    assert look_and_plan(scope, (*BENEATH_GROUP, MIXING)).settled
    raise_all(scope, (*BENEATH_GROUP, SMALL))
    group = described(scope, scope.name("web"))
    assert "MixedInstancesPolicy" not in group
    assert look_and_plan(scope, (*BENEATH_GROUP, SMALL)).settled
    operations = {call.operation for call in aws.writes()[before:]}
    assert operations == {"UpdateAutoScalingGroup", "CreateOrUpdateTags"}


def test_made_mixed_it_names_the_templates_default_version(scope: Scope) -> None:
    raise_all(scope, (*BENEATH_GROUP, MIXING))
    group = described(scope, scope.name("web"))
    named = group["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]
    assert named["Version"] == "$Default"
    assert look_and_plan(scope, (*BENEATH_GROUP, MIXING)).settled


def test_the_order_of_types_is_the_order_of_choice(scope: Scope) -> None:
    raise_all(scope, (*BENEATH_GROUP, MIXING))
    turned = MIXED.model_copy(update={"types": MIXED.types[::-1]})
    assert changes(scope, *BENEATH_GROUP, MIXING.model_copy(update={"mixed": turned})) == ["mixed"]


def test_a_price_limit_and_another_strategy_set_by_hand_are_drift_and_put_back(scope: Scope) -> None:
    raise_all(scope, (*BENEATH_GROUP, MIXING))
    policy = described(scope, scope.name("web"))["MixedInstancesPolicy"]
    del policy["LaunchTemplate"]["LaunchTemplateSpecification"]["LaunchTemplateName"]
    policy["InstancesDistribution"] |= {"SpotMaxPrice": "0.05", "SpotAllocationStrategy": "lowest-price"}
    scope.autoscaling.update_auto_scaling_group(AutoScalingGroupName=scope.name("web"), MixedInstancesPolicy=policy)
    plan = raise_all(scope, (*BENEATH_GROUP, MIXING))
    (change,) = plan.changes[0].changes
    assert (change.from_["max_price"], change.from_["spot_strategy"]) == ("0.05", "lowest-price")
    assert (change.to["max_price"], change.to["spot_strategy"]) == ("", "capacity-optimized")
    assert plan.changes[0].because == "changed by hand"
    assert look_and_plan(scope, (*BENEATH_GROUP, MIXING)).settled


def test_a_weighted_group_is_ready_when_its_instances_count_enough(scope: Scope) -> None:
    raise_all(scope, (*BENEATH_GROUP, MIXING.model_copy(update={"min": 4, "max": 8})))
    group = described(scope, scope.name("web"))
    assert len(group["Instances"]) < capacity(group) >= 4


def test_defaults_of_aws_are_read_where_a_group_does_not_say() -> None:
    told = {"MixedInstancesPolicy": {"LaunchTemplate": {"Overrides": [{"InstanceRequirements": {}}]}}}
    mix = mix_in(told)
    assert mix is not None
    assert (mix.on_demand_percentage, mix.spot_strategy, mix.types[0].type) == (100, "lowest-price", "")
    assert mix_in({"LaunchTemplate": {"LaunchTemplateId": "lt-1"}}) is None
