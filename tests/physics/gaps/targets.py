"""Targets: new at first, then healthy or not, as what runs on them does."""

from typing import Any

from tests.physics import fates
from tests.physics.answers import Answer
from tests.physics.hooks import instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World


@instead("elbv2:DescribeTargetHealth")
def health(request: Request, world: World) -> Answer | None:
    """In moto every instance that runs is healthy at once. Other targets than instances are moto's to tell."""
    group = world.backend(request).target_groups.get(request.text("TargetGroupArn"))
    if group is None or group.target_type != "instance":
        return None
    ec2 = world.backend(request, "ec2")
    asked = request.rows("Targets") or list(group.targets.values())
    told = [described(group, target, request, world, ec2) for target in asked]
    return ok(request, {"TargetHealthDescriptions": told})


def described(group: Any, target: Any, request: Request, world: World, ec2: Any) -> dict[str, Any]:
    said = group.health_for(target, ec2)
    state, reason = said.status, said.reason
    instance = ec2.get_instance_by_id(target["Id"])
    if target["Id"] in group.targets and instance is not None:
        state, reason = judged(group, instance, world, ec2)
    return {
        "Target": {"Id": target["Id"], "Port": said.port},
        "HealthCheckPort": said.health_check_port,
        "TargetHealth": {"State": state, "Reason": reason, "Description": said.description},
    }


def judged(group: Any, instance: Any, world: World, ec2: Any) -> tuple[str, str | None]:
    """`initial` until it has come up and was checked often enough."""
    up = fates.up_since(world).get(instance.id)
    if instance.state == "pending" or (up is None and instance.state != "running"):
        return "initial", "Elb.RegistrationInProgress"
    checked: dict[str, float] = world.recall(f"targets checked {group.arn}", dict)
    if instance.id not in checked:
        checked[instance.id] = (up or 0.0) + world.time("target_checked")
    if instance.state == "running" and checked[instance.id] > world.clock.now():
        return "initial", "Elb.InitialHealthChecking"
    if fates.answers(world, ec2, instance):
        return "healthy", None
    return "unhealthy", "Target.FailedHealthChecks"
