"""Functions: settings that moto drops, versions whose numbers are never given twice, and code that can be fetched."""

import copy
import hashlib
import json
from typing import Any

from moto.awslambda.models import LambdaFunction, LambdaStorage

from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.world import World

KEPT = ("LoggingConfig", "DeadLetterConfig")
init, told, update, set_code, get_code = (
    LambdaFunction.__init__,
    LambdaFunction.get_configuration,
    LambdaFunction.update_configuration,
    LambdaFunction._set_function_code,
    LambdaFunction.get_code,
)


def init_function(function: Any, account_id: str, spec: dict[str, Any], *args: Any, **kwargs: Any) -> None:
    function.kept = {key: spec[key] for key in KEPT if key in spec}
    init(function, account_id, spec, *args, **kwargs)


def configuration(function: Any, on_create: bool = False) -> dict[str, Any]:
    """With where it writes its logs, and where events go that it failed on; and whether an update is under way."""
    usual = {"LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.function_name}"}}
    given = {key: value for key, value in function.kept.items() if value != {"TargetArn": ""}}
    status = {"LastUpdateStatus": getattr(function, "update_status", "Successful")}
    return {**told(function, on_create), **usual, **given, **({} if on_create else status)}


def update_configuration(function: Any, updates: dict[str, Any]) -> Any:
    function.kept = function.kept | {key: updates[key] for key in KEPT if key in updates}
    return update(function, updates)


def set_function_code(function: Any, spec: dict[str, Any]) -> None:
    """An update of the code may be one of the processor."""
    if spec is not function.code and spec.get("Architectures"):
        function.architectures = spec["Architectures"]
    set_code(function, spec)


def publish_version(storage: Any, name_or_arn: str, description: str = "") -> Any:
    """A new version only if something changed, with a number that no other had: moto counts those that there are."""
    latest = storage.get_function_by_name_or_arn_forbid_qualifier(name_or_arn)
    versions = storage._functions[latest.function_name]["versions"]
    if versions and not latest.code_or_config_updated:
        return versions[-1]
    latest.code_or_config_updated = False
    latest.numbered = getattr(latest, "numbered", 0) + 1
    version = copy.copy(latest)
    version.set_version(latest.numbered)
    version.description = description or version.description
    versions.append(version)
    storage._arns[version.function_arn] = version
    return version


LambdaFunction.__init__ = init_function
LambdaFunction.get_configuration = configuration
LambdaFunction.update_configuration = update_configuration
LambdaFunction._set_function_code = set_function_code
LambdaStorage.publish_version = publish_version


def code_told(function: Any) -> dict[str, Any]:
    """With a reserve of none, which moto takes for nothing said."""
    none = {"Concurrency": {"ReservedConcurrentExecutions": 0}} if function.reserved_concurrency == 0 else {}
    return {**get_code(function), **none}


LambdaFunction.get_code = code_told


@after("lambda:GetFunction")
def code_to_fetch(request: Request, answer: Answer, world: World) -> Answer | None:
    """AWS tells an address, good for ten minutes, from which a function's zip can be fetched; moto one that isn't."""
    told = json.loads(answer.body)
    if "Location" not in told.get("Code", {}):
        return None
    function = world.backend(request).get_function(request.text("FunctionName"), request.text("Qualifier") or None)
    told["Code"]["Location"] = _address(function.code_bytes, world)
    return Answer(answer.status, answer.headers, json.dumps(told).encode())


@after("lambda:GetLayerVersion")
def layer_to_fetch(request: Request, answer: Answer, world: World) -> Answer | None:
    """The same of a layer's version."""
    told = json.loads(answer.body)
    if "Content" not in told:
        return None
    version = world.backend(request).get_layer_version(request.text("LayerName"), request.text("VersionNumber"))
    told["Content"]["Location"] = _address(version.code_bytes, world)
    return Answer(answer.status, answer.headers, json.dumps(told).encode())


def _address(content: bytes, world: World) -> str:
    name = hashlib.sha256(content).hexdigest()
    world.recall("codes", dict)[name] = content
    return f"{world.url}/physics/code/{name}"
