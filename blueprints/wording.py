"""What pydantic finds wrong with a document, in words for people and with paths in the document."""

import difflib
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ValidationError

from blueprints.problem import Problem

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


def _path(error: Any, data: Any) -> str:
    """Where it is in the document: pydantic also names steps that don't stand there, such as the type that it tried."""
    path, here = [], data
    for step in error["loc"]:
        within = (isinstance(here, Mapping) and step in here) or (
            isinstance(here, list | tuple) and step in range(len(here))
        )
        if within:
            here = here[step]
        if within or (error["type"] == "missing" and step is error["loc"][-1]):
            path.append(str(step))
    return ".".join(path) or "document"


def all_in_words(error: ValidationError, data: Any, model: type[BaseModel]) -> list[Problem]:
    """All errors of pydantic; not that a list is too short, where what's missing in it is wrong and told anyway."""
    errors = error.errors(include_url=False)
    within = {one["loc"][:depth] for one in errors for depth in range(len(one["loc"]))}
    return [in_words(one, data, model) for one in errors if one["type"] != "too_short" or one["loc"] not in within]


def in_words(error: Any, data: Any, model: type[BaseModel]) -> Problem:
    """An error of pydantic for people, with its path in the document that was to become a `model`."""
    kind, context, given = error["type"], error.get("ctx", {}), error.get("input")
    path = _path(error, data)
    if kind == "extra_forbidden":
        known = fields_at(error["loc"][:-1], model)
        word = str(error["loc"][-1])
        near = difflib.get_close_matches(word, known, 3)
        near.sort(key=lambda one: sorted(one) != sorted(word))  # letters that changed places come first
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


def fields_at(place: tuple[int | str, ...], model: Any) -> list[str]:
    """Names of the fields that can stand at a place in the document."""
    for step in place:
        model = _inner(model, step)
    models = [model] if isinstance(model, type) else [one for one in typing.get_args(model) if isinstance(one, type)]
    fields = [one.model_fields for one in models if isinstance(one, type) and issubclass(one, BaseModel)]
    return [info.alias or name for found in fields for name, info in found.items() if name != "also"]


def _inner(model: Any, step: int | str) -> Any:
    """The type of what stands at one step into a type."""
    origin, arguments = typing.get_origin(model), typing.get_args(model)
    if origin is Annotated:
        tagged = any(getattr(one, "tag", None) == step for one in arguments[1:])  # a step that no document has
        return arguments[0] if tagged else _inner(arguments[0], step)
    if origin in (typing.Union, types.UnionType):
        return next((found for one in arguments if (found := _inner(one, step)) is not None), None)
    if origin is dict:
        return arguments[1]
    if origin in (list, tuple):
        return arguments[0]
    if isinstance(model, type) and issubclass(model, BaseModel) and step in model.model_fields:
        return model.model_fields[str(step)].annotation
    return None
