"""What is particular to scaling groups: their instances, capacity that isn't ours, waits that give the reason."""

from typing import Any

import pytest
from botocore.stub import Stubber

from blueprints.balancing import TargetGroup
from blueprints.firewalls import Firewall, SecurityGroup
from blueprints.gateways import InternetGateway
from blueprints.part import Part
from blueprints.servers import LaunchTemplate, ScalingGroup
from tasks.compute import scaling_group
from tasks.compute.scaling_group import ScalingGroupKind, ScalingGroupState
from tasks.errors import CastraError
from tasks.registry import KINDS
from tasks.scope import CREATED, ENVIRONMENT, EXTRA, FINGERPRINT, PART, Scope, as_dict
from tasks.survey import look, survey
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.compute import (
    BENEATH_GROUP,
    GROUP,
    GROUPS,
    PLAIN,
    PROFILES,
    ROLE,
    SUBNETS,
    TEMPLATE,
    TRACKING,
    described,
)
from tests.tasks.rows.network import VPC

KIND = ScalingGroupKind()
SMALL = GROUP.model_copy(update={"target_groups": ()})
BENEATH: tuple[Part, ...] = (VPC, *SUBNETS, PLAIN)


@pytest.fixture
def stub(scope: Scope) -> Any:
    with Stubber(scope.autoscaling) as stubber:
        yield stubber


def group_of(*states: str, minimum: int = 1) -> dict[str, Any]:
    """What DescribeAutoScalingGroups answers for a group with instances in these states."""
    instances = [
        {
            "InstanceId": f"i-{number}",
            "AvailabilityZone": "eu-west-1a",
            "LifecycleState": state,
            "HealthStatus": "Healthy",
            "ProtectedFromScaleIn": False,
        }
        for number, state in enumerate(states)
    ]
    group = {
        "AutoScalingGroupName": "web",
        "MinSize": minimum,
        "MaxSize": 3,
        "DesiredCapacity": minimum,
        "DefaultCooldown": 300,
        "AvailabilityZones": ["eu-west-1a"],
        "HealthCheckType": "EC2",
        "CreatedTime": "2026-01-01T00:00:00Z",
        "Instances": instances,
    }
    return {"AutoScalingGroups": [group]}


def failed(*messages: str) -> dict[str, Any]:
    """What DescribeScalingActivities answers, the newest first."""
    return {
        "Activities": [
            {
                "ActivityId": f"a-{message}",
                "AutoScalingGroupName": "web",
                "Cause": "?",
                "StartTime": "2026-01-01T00:00:00Z",
                "StatusCode": "Failed",
                "StatusMessage": message,
            }
            for message in messages
        ]
    }


def instances(scope: Scope, *states: str) -> list[dict[str, Any]]:
    filters = [
        {"Name": f"tag:{ENVIRONMENT}", "Values": [scope.environment]},
        {"Name": "instance-state-name", "Values": list(states or ("pending", "running"))},
    ]
    reservations = scope.ec2.describe_instances(Filters=filters)["Reservations"]
    return [instance for reservation in reservations for instance in reservation["Instances"]]


# ---------------------------------------------------------------------- its instances


def test_instances_belong_to_the_group_and_carry_none_of_its_records(scope: Scope) -> None:
    scope.tags = {"team": "red"}
    raise_all(scope, (*BENEATH, SMALL))
    (instance,) = instances(scope)
    tags = as_dict(instance["Tags"])
    assert (tags[ENVIRONMENT], tags[PART], tags["team"]) == (scope.environment, "scaling-group/web", "red")
    assert not {FINGERPRINT, CREATED, EXTRA} & tags.keys()
    assert look_and_plan(scope, (*BENEATH, SMALL)).settled


def test_tags_set_later_are_given_to_instances_by_the_same_rule(scope: Scope) -> None:
    raise_all(scope, (*BENEATH, SMALL))
    scope.tags = {"team": "red"}
    raise_all(scope, (*BENEATH, SMALL))
    propagated = {tag["Key"]: tag["PropagateAtLaunch"] for tag in described(scope, scope.name("web"))["Tags"]}
    assert propagated == {
        ENVIRONMENT: True,
        PART: True,
        "Name": True,
        "team": True,
        EXTRA: False,
        FINGERPRINT: False,
        CREATED: False,
    }
    scope.tags = {}
    raise_all(scope, (*BENEATH, SMALL))
    assert not {"team", EXTRA} & as_dict(described(scope, scope.name("web"))["Tags"]).keys()


def test_how_many_run_between_the_bounds_is_no_difference_and_stays_as_it_is(scope: Scope) -> None:
    parts = (*BENEATH, SMALL)
    raise_all(scope, parts)
    scope.autoscaling.set_desired_capacity(AutoScalingGroupName=scope.name("web"), DesiredCapacity=2)
    assert look_and_plan(scope, parts).settled
    raise_all(scope, (*BENEATH, SMALL.model_copy(update={"max": 5})))
    assert described(scope, scope.name("web"))["DesiredCapacity"] == 2


def test_a_numbered_version_set_by_hand_is_drift(scope: Scope) -> None:
    raise_all(scope, (*BENEATH, SMALL))
    template = described(scope, scope.name("web"))["LaunchTemplate"]["LaunchTemplateId"]
    scope.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName=scope.name("web"), LaunchTemplate={"LaunchTemplateId": template, "Version": "1"}
    )
    step = look_and_plan(scope, (*BENEATH, SMALL)).steps[-1]
    assert [(change.field, change.from_, change.to) for change in step.changes] == [("version", "1", "$Default")]


def test_what_is_launched_after_a_change_is_as_the_templates_newest_version_has_it(scope: Scope) -> None:
    group = ScalingGroup(**(SMALL.model_dump() | {"template": "launch-template/web"}))
    beneath = (VPC, *SUBNETS, *GROUPS, ROLE, *PROFILES)
    raise_all(scope, (*beneath, TEMPLATE, group))
    changed = LaunchTemplate(**(TEMPLATE.model_dump() | {"user_data": "#!/bin/sh", "instance_type": "t3.small"}))
    more = group.model_copy(update={"min": 2})
    raise_all(scope, (*beneath, changed, more))
    assert look_and_plan(scope, (*beneath, changed, more)).settled
    assert sorted(instance["InstanceType"] for instance in instances(scope)) == ["t3.micro", "t3.small"]
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()


# ---------------------------------------------------------------------- made once


def test_after_a_lost_answer_there_is_one_group_with_its_instances(scope: Scope, aws: Physics) -> None:
    aws.rule("autoscaling:CreateAutoScalingGroup", "lose-answer", nth=1)
    with pytest.raises(Exception, match="closed"):
        raise_all(scope, (*BENEATH, SMALL))
    assert raise_all(scope, (*BENEATH, SMALL)).steps[-1].action == "keep"
    assert len(look(scope, KIND, "web")) == len(instances(scope)) == 1


def test_a_foreign_group_of_its_name_is_named_with_a_way_out_and_left_alone(scope: Scope) -> None:
    raise_all(scope, BENEATH)
    template = scope.ec2.describe_launch_templates(Filters=scope.filters)["LaunchTemplates"][0]["LaunchTemplateId"]
    scope.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=scope.name("web"),
        MinSize=0,
        MaxSize=7,
        AvailabilityZones=["eu-west-1a"],
        LaunchTemplate={"LaunchTemplateId": template},
    )
    with pytest.raises(CastraError, match=rf"there is a scaling group {scope.name('web')} that doesn't carry"):
        raise_all(scope, (*BENEATH, SMALL))
    assert described(scope, scope.name("web"))["MaxSize"] == 7


def test_an_instance_profile_not_visible_yet_is_waited_for(scope: Scope) -> None:
    wanted = ScalingGroupState(
        template="lt-1", subnets=("subnet-1",), min=0, max=1, target_groups=(), health_check="EC2", grace=1
    )
    once = scope.client("autoscaling", once=True)
    with Stubber(scope.autoscaling) as reads, Stubber(once) as creates:
        reads.add_response("describe_auto_scaling_groups", {"AutoScalingGroups": []})
        why = "You must use a valid fully-formed launch template. Invalid IAM Instance Profile name (x)"
        creates.add_client_error("create_auto_scaling_group", "ValidationError", why)
        creates.add_response("create_auto_scaling_group", {})
        assert KIND.create(scope, "web", wanted) == scope.name("web")
        creates.assert_no_pending_responses()


def test_an_image_that_is_gone_is_told_at_once(scope: Scope) -> None:
    wanted = ScalingGroupState(
        template="lt-1", subnets=("subnet-1",), min=0, max=1, target_groups=(), health_check="EC2", grace=1
    )
    once = scope.client("autoscaling", once=True)
    with Stubber(scope.autoscaling) as reads, Stubber(once) as creates:
        reads.add_response("describe_auto_scaling_groups", {"AutoScalingGroups": []})
        why = "You must use a valid fully-formed launch template. The image id '[ami-0]' does not exist"
        creates.add_client_error("create_auto_scaling_group", "ValidationError", why)
        with pytest.raises(Exception, match=r"The image id '\[ami-0\]' does not exist"):
            KIND.create(scope, "web", wanted)


# ---------------------------------------------------------------------- target groups


def test_more_target_groups_than_aws_takes_at_once_go_ten_a_call(scope: Scope, aws: Physics) -> None:
    targets = [TargetGroup(name=f"g{number}", vpc="vpc/main", port=80) for number in range(23)]
    keys = tuple(target.key for target in targets)
    many = SMALL.model_copy(update={"target_groups": keys})
    before = aws.counts()
    raise_all(scope, (*BENEATH, *targets, many))
    assert len(described(scope, scope.name("web"))["TargetGroupARNs"]) == 23
    assert look_and_plan(scope, (*BENEATH, *targets, many)).settled
    raise_all(scope, (*BENEATH, *targets, SMALL))
    assert described(scope, scope.name("web"))["TargetGroupARNs"] == []
    calls = {
        verb: aws.counts()[f"autoscaling:{verb}LoadBalancerTargetGroups"]
        - before.get(f"autoscaling:{verb}LoadBalancerTargetGroups", 0)
        for verb in ("Attach", "Detach")
    }
    assert calls == {"Attach": 2, "Detach": 3}


def test_changed_target_groups_are_attached_before_the_old_ones_are_detached(scope: Scope, aws: Physics) -> None:
    raise_all(scope, (*BENEATH_GROUP, GROUP))
    before = len(aws.writes())
    raise_all(scope, (*BENEATH_GROUP, GROUP.model_copy(update={"target_groups": ("target-group/api",)})))
    operations = [call.operation for call in aws.writes()[before:]]
    assert operations[:2] == ["AttachLoadBalancerTargetGroups", "DetachLoadBalancerTargetGroups"]


# ---------------------------------------------------------------------- waiting


def test_it_is_ready_when_its_minimum_is_in_service(scope: Scope, stub: Stubber) -> None:
    stub.add_response("describe_auto_scaling_groups", group_of("Pending", "InService", minimum=2))
    stub.add_response("describe_scaling_activities", failed())
    stub.add_response("describe_auto_scaling_groups", group_of("InService", "InService", minimum=2))
    KIND.ready(scope, "web")
    stub.assert_no_pending_responses()


def test_a_launch_that_fails_for_good_is_told_as_soon_as_it_is_seen(scope: Scope, stub: Stubber) -> None:
    stub.add_response("describe_auto_scaling_groups", group_of())
    stub.add_response("describe_scaling_activities", failed())
    stub.add_response("describe_auto_scaling_groups", group_of())
    stub.add_response("describe_scaling_activities", failed("The image id '[ami-0]' does not exist."))
    with pytest.raises(CastraError, match=r"its instances can't start: The image id '\[ami-0\]' does not exist"):
        KIND.ready(scope, "web")


def test_a_launch_that_failed_before_or_may_yet_succeed_is_waited_for(scope: Scope, stub: Stubber) -> None:
    old, passing = "The key pair 'x' does not exist", "We currently do not have sufficient t3.micro capacity"
    stub.add_response("describe_auto_scaling_groups", group_of())
    stub.add_response("describe_scaling_activities", failed(old))
    stub.add_response("describe_auto_scaling_groups", group_of())
    stub.add_response("describe_scaling_activities", failed(passing, old))
    stub.add_response("describe_auto_scaling_groups", group_of("InService"))
    KIND.ready(scope, "web")
    stub.assert_no_pending_responses()


def test_when_it_gives_up_the_newest_failures_reason_is_told(
    scope: Scope, stub: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaling_group, "WITHIN", -1)
    activities = failed("We currently do not have sufficient t3.micro capacity.", "An older reason")
    stub.add_response("describe_auto_scaling_groups", group_of("Pending"))
    stub.add_response("describe_scaling_activities", activities)
    stub.add_response("describe_auto_scaling_groups", group_of("Pending"))
    stub.add_response("describe_scaling_activities", activities)
    with pytest.raises(CastraError, match=r"0 of 1 instances are in service \(We currently do not have sufficient"):
        KIND.ready(scope, "web")


def test_fewer_than_its_minimum_in_service_it_is_pending(scope: Scope, stub: Stubber) -> None:
    answer = group_of("Pending")
    tags = {ENVIRONMENT: str(scope.environment), PART: "scaling-group/web"}
    answer["AutoScalingGroups"][0]["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    stub.add_response("describe_auto_scaling_groups", answer)
    stub.add_response("describe_scheduled_actions", {"ScheduledUpdateGroupActions": []})
    stub.add_response("describe_policies", {"ScalingPolicies": []})
    (found,) = KIND.owned(scope)
    assert (found.phase, found.outputs) == ("pending", {"instances_in_service": "0"})


# ---------------------------------------------------------------------- its end


def test_deleted_it_returns_when_group_and_instances_are_gone(
    scope: Scope, aws: Physics, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = {"instance_terminated": 0.3, "group_deleted": 0.3}
    raise_all(scope, (*BENEATH, SMALL))
    monkeypatch.setattr(aws.world, "profile", aws.world.profile.but(times=times))
    scope.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=scope.name("web"), ForceDelete=True)
    scope.look_afresh()
    assert [found.phase for found in KIND.owned(scope)] == ["leaving"]
    assert instances(scope, "shutting-down")
    KIND.delete(scope, scope.name("web"))
    scope.look_afresh()
    assert list(KIND.owned(scope)) == []
    assert instances(scope, "shutting-down", "running") == []


def test_a_group_that_is_leaving_is_awaited_and_made_again(
    scope: Scope, aws: Physics, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_all(scope, (*BENEATH, SMALL))
    monkeypatch.setattr(
        aws.world, "profile", aws.world.profile.but(times={"instance_terminated": 3, "group_deleted": 3})
    )
    scope.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=scope.name("web"), ForceDelete=True)
    assert raise_all(scope, (*BENEATH, SMALL)).steps[-1].because == "is being deleted"
    assert look_and_plan(scope, (*BENEATH, SMALL)).settled


def test_struck_it_goes_before_all_that_its_instances_use(scope: Scope) -> None:
    servers = SecurityGroup(name="servers", vpc="vpc/main")
    wall, gateway = (
        Firewall(name="servers", group="security-group/servers"),
        InternetGateway(name="main", vpc="vpc/main"),
    )
    template = LaunchTemplate(**(PLAIN.model_dump() | {"groups": ("security-group/servers",)}))
    group = ScalingGroup(**(GROUP.model_dump() | {"after": ("internet-gateway/main",)}))
    others = tuple(part for part in BENEATH_GROUP if part is not PLAIN)
    raise_all(scope, (*others, servers, wall, gateway, template, group, TRACKING))
    removals = look_and_plan(scope, ()).removals
    place = {removal.part: number for number, removal in enumerate(removals)}
    after = ("internet-gateway/main", "launch-template/plain", "security-group/servers")
    for part in (*after, "subnet/a", "subnet/b", "target-group/web", "vpc/main"):
        assert place["scaling-group/web"] < place[part], part
    assert next(one for one in removals if one.part == "target-tracking/web-cpu").along.startswith("scaling-group/web")


def test_groups_are_listed_once_for_all_kinds_that_read_them(scope: Scope) -> None:
    raise_all(scope, (*BENEATH_GROUP, GROUP, TRACKING))
    own = Scope(scope.environment, scope.region)
    survey(own, KINDS.values())
    assert own.calls.by_operation()["autoscaling:DescribeAutoScalingGroups"] == 1
