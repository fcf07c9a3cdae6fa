"""Instances: tokens, protection, and monitoring, which moto leaves out."""

from typing import Any

from moto.ec2.utils import parse_user_data

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, before, instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World


def token_of(request: Request) -> str:
    return f"{request.region} {request.operation} {request.text('ClientToken')}"


def remembered(world: World) -> dict[str, tuple[dict[str, Any], Answer]]:
    """What was answered to each token, and what was asked with it."""
    answers: dict[str, tuple[dict[str, Any], Answer]] = world.recall("answers by token", dict)
    return answers


@before("ec2:RunInstances", "ec2:CreateVolume")
def same_token_same_answer(request: Request, world: World) -> Answer | None:
    """A token that was used gives what was made then, be it dead by now; moto makes a second one."""
    if not request.text("ClientToken") or token_of(request) not in remembered(world):
        return None
    asked, answer = remembered(world)[token_of(request)]
    if asked != request.params:
        raise Refused("IdempotentParameterMismatch", "The client token was used with other parameters.")
    return answer


@after("ec2:RunInstances", "ec2:CreateVolume")
def remember(request: Request, answer: Answer, world: World) -> None:
    if request.text("ClientToken"):
        remembered(world)[token_of(request)] = (request.params, answer)


@after("ec2:RunInstances")
def protect(request: Request, answer: Answer, world: World) -> None:
    for instance in next(reversed(world.backend(request).reservations.values())).instances:
        instance.disable_api_termination = request.flag("DisableApiTermination")


@instead("ec2:MonitorInstances", "ec2:UnmonitorInstances")
def monitor(request: Request, world: World) -> Answer:
    ec2, state = world.backend(request), "enabled" if request.operation == "MonitorInstances" else "disabled"
    told = []
    for id in request.texts("InstanceId"):
        ec2.get_instance(id).monitoring_state = state
        told.append({"instanceId": id, "monitoring": {"state": state}})
    return ok(request, {"instancesSet": told})


@instead("ec2:ModifyInstanceAttribute")
def attribute(request: Request, world: World) -> Answer | None:
    """What its own shutdown does, and user data: moto changes its groups, or decodes twice."""
    behaviour, text = (request.params.get(name) for name in ("InstanceInitiatedShutdownBehavior", "UserData"))
    instance = world.backend(request).get_instance(request.text("InstanceId"))
    if isinstance(behaviour, dict):
        instance.instance_initiated_shutdown_behavior = behaviour["Value"]
    elif isinstance(text, dict):
        instance.user_data = parse_user_data(text["Value"]) if text["Value"] else None
    else:
        return None
    return ok(request, {"return": True})


@after("ec2:ReplaceIamInstanceProfileAssociation")
def carried(request: Request, answer: Answer, world: World) -> None:
    """The instance tells its new profile too."""
    for association in world.backend(request).iam_instance_profile_associations.values():
        association.instance.iam_instance_profile = association.iam_instance_profile
