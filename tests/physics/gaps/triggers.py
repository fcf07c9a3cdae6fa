"""What calls functions: policies of aliases, addresses, and mappings to an alias."""

import json
from typing import Any

from moto.awslambda.exceptions import GenericResourcNotFound
from moto.awslambda.models import FunctionUrlConfig, LambdaBackend
from moto.awslambda.policy import Policy

from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.world import World

add = Policy.add_statement
change = FunctionUrlConfig.update


def add_statement(policy: Any, raw: str, qualifier: str | None = None) -> Any:
    """What is said of addresses is a condition; moto leaves it as it came."""
    statement, revision = add(policy, raw, qualifier)
    auth, via = statement.pop("FunctionUrlAuthType", None), statement.pop("InvokedViaFunctionUrl", None)
    conditions = statement.setdefault("Condition", {})
    if auth:
        conditions.setdefault("StringEquals", {})["lambda:FunctionUrlAuthType"] = auth
    if via:
        conditions["Bool"] = {"lambda:InvokedViaFunctionUrl": "true"}
    if not conditions:
        del statement["Condition"]
    return statement, revision


def get_policy(backend: Any, function_name: str, qualifier: str | None = None) -> str:
    """The alias's own, or the function's own; moto tells all that there are."""
    function = backend.get_function(function_name, qualifier)
    name = function.function_name
    own = [one for one in function.policy.statements if of(one["Resource"], name) == (qualifier or "")]
    if not own:
        raise GenericResourcNotFound()
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": own}
    return json.dumps({"Policy": json.dumps(policy), "RevisionId": function.policy.revision})


def of(resource: str, name: str) -> str:
    """The qualifier at the end of a function's ARN."""
    return resource.partition(f":function:{name}")[2].removeprefix(":")


def update(url: Any, new: dict[str, Any]) -> None:
    """An empty rule for other origins takes the old one away, and answers may come in pieces from now on."""
    change(url, new)
    url.config |= {key: new[key] for key in ("Cors", "InvokeMode") if key in new}


Policy.add_statement = add_statement
LambdaBackend.get_policy = get_policy
FunctionUrlConfig.update = update


@after("lambda:CreateEventSourceMapping", "lambda:UpdateEventSourceMapping")
def calls_the_alias(request: Request, answer: Answer, world: World) -> Answer | None:
    """Moto tells the version that the alias leads to."""
    told = json.loads(answer.body)
    asked = request.text("FunctionName")
    if asked.startswith("arn:"):
        world.backend(request)._event_source_mappings[told["UUID"]].function_arn = asked
        told["FunctionArn"] = asked
    return Answer(answer.status, answer.headers, json.dumps(told).encode())
