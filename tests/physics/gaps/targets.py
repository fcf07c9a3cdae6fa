"""Targets: new at first, then healthy or not: as what runs on them does, and as their balancer gets there."""

import re
from collections.abc import Iterator
from typing import Any

from tests.physics import apps, fates, reach
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
    state, reason, why = said.status, said.reason, said.description
    instance = ec2.get_instance_by_id(target["Id"])
    if target["Id"] in group.targets and instance is not None:
        fronts = list(fronts_of(group, world.backend(request).load_balancers))
        state, reason = judged(group, instance, world, ec2)
        if state in ("healthy", "unhealthy"):
            state, reason, why = asked(group, fronts, int(said.port), instance, world, ec2) if fronts else UNUSED
    return {
        "Target": {"Id": target["Id"], "Port": said.port},
        "HealthCheckPort": said.health_check_port,
        "TargetHealth": {"State": state, "Reason": reason, "Description": why},
    }


def fronts_of(group: Any, balancers: dict[str, Any]) -> Iterator[Any]:
    """Balancers one of whose rules sends there now; moto goes on telling those that once had one."""
    for balancer in balancers.values():
        rules = [rule for listener in balancer.listeners.values() for rule in listener.rules.values()]
        if any(group.arn in str(action.data) for rule in rules for action in rule.actions):
            yield balancer


Health = tuple[str, str | None, str | None]
"""A state, the code of its reason, and that in words, as AWS has them."""
NOWHERE: Health = (
    "unused",
    "Target.NotInUse",
    "Target is in an Availability Zone that is not enabled for the load balancer",
)
UNUSED: Health = (
    "unused",
    "Target.NotInUse",
    "Target group is not configured to receive traffic from the load balancer",
)
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"""


def asked(group: Any, fronts: list[Any], port: int, instance: Any, world: World, ec2: Any) -> Health:
    """What the health check finds that a balancer in front makes."""
    zone = ec2.get_subnet(instance.subnet_id).availability_zone
    enabled = [front for front in fronts if zone in {each.availability_zone for each in front.subnets}]
    if not enabled:
        return NOWHERE
    if apps.word(world, instance, "physics:unchecked"):
        return "unhealthy", "Elb.InternalError", "Health checks failed due to an internal error"
    port = port if group.health_check_port in (None, "traffic-port") else int(group.health_check_port)
    if not all(reach.reaches(ec2, front, instance, port) for front in enabled):
        return "unhealthy", "Target.Timeout", "Request timed out"
    code = apps.code(world, ec2, instance, port, group.health_check_path or "/")
    if code is None:
        return "unhealthy", "Target.FailedHealthChecks", "Health checks failed"
    if group.health_check_protocol == "TCP" or accepted(code, (group.matcher or {}).get("HttpCode") or "200"):
        return "healthy", None, None
    return "unhealthy", "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{code}]"


def accepted(code: int, matcher: str) -> bool:
    """Whether a code is among `200,300-399`."""
    spans = [re.split("-", each) for each in matcher.split(",")]
    return any(int(span[0]) <= code <= int(span[-1]) for span in spans)


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
