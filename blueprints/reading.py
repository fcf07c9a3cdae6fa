"""Reading a document: from a YAML file, text or plain data to an environment, with every problem at once."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from blueprints.environment import Environment
from blueprints.problem import Invalid, Problem
from blueprints.wording import all_in_words


class _StrictLoader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, not a silent loss."""


def _mapping_without_doubles(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    merge = "tag:yaml.org,2002:merge"  # `<<`, which stands for the keys of another mapping
    keys = [merge if key.tag == merge else loader.construct_object(key, deep=True) for key, _ in node.value]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            mark = node.value[index][0].start_mark
            raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=mark)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver(  # as YAML 1.2 has it: `on`, `yes` and `no` are words
    "tag:yaml.org,2002:bool", re.compile("^(true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_doubles)


class _Dumper(yaml.SafeDumper):
    """Writes as documents are read: `on` is a word. Texts of several lines are shown as such."""

    def check_simple_key(self) -> bool:
        """An empty key is one, too: `"": main`, and not `? "" : main`."""
        empty = isinstance(self.event, yaml.ScalarEvent) and not self.event.value
        return empty or bool(super().check_simple_key())


_Dumper.yaml_implicit_resolvers = _StrictLoader.yaml_implicit_resolvers
_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text.rstrip("\n") else None
    ),
)


def written(data: Mapping[str, Any]) -> str:
    """A document as YAML."""
    dumped: str = yaml.dump(
        dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None
    )
    return dumped


def load(path: str | Path) -> Environment:
    """Read a document from a YAML file. Raises Invalid with every problem at once."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Invalid(str(path), [Problem(str(path), "there's no such file", "Check the path")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(str(path), [Problem(str(path), f"it can't be read ({error})")]) from error
    return parse(text, source=str(path), folder=path.parent)


def parse(text: str, source: str = "document", folder: Path | None = None) -> Environment:
    """Read a document from YAML text. `folder` is where the files that it names are. Raises Invalid."""
    try:
        data = data_in(text)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: what looks like a date and is none
        mark, why = getattr(error, "problem_mark", None), getattr(error, "problem", None) or error
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "document"
        raise Invalid(source, [Problem(place, f"it isn't YAML: {why}")]) from None
    if not isinstance(data, dict):
        raise Invalid(source, [Problem("document", "should be a mapping", "Begin with `name:` and `region:`")])
    return build(data, source, folder)


def data_in(text: str) -> Any:
    """What YAML text says, as documents are read: a key that stands twice is an error, and `on` is a word."""
    return yaml.load(text, _StrictLoader)


def build(data: Mapping[str, Any], source: str = "document", folder: Path | None = None) -> Environment:
    """An environment from plain data, checked in itself and across sections. Raises Invalid with every problem."""
    context = {"folder": folder}
    try:
        environment = Environment.model_validate(data, context=context)
        problems = list(environment.problems())
    except ValidationError as error:
        problems = all_in_words(error, data, Environment)
        problems += _more_problems(data, error, context)
        raise Invalid(source, dict.fromkeys(problems)) from None
    if problems:
        raise Invalid(source, problems)
    return environment


STAND_INS: dict[str, Any] = {
    "name": "x",
    "region": "xx-x-0",
    "network": {"cidr": "10.0.0.0/16"},
    "apis": {"routes": {"$default": "https://example.com"}},
    "api_domains": {
        "domain": "example.com",
        "certificate": "arn:aws:acm:xx-x-0:000000000000:certificate/x",
        "paths": {"": "x"},
    },
    "front_doors": {"to": "function/x"},
    "servers": {"image": {"id": "ami-0"}, "port": 80},
    "policies": {},
    "key_pairs": {"public_key": f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43}"},
    "queues": {},
    "buckets": {},
    "functions": {"image": "000000000000.dkr.ecr.xx-x-0.amazonaws.com/x:x"},
    "sites": {"folder": "."},
    "balancers": {"listeners": [{"port": 80, "to": "x"}]},
    "layers": {"packages": ["x"]},
    "backups": {"select": {"tags": {"x": "x"}}, "when": {"cron": "0 0 * * *"}, "keep": {"daily": 1}},
}
"""What is put in place of a section that is wrong in itself, so that the others can still be checked against it."""


def _more_problems(data: Mapping[str, Any], error: ValidationError, context: Mapping[str, Any]) -> Iterator[Problem]:
    """What's wrong across sections in the rest of a document whose shape is wrong in places."""
    places = [one["loc"] for one in error.errors()]
    rest = _without(data, places)
    at_fault: set[str] = set()
    for place in places:
        at_fault.add(_replace_by_stand_in(rest, str(place[0]), place[1:]))
    if not isinstance(rest.get("servers", {}), dict) or ("servers",) in places:
        rest.pop("balancers", None)  # nothing can be said of what they name
    try:
        problems = Environment.model_validate(rest, context=dict(context)).problems()
    except ValidationError:
        return
    yield from (one for one in problems if not any(f"{one.path}.".startswith(fault) for fault in at_fault if fault))


def _replace_by_stand_in(rest: dict[str, Any], section: str, inner: tuple[int | str, ...]) -> str:
    """Put a stand-in where something is wrong; gives the beginning of the paths that nothing can be said about then."""
    if section in ("name", "region"):
        rest[section] = STAND_INS[section]
        return "network.zones." if section == "region" else ""
    if section == "network":
        if not inner or not isinstance(rest.get("network"), dict):
            rest["network"] = dict(STAND_INS["network"])
        else:
            rest["network"].pop(inner[0], None)
            if not rest["network"].get("default"):
                rest["network"].setdefault("cidr", STAND_INS["network"]["cidr"])
        return "network.subnets."
    if section in STAND_INS and inner and isinstance(rest.get(section), dict):
        if inner[-1] == "[key]":
            rest[section].pop(inner[0], None)
        else:
            rest[section][inner[0]] = STAND_INS[section]
        return f"{section}.{inner[0]}."
    return ""


def _without(data: Any, places: list[tuple[int | str, ...]], here: tuple[int | str, ...] = ()) -> Any:
    if isinstance(data, Mapping):
        return {key: _without(value, places, (*here, key)) for key, value in data.items() if (*here, key) not in places}
    if isinstance(data, list):
        return [_without(value, places, (*here, index)) for index, value in enumerate(data)]
    return data
