"""Functions: one statement per id, one address of an alias, one mapping of a queue; and roles that may do too little.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
"""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase

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


@before("lambda:CreateFunctionUrlConfig")
def address_taken(request: Request, world: World) -> None:
    if world.backend(request).get_function(request.text("FunctionName")).url_config:
        raise Refused("ResourceConflictException", "FunctionUrlConfig exists for this Lambda function", 409)


@before("lambda:CreateEventSourceMapping")
def mapping_taken(request: Request, world: World) -> None:
    """And a queue whose messages come again while the function still works on them."""
    source, function = request.text("EventSourceArn"), request.text("FunctionName")
    for mapping in world.backend(request)._event_source_mappings.values():
        if (mapping.event_source_arn, mapping.function_arn) == (source, function):
            why = f"An event source mapping with SQS arn and function already exists, with UUID {mapping.uuid}"
            raise Refused("ResourceConflictException", why, 409)
    timeout = world.backend(request).get_function(function).timeout
    queues = [each for each in world.backend(request, "sqs").queues.values() if each.queue_arn == source]
    if queues and queues[0].visibility_timeout < timeout:
        waits = queues[0].visibility_timeout
        why = f"Queue visibility timeout: {waits} seconds is less than Function timeout: {timeout} seconds"
        raise Refused("InvalidParameterValueException", why)


@before("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration", "lambda:CreateEventSourceMapping")
def role_may_too_little(request: Request, world: World) -> None:
    """What Lambda looks at before it takes a queue of dead letters, a place in a VPC, or a queue to read."""
    needed = []
    if (request.params.get("DeadLetterConfig") or {}).get("TargetArn"):
        needed.append("sqs:SendMessage")
    if (request.params.get("VpcConfig") or {}).get("SubnetIds"):
        needed.append("ec2:CreateNetworkInterface")
    role = request.text("Role")
    if request.operation == "CreateEventSourceMapping":
        needed.append("sqs:ReceiveMessage")
        role = world.backend(request).get_function(request.text("FunctionName")).role
    allowed = list(actions_of(role.rpartition("/")[2], request, world)) if needed and role else []
    for action in needed if role else ():
        if not any(fnmatchcase(action, pattern) for pattern in allowed):
            service, _, call = action.partition(":")
            why = f"The provided execution role does not have permissions to call {call} on {service.upper()}"
            raise Refused("InvalidParameterValueException", why)


def actions_of(name: str, request: Request, world: World) -> Iterator[str]:
    """All that a role's own policies allow; those that are attached aren't looked at."""
    roles = world.backend(request, "iam").roles.values()
    for document in next((role.policies.values() for role in roles if role.name == name), ()):
        statements = json.loads(document)["Statement"]
        for statement in [statements] if isinstance(statements, dict) else statements:
            actions = statement["Action"]
            yield from [actions] if isinstance(actions, str) else actions
