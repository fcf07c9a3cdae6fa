"""A function's state, in AWS's words and in ours."""

import re
from collections.abc import Mapping
from typing import Any

from tasks.kind import AtBirth, Fixed, State, Unordered

LIVE = "live"
"""The alias that whatever calls a function calls."""
CONTENT = "castra:content"
"""The tag with the digest of a function's files, and the hash of the zip that was made of them."""
ZIP, IMAGE = "Zip", "Image"
CODE = frozenset({"code", "architecture"})
APART = frozenset({"concurrency", "live"})
"""Fields that no call for code or configuration changes, and that no version has."""


class FunctionState(State):
    """https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html

    `code` is a digest of the files, empty where somebody sent others, or the image. `live`: whether the alias leads to
    a version that is as the function is now.
    """

    package: Fixed[str]
    code: str
    handler: str | None
    runtime: str | None
    architecture: str
    memory: int
    timeout: int
    role: str
    environment: dict[str, str]
    subnets: Unordered[str]
    groups: Unordered[str]
    layers: tuple[str, ...]
    logs: str
    dead_letters: str | None
    concurrency: int | None
    live: bool = True
    made_from: AtBirth[str | None] = None


def state_of(answer: Mapping[str, Any], live: Mapping[str, Any] | None) -> FunctionState:
    """A function as GetFunction tells it, beside the configuration that its alias leads to."""
    configuration = answer["Configuration"]
    return FunctionState(
        package=configuration.get("PackageType", ZIP),
        code=_code(answer),
        concurrency=answer.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
        live=live is not None and _published(live) == _published(configuration),
        **_configured(configuration),
    )


def _code(answer: Mapping[str, Any]) -> str:
    """The image; or the digest of the files, if what Lambda has is the zip that was made of them."""
    if answer["Configuration"].get("PackageType") == IMAGE:
        return str(answer["Code"].get("ImageUri", ""))
    digest, _, sha256 = answer.get("Tags", {}).get(CONTENT, "").partition(" ")
    return digest if sha256 == answer["Configuration"]["CodeSha256"] else ""


def _configured(told: Mapping[str, Any]) -> dict[str, Any]:
    placed = told.get("VpcConfig") or {}
    group = (told.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{told['FunctionName']}"
    return {
        "handler": told.get("Handler") or None,
        "runtime": told.get("Runtime") or None,
        "architecture": (told.get("Architectures") or ["x86_64"])[0],
        "memory": told["MemorySize"],
        "timeout": told["Timeout"],
        "role": told["Role"],
        "environment": dict((told.get("Environment") or {}).get("Variables") or {}),
        "subnets": tuple(placed.get("SubnetIds") or ()),
        "groups": tuple(placed.get("SecurityGroupIds") or ()),
        "layers": tuple(layer["Arn"] for layer in told.get("Layers") or ()),
        "logs": re.sub(r":lambda:([^:]+:[^:]+):.*", rf":logs:\1:log-group:{group}", told["FunctionArn"]),
        "dead_letters": (told.get("DeadLetterConfig") or {}).get("TargetArn") or None,
    }


def _published(told: Mapping[str, Any]) -> dict[str, Any]:
    """What a version and the function that it was made of have in common."""
    return _configured(told) | {"sha256": told["CodeSha256"]}


def configuration(wanted: FunctionState) -> dict[str, Any]:
    """All but the code, as CreateFunction and UpdateFunctionConfiguration take it. Empty takes away."""
    settings = {
        "Role": wanted.role,
        "MemorySize": wanted.memory,
        "Timeout": wanted.timeout,
        "Environment": {"Variables": wanted.environment},
        "VpcConfig": {"SubnetIds": list(wanted.subnets), "SecurityGroupIds": list(wanted.groups)},
        "DeadLetterConfig": {"TargetArn": wanted.dead_letters or ""},
        "LoggingConfig": {"LogGroup": wanted.logs.partition(":log-group:")[2]},
    }
    if wanted.package == ZIP:
        settings |= {"Handler": wanted.handler, "Runtime": wanted.runtime, "Layers": list(wanted.layers)}
    return settings
