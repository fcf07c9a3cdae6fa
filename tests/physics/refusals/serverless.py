"""Functions: one statement per id."""

import json

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World


@before("lambda:AddPermission")
def statement_taken(request: Request, world: World) -> None:
    name, sid = request.text("FunctionName"), request.text("StatementId")
    function = next((each for each in world.backend(request).list_functions() if each.function_name == name), None)
    if function is None or function.policy is None:
        return
    document = json.loads(function.policy.get_policy())["Policy"]
    if any(each["Sid"] == sid for each in json.loads(document)["Statement"]):
        why = f"The statement id ({sid}) provided already exists. Please provide a new statement id."
        raise Refused("ResourceConflictException", why, 409)
