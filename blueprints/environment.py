"""Environment: the document people write; it unfolds into parts, and is checked across its sections."""

import difflib
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, Field, SerializeAsAny, ValidationError
from pydantic.json_schema import SkipJsonSchema

from blueprints.balancing import Balancer
from blueprints.network import Network
from blueprints.part import Name, Part, Piece
from blueprints.problem import Invalid, Problem
from blueprints.servers import Servers

LONGEST_NAME = 40
SectionName = Annotated[Name, Field(max_length=LONGEST_NAME)]


class Environment(Piece):
    """An AWS environment: its name and region, and what must stand in it."""

    name: Annotated[Name, Field(max_length=LONGEST_NAME, description="Unique in the account and region.")]
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$", examples=["eu-west-1"])
    account: str | None = Field(
        default=None, pattern=r"^[0-9]{12}$", description="Checked against the credentials before anything is done."
    )
    owner: str | None = Field(default=None, max_length=256, description="Whom to ask; becomes a tag.")
    tags: dict[str, str] = Field(default_factory=dict, description="Your own tags, for everything that takes tags.")
    network: Network | None = None
    balancers: dict[SectionName, Balancer] = Field(default_factory=dict)
    servers: dict[SectionName, Servers] = Field(default_factory=dict)
    also: SkipJsonSchema[tuple[SerializeAsAny[Part], ...]] = Field(
        default=(), exclude=True, description="Parts written by hand in Python; no document has them."
    )

    @property
    def all_tags(self) -> dict[str, str]:
        """The user's own tags, with the owner."""
        return self.tags | ({"owner": self.owner} if self.owner else {})

    def parts(self) -> tuple[Part, ...]:
        """All parts it unfolds into. Raises Invalid where sections don't fit together."""
        if problems := tuple(self.problems()):
            raise Invalid(f"Environment {self.name}", problems)
        return tuple(self._unfold())

    def _unfold(self) -> Iterator[Part]:
        if self.network is not None:
            yield from self.network.parts(self.region)
            ports = {name: servers.port or 0 for name, servers in self.servers.items()}
            checks = {name: servers.health_check for name, servers in self.servers.items()}
            for name, balancer in self.balancers.items():
                yield from balancer.parts(name, self.network, self.region, ports, checks)
            for name, servers in self.servers.items():
                in_front = tuple(front for front, one in self.balancers.items() if name in one.targets())
                yield from servers.parts(name, self.network, self.region, in_front)
        yield from self.also

    def problems(self) -> Iterator[Problem]:
        """What doesn't fit together, across all sections."""
        for key, value in self.tags.items():
            yield from _tag_problems(key, value)
        if self.network is not None:
            yield from self.network.problems(self.region)
        elif self.servers or self.balancers:
            yield Problem(
                "network", "is missing, and servers and balancers stand in one", "Add `network: {cidr: 10.0.0.0/16}`"
            )
        ports = {name: servers.port for name, servers in self.servers.items()}
        for name, balancer in self.balancers.items():
            yield from balancer.problems(name, self.network, self.region, ports)
        for name, servers in self.servers.items():
            yield from servers.problems(name, self.servers)


def _tag_problems(key: str, value: str) -> Iterator[Problem]:
    """AWS's limits: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html"""
    if key.lower().startswith(("castra:", "aws:")) or key == "Name":
        yield Problem(f"tags.{key}", "this key is reserved", "Choose another one")
    if not 1 <= len(key) <= 128 or len(value) > 256 or " " in key:
        yield Problem(f"tags.{key}", "a key has 1 to 128 characters and no blank, a value at most 256", "Shorten it")


# ---------------------------------------------------------------------- reading


class _StrictLoader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, not a silent loss."""


def _mapping_without_doubles(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            mark = node.value[index][0].start_mark
            raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=mark)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_doubles)


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
        data = yaml.load(text, _StrictLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "document"
        raise Invalid(source, [Problem(place, f"it isn't YAML: {error.problem or error}")]) from None
    if not isinstance(data, dict):
        raise Invalid(source, [Problem("document", "should be a mapping", "Begin with `name:` and `region:`")])
    return build(data, source, folder)


def build(data: Mapping[str, Any], source: str = "document", folder: Path | None = None) -> Environment:
    """An environment from plain data, checked in itself and across sections. Raises Invalid with every problem."""
    context = {"folder": folder}
    try:
        environment = Environment.model_validate(data, context=context)
        problems = list(environment.problems())
    except ValidationError as error:
        problems = [in_words(one) for one in error.errors(include_url=False)]
        problems += _more_problems(data, error, context)
        raise Invalid(source, problems) from None
    if problems:
        raise Invalid(source, problems)
    return environment


STAND_INS: dict[str, dict[str, Any]] = {
    "network": {"cidr": "10.0.0.0/16"},
    "servers": {"image": {"id": "ami-0"}, "port": 80},
    "balancers": {"listeners": [{"port": 80, "to": "-"}]},
}
"""What is put in place of a section that is wrong in itself, so that the others can still be checked against it."""


def _more_problems(data: Mapping[str, Any], error: ValidationError, context: Mapping[str, Any]) -> Iterator[Problem]:
    """What's wrong across sections in the rest of a document whose shape is wrong in places."""
    places = [one["loc"] for one in error.errors()]
    rest = _without(data, places)
    at_fault: set[str] = set()
    for place in places:
        section, name = str(place[0]), place[1] if len(place) > 1 else None
        if section == "network":
            rest["network"] = STAND_INS["network"] if "cidr" in str(place) else rest["network"]
        elif section in STAND_INS and isinstance(rest.get(section), dict) and name is not None:
            rest[section][name] = STAND_INS[section]
            at_fault.add(f"{section}.{name}.")
    try:
        problems = Environment.model_validate(rest, context=dict(context)).problems()
    except ValidationError:
        return
    yield from (one for one in problems if not any(f"{one.path}.".startswith(fault) for fault in at_fault))


def _without(data: Any, places: list[tuple[int | str, ...]], here: tuple[int | str, ...] = ()) -> Any:
    if isinstance(data, Mapping):
        return {key: _without(value, places, (*here, key)) for key, value in data.items() if (*here, key) not in places}
    if isinstance(data, list):
        return [_without(value, places, (*here, index)) for index, value in enumerate(data)]
    return data


_WORDS = {
    "missing": ("is missing", "Add it"),
    "string_type": ("should be text", "Put it in quotes"),
    "bool_type": ("should be true or false", ""),
    "bool_parsing": ("should be true or false", ""),
    "int_type": ("should be a whole number", ""),
    "int_parsing": ("should be a whole number", ""),
    "dict_type": ("should be a mapping", ""),
    "model_type": ("should be a mapping", ""),
    "tuple_type": ("should be a list", "Put it in [ ]"),
}


def in_words(error: Any) -> Problem:
    """An error of pydantic for people, with its path in the document."""
    kind, context, given = error["type"], error.get("ctx", {}), error.get("input")
    path = ".".join(str(step) for step in error["loc"] if step != "[key]") or "document"
    if kind == "extra_forbidden":
        known = fields_at(error["loc"][:-1])
        near = difflib.get_close_matches(str(error["loc"][-1]), known, 1)
        return Problem(
            path, "there's no such field", f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}"
        )
    if kind == "literal_error":
        return Problem(path, f"{given!r} isn't one of the choices", f"Choose {context['expected']}")
    if kind == "string_pattern_mismatch":
        return Problem(path, f"{given!r} isn't of the right form", f"It must match {context['pattern']}")
    if kind == "string_too_long":
        limit = context["max_length"]
        return Problem(
            path, f"{given!r} is {len(str(given))} characters long; at most {limit} are allowed", "Shorten it"
        )
    if kind == "ip_v4_network":
        return Problem(
            path, f"{given!r} isn't an IPv4 network", "Write one such as 10.20.0.0/16, with no host bits set"
        )
    if kind in _WORDS:
        why, way_out = _WORDS[kind]
        return Problem(path, why if kind == "missing" else f"{why}, not {given!r}", way_out)
    return Problem(path, str(error["msg"]).removeprefix("Value error, "))


def fields_at(place: tuple[int | str, ...], model: Any = Environment) -> list[str]:
    """Names of the fields that can stand at a place in the document."""
    for step in place:
        model = _inner(model, step)
    models = [model] if isinstance(model, type) else [one for one in typing.get_args(model) if isinstance(one, type)]
    fields = [one.model_fields for one in models if isinstance(one, type) and issubclass(one, BaseModel)]
    return [name for found in fields for name in found if name != "also"]


def _inner(model: Any, step: int | str) -> Any:
    """The type of what stands at one step into a type."""
    origin, arguments = typing.get_origin(model), typing.get_args(model)
    if origin is Annotated:
        return _inner(arguments[0], step)
    if origin in (typing.Union, types.UnionType):
        return next((found for one in arguments if (found := _inner(one, step)) is not None), None)
    if origin is dict:
        return arguments[1]
    if origin in (list, tuple):
        return arguments[0]
    if isinstance(model, type) and issubclass(model, BaseModel) and step in model.model_fields:
        return model.model_fields[str(step)].annotation
    return None
