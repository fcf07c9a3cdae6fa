"""Functions: one statement per id."""

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World


@before("lambda:AddPermission")
def statement_taken(request: Request, world: World) -> None:
    name, sid = request.text("FunctionName"), request.text("StatementId")
    function = next((each for each in world.backend(request).list_functions() if each.function_name == name), None)
    statements = function.policy.statements if function and function.policy else []
    end = f":{name.split(':')[-1]}" + (f":{request.text('Qualifier')}" if request.text("Qualifier") else "")
    if any(each["Sid"] == sid and each.get("Resource", "").endswith(end) for each in statements):
        why = f"The statement id ({sid}) provided already exists. Please provide a new statement id."
        raise Refused("ResourceConflictException", why, 409)
