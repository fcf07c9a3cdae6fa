"""A function brought back: its code into a folder, its configuration into a blueprint beside it."""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from blueprints.granting import PARAMETER, SECRET
from tasks.errors import Invalid, Problem, gone_is_fine
from tasks.scope import ENVIRONMENT, PART, Scope
from tasks.serverless.function_state import IMAGE, FunctionState, state_of
from tasks.serverless.unpacking import fetched, unzip
from tasks.serverless.versions import GONE

CODE, DOCUMENT = "code", "function.yaml"
_SECRET = re.compile(f"^({SECRET}|{PARAMETER})$")


class Brought(BaseModel):
    """Where everything is, and what a blueprint can't say of it."""

    function: str
    document: Path
    files: int
    left_out: list[str]


def bring_back(scope: Scope, name: str, into: Path) -> Brought:
    """Fetch a function, Castra's or not, by its name in AWS or its ARN, into a folder that is empty or isn't there yet.

    Writes `code/` and `function.yaml`, a blueprint with this function alone. Raises Invalid where there's no such
    function or the folder isn't empty, and CastraError for code that isn't what AWS says it is.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise Invalid("castra download", [Problem("--into", f"{into} isn't an empty folder", "Name another one")])
    told: dict[str, Any] = {}
    with gone_is_fine(GONE):
        told = scope.client("lambda").get_function(FunctionName=name)
    if not told:
        why = f"there's no such function in {scope.region}"
        raise Invalid("castra download", [Problem(name, why, "Check its name in AWS, and the region")])
    state, files = state_of(told, None), 0
    if state.package != IMAGE:
        content = fetched(told["Code"], told["Configuration"]["CodeSha256"], f"function {name}")
        files = unzip(content, into / CODE)
    section, left_out = _section(state)
    document = _written(told, section, left_out, scope.region, into / DOCUMENT)
    return Brought(function=told["Configuration"]["FunctionName"], document=document, files=files, left_out=left_out)


def _section(state: FunctionState) -> tuple[dict[str, Any], list[str]]:
    """The function as a blueprint says it, and what it can't say."""
    secrets = {key: value for key, value in state.environment.items() if _SECRET.match(value)}
    plain = {key: value for key, value in state.environment.items() if key not in secrets}
    code = {"image": state.code} if state.package == IMAGE else {"code": CODE, "handler": state.handler}
    section: dict[str, Any] = code | ({} if state.package == IMAGE else {"runtime": state.runtime})
    section |= {"architecture": state.architecture, "memory": state.memory, "timeout": state.timeout}
    optional = {
        "environment": plain,
        "secrets": secrets,
        "layers": list(state.layers),
        "concurrency": state.concurrency,
    }
    section |= {key: value for key, value in optional.items() if value not in ({}, [], None)}
    left_out = [f"what its role {state.role} may do: say it with can"]
    if state.subnets:
        left_out.append(f"subnets {', '.join(state.subnets)}: say it with network, and vpc: true")
    if state.dead_letters:
        left_out.append(f"dead letters to {state.dead_letters}: name a queue of the document")
    return section, left_out


def _written(told: dict[str, Any], section: dict[str, Any], left_out: list[str], region: str, file: Path) -> Path:
    tags, called = told.get("Tags", {}), told["Configuration"]["FunctionName"]
    environment = tags.get(ENVIRONMENT) or _plain(called)
    name = tags.get(PART, "").removeprefix("function/") or _plain(called)
    document = {"name": environment, "region": region, "functions": {name: section}}
    notes = "".join(f"#   {one}\n" for one in left_out)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"# The function {called}, as it stood. What isn't in here:\n{notes}{text}", encoding="utf-8")
    return file


def _plain(called: str) -> str:
    """A name that a blueprint takes."""
    return re.sub(r"[^a-z0-9]+", "-", called.lower()).strip("-")[:40].strip("-") or "function"
