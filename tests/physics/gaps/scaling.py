"""Scaling groups: launches spread over subnets, activities that are told, settings that stick."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState
from moto.ec2.utils import convert_tag_spec

from tests.physics import fates
from tests.physics.answers import Answer
from tests.physics.gaps.launching import refusal
from tests.physics.hooks import after, instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World

NAME_TAG = "aws:autoscaling:groupName"


def launch(group: Any, count: int, tags: dict[str, str]) -> None:
    """Launch members one by one into the subnet that has the fewest; in moto all go to the first."""
    if "Launch" in group._suspended_processes:
        return
    for _ in range(count):
        data = launch_data(group)
        if words := refusal(group, data, emptiest(group)):
            tell(group, "Failed", words)
            return
        member = run(group, data, tags)
        member.autoscaling_group = group
        protected = group.new_instances_protected_from_scale_in
        state = InstanceState(member, protected_from_scale_in=protected)
        state.__dict__["launched"] = launched_from(group)
        group.instance_states.append(state)
        tell(group, "Successful", f"Launching a new EC2 instance: {member.id}")


def launch_data(group: Any) -> dict[str, Any]:
    """The template version's data, or nothing for a launch configuration."""
    template = group.ec2_launch_template
    return template.get_version(group.launch_template_version).data if template else {}


def launched_from(group: Any) -> dict[str, str] | None:
    """The template and the number of the version that is launched now, as members go on telling it."""
    template = group.ec2_launch_template
    if not template:
        return None
    number = template.get_version(group.launch_template_version).number
    return {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": str(number)}


def run(group: Any, data: dict[str, Any], tags: dict[str, str]) -> Any:
    """One instance as the group's template version has it."""
    template, first = group.ec2_launch_template, (data.get("NetworkInterfaces") or [{}])[0]
    named = {"LaunchTemplateId": template.id, "Version": group.launch_template_version} if template else None
    public = first.get("AssociatePublicIpAddress")
    if group.launch_config:
        public = group.launch_config.associate_public_ip_address
    disks = {"block_device_mappings": data["BlockDeviceMappings"]} if data.get("BlockDeviceMappings") else {}
    specified = convert_tag_spec(data.get("TagSpecifications") or [])
    reservation = group.ec2_backend.run_instances(
        group.image_id,
        1,
        group.user_data,
        group.security_groups,
        security_group_ids=list(data.get("SecurityGroupIds") or first.get("Groups") or []),
        instance_type=group.instance_type,
        is_instance_type_default=False,
        key_name=data.get("KeyName"),
        metadata_options=data.get("MetadataOptions"),
        monitoring_state="enabled" if data.get("Monitoring", {}).get("Enabled") else "disabled",
        tags={**specified, "instance": {**specified.get("instance", {}), **tags, NAME_TAG: group.name}},
        placement=group.availability_zones[0],
        launch_config=group.launch_config,
        launch_template=named,
        associate_public_ip=public,
        subnet_id=emptiest(group),
        **disks,
    )
    instance = reservation.instances[0]
    if profile := data.get("IamInstanceProfile"):
        group.ec2_backend.associate_iam_instance_profile(instance.id, profile.get("Name"), profile.get("Arn"))
    return instance


def emptiest(group: Any) -> str | None:
    subnets = [each.strip() for each in (group.vpc_zone_identifier or "").split(",") if each.strip()]
    members = [state.instance.subnet_id for state in group.instance_states]
    return min(subnets, key=members.count) if subnets else None


FakeAutoScalingGroup.replace_autoscaling_group_instances = launch


LAUNCHED = re.compile(r"Launching a new EC2 instance: (i-\w+)")


def tell(group: Any, status: str, words: str, cause: str = "", at: float | None = None) -> None:
    """Write a scaling activity down, where DescribeScalingActivities finds it. `at` is a moment of AWS's clock."""
    now = datetime.now(UTC).isoformat()
    told = group.__dict__.setdefault("activities", [])
    reason, description = (words, "Launching a new EC2 instance") if status == "Failed" else (None, words)
    told.insert(
        0,
        {
            "ActivityId": f"{group.name}-{len(told)}",
            "AutoScalingGroupName": group.name,
            "AutoScalingGroupARN": group.arn,
            "Description": description,
            "Cause": cause or "The number of instances differs from the desired capacity.",
            "StartTime": now,
            "EndTime": now,
            "StatusCode": status,
            "StatusMessage": reason,
            "Progress": 100,
            "at": at,
        },
    )


@instead("autoscaling:DescribeScalingActivities")
def activities(request: Request, world: World) -> Answer:
    """The newest first; moto tells of none."""
    groups, name = world.backend(request).autoscaling_groups, request.text("AutoScalingGroupName")
    asked = [group for group in groups.values() if name in ("", group.name)]
    told = [dated(each, world) for group in asked for each in getattr(group, "activities", [])]
    return ok(request, {"Activities": told})


def dated(activity: dict[str, Any], world: World) -> dict[str, Any]:
    """With AWS's own time, which runs faster than ours: a launch is dated by when the instance came up."""
    found, told = LAUNCHED.match(activity["Description"]), {key: activity[key] for key in activity if key != "at"}
    at = fates.up_since(world).get(found[1]) if found else activity["at"]
    if at is None:
        return told
    moment = (datetime.now(UTC) + timedelta(seconds=at - world.clock.now())).isoformat()
    return told | {"StartTime": moment, "EndTime": moment}


@after("autoscaling:UpdateAutoScalingGroup")
def settings_kept(request: Request, answer: Answer, world: World) -> None:
    """Moto drops some settings of an update, and a mixed policy that the update doesn't name."""
    group = world.backend(request).autoscaling_groups[request.text("AutoScalingGroupName")]
    if request.text("DefaultCooldown"):
        group.default_cooldown = int(request.text("DefaultCooldown"))
    if policies := request.texts("TerminationPolicies"):
        group.termination_policies = policies
    if request.text("CapacityRebalance"):
        group.capacity_rebalance = request.flag("CapacityRebalance")


@instead("autoscaling:DisableMetricsCollection")
def metrics_off(request: Request, world: World) -> Answer:
    group = world.backend(request).autoscaling_groups[request.text("AutoScalingGroupName")]
    gone = request.texts("Metrics")
    group.metrics = [each for each in group.metrics if gone and each not in gone]
    return ok(request)


@after("autoscaling:DeleteAutoScalingGroup")
def leavings_gone(request: Request, answer: Answer, world: World) -> None:
    """A group's policies, hooks and schedules go with it."""
    scaling, name = world.backend(request), request.text("AutoScalingGroupName")
    for table in (scaling.policies, scaling.lifecycle_hooks, scaling.scheduled_actions):
        for key in [key for key, each in table.items() if each.auto_scaling_group_name == name]:
            del table[key]
