"""Scaling groups: names, bounds, instances still there, templates that can't launch."""

from typing import Any

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Params, Request
from tests.physics.refusals.compute import sound
from tests.physics.world import World


@before("autoscaling:CreateAutoScalingGroup")
def name_taken(request: Request, world: World) -> None:
    name = request.text("AutoScalingGroupName")
    if name in world.backend(request).autoscaling_groups:
        why = f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
        raise Refused("AlreadyExists", why)


@before("autoscaling:CreateAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup")
def bounds_sound(request: Request, world: World) -> None:
    group = group_of(request, world)
    least, most = bound(request, "MinSize", group, "min_size"), bound(request, "MaxSize", group, "max_size")
    if least is not None and most is not None and least > most:
        raise Refused("ValidationError", f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    desired = number(request.text("DesiredCapacity"))
    if desired is None or least is None or most is None:
        return
    if not least <= desired <= most:
        why = f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}"
        raise Refused("ValidationError", why)


@before("autoscaling:SetDesiredCapacity")
def desired_within(request: Request, world: World) -> None:
    group, desired = group_of(request, world), number(request.text("DesiredCapacity"))
    if group is None or desired is None:
        return
    for wrong, word, limit in (
        (desired > group.max_size, "above max value", group.max_size),
        (desired < group.min_size, "below min value", group.min_size),
    ):
        if wrong:
            why = f"New SetDesiredCapacity value {desired} is {word} {limit} for the AutoScalingGroup."
            raise Refused("ValidationError", why)


@before("autoscaling:DeleteAutoScalingGroup")
def instances_left(request: Request, world: World) -> None:
    group = group_of(request, world)
    if group and group.instance_states and not request.flag("ForceDelete"):
        why = "You cannot delete an AutoScalingGroup while there are instances still in the group."
        raise Refused("ResourceInUse", why)


@before("autoscaling:CreateAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup")
def template_launches(request: Request, world: World) -> None:
    """AWS tries the template out when a group takes it."""
    named = request.params.get("LaunchTemplate")
    if not named:
        return
    try:
        sound(template_data(named, request, world), request, world)
    except Refused as refusal:
        why = f"You must use a valid fully-formed launch template. {refusal.message}"
        raise Refused("ValidationError", why) from None


def template_data(named: Params, request: Request, world: World) -> Params:
    """The data of the template version that a group names; empty if there's none, which moto tells itself."""
    ec2 = world.backend(request, "ec2")
    template_id = named.get("LaunchTemplateId") or ec2.launch_template_name_to_ids.get(named.get("LaunchTemplateName"))
    template = ec2.launch_templates.get(template_id)
    if not template:
        why = "You must use a valid fully-formed launch template. The specified launch template does not exist."
        raise Refused("ValidationError", why)
    data: Params = template.get_version(named.get("Version") or "$Default").data
    return data


def group_of(request: Request, world: World) -> Any:
    return world.backend(request).autoscaling_groups.get(request.text("AutoScalingGroupName"))


def bound(request: Request, name: str, group: Any, attribute: str) -> int | None:
    return number(request.text(name)) if request.text(name) else getattr(group, attribute, None)


def number(text: str) -> int | None:
    return int(text) if text else None
