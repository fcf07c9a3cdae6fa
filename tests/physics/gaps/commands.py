"""Commands through Systems Manager: moto says that any command on any instance succeeded.

What an instance "runs" here are three things: `exit N`, `false` and `echo TEXT`. As in a shell, the last line's code is
the script's, unless `set -e` comes first.
"""

import json
import re

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, before, instead
from tests.physics.protocol import Request
from tests.physics.world import World

EXIT = re.compile(r"^exit (\d+)$")
ECHO = re.compile(r"^echo (.+)$")


def code_of(lines: list[str]) -> int:
    """What a script of these lines ends with."""
    lines = [line.strip() for line in lines]
    code = 0
    for line in lines:
        if match := EXIT.match(line):
            return int(match[1])
        code = int(line == "false")
        if code and "set -e" in lines[:1]:
            return code
    return code


@before("ssm:SendCommand")
def reachable(request: Request, world: World) -> None:
    """Only a running instance takes a command."""
    held = world.backend(request, "ec2").reservations.values()
    running = {one.id for reservation in held for one in reservation.instances if one._state.name == "running"}
    if not set(request.params.get("InstanceIds", [])) <= running:
        raise Refused("InvalidInstanceId", "Instances not in a valid state for account")


@after("ssm:SendCommand")
def run(request: Request, answer: Answer, world: World) -> None:
    """Its end isn't known at once."""
    command = world.backend(request)._commands[-1]
    lines = request.params.get("Parameters", {}).get("commands", [])
    code = code_of(lines)
    printed = "".join(f"{match[1]}\n" for line in lines if (match := ECHO.match(line.strip())))
    for told in command.invocations:
        told["StandardOutputContent"] = printed
        if code:
            told |= {"Status": "Failed", "StatusDetails": "Failed", "ResponseCode": code}
            told["StandardErrorContent"] = f"failed to run commands: exit status {code}"
    world.recall("commands just sent", set).add(command.command_id)


@instead("ssm:GetCommandInvocation")
def not_yet(request: Request, world: World) -> Answer | None:
    """AWS doesn't know it in the first moment."""
    fresh: set[str] = world.recall("commands just sent", set)
    if (id := request.params.get("CommandId")) in fresh:
        fresh.discard(str(id))
        raise Refused("InvocationDoesNotExist", json.dumps({"CommandId": id}))
    return None
