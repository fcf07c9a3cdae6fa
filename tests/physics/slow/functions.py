"""Lambda functions: Pending first, and busy after an update; those in a VPC leave interfaces behind for minutes."""

from typing import Any

from tests.physics import interfaces
from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, before
from tests.physics.protocol import Request
from tests.physics.world import World


def function_named(name: str, request: Request, world: World) -> Any:
    short = name.split(":function:")[-1].split(":")[0]
    return next((each for each in world.backend(request).list_functions() if each.function_name == short), None)


@after("lambda:CreateFunction")
def create(request: Request, answer: Answer, world: World) -> None:
    function = function_named(request.text("FunctionName"), request, world)
    settings = request.params.get("VpcConfig") or {}
    ec2, groups = world.backend(request, "ec2"), settings.get("SecurityGroupIds", [])
    name = f"AWS Lambda VPC ENI-{function.function_name}"
    made = [interfaces.make(ec2, each, groups, name, "lambda") for each in settings.get("SubnetIds", [])]
    world.recall("functions placed", dict)[function.function_name] = made
    if world.time("function_active") > 0:
        function.state = "Pending"
        world.later("function_active", lambda: setattr(function, "state", "Active"))


@after("lambda:DeleteFunction")
def delete(request: Request, answer: Answer, world: World) -> None:
    """The interfaces stay in use for some minutes, then lie about free, and are reaped late."""
    ec2 = world.backend(request, "ec2")
    made = world.recall("functions placed", dict).pop(request.text("FunctionName"), [])

    def free() -> None:
        for eni in made:
            eni.status = "available"

    def reap() -> None:
        for eni in made:
            interfaces.drop(ec2, eni)

    world.later("function_interface_free", free)
    world.later("function_interface_gone", reap)


UPDATES = ("lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration")


@after(*UPDATES)
def update(request: Request, answer: Answer, world: World) -> None:
    function = function_named(request.text("FunctionName"), request, world)
    if world.time("function_updated") > 0:
        function.update_status = "InProgress"
        world.later("function_updated", lambda: setattr(function, "update_status", "Successful"))


@before(*UPDATES, "lambda:PublishVersion")
def busy(request: Request, world: World) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html"""
    function = function_named(request.text("FunctionName"), request, world)
    if function and getattr(function, "update_status", "") == "InProgress":
        why = "The operation cannot be performed at this time. An update is in progress for resource: "
        raise Refused("ResourceConflictException", why + function.function_arn, 409)
    if function and function.state == "Pending":
        why = (
            "The operation cannot be performed at this time. The function is currently in the following state: Pending"
        )
        raise Refused("ResourceConflictException", why, 409)
