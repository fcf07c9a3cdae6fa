"""What a picture is drawn from: states in which every id is the key of a part, of a blueprint or of what stands."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.part import Part
from tasks.kind import Found, Kind, unknown, unknowns

SHORTEST = 6  # characters of an id that is looked for inside of texts


@dataclass(frozen=True)
class Thing:
    """A part, or a resource that stands. In `state` an id is `⟨kind/name⟩`."""

    kind: str
    name: str
    state: Mapping[str, Any]
    phase: str = "standing"

    @property
    def key(self) -> str:
        """`kind/name`."""
        return f"{self.kind}/{self.name}"


class _Unknown(dict[str, str]):
    """Every id as its placeholder."""

    def __missing__(self, key: str) -> str:
        return unknown(key)


def things_of(parts: Iterable[Part], kinds: Mapping[str, Kind[Any, Any]]) -> tuple[Thing, ...]:
    """What a blueprint asks for, sorted by key."""
    ids = _Unknown()
    things = [Thing(part.kind, part.name, _plain(kinds[part.kind].wanted(part, ids))) for part in parts]
    return tuple(sorted(things, key=lambda one: one.key))


def things_standing(found: Iterable[Found[Any]]) -> tuple[Thing, ...]:
    """What stands, sorted by key; where a part stands twice, the one that isn't retired."""
    found = sorted(found, key=lambda one: (one.retired, one.key, one.id))
    keys = {one.id: one.key for one in found}
    named = {id: key for id, key in keys.items() if len(id) >= SHORTEST}
    inside = re.compile("|".join(map(re.escape, sorted(named, key=len, reverse=True)))) if named else None
    things: dict[str, Thing] = {}
    for one in found:
        state = _renamed(_plain(one.state), keys, inside)
        things.setdefault(one.key, Thing(one.kind, one.name, state, one.phase))
    return tuple(things[key] for key in sorted(things))


def keys_in(value: Any) -> list[str]:
    """The keys of all parts that a value names, sorted."""
    return sorted(unknowns(value))


def document(text: Any) -> Any:
    """A policy's text as data."""
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return {}


def _plain(state: Any) -> Any:
    """As data; an id in JSON stands as it does elsewhere."""
    return _unescaped(state.model_dump(mode="json"))


def _unescaped(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\\u27e8", "\u27e8").replace("\\u27e9", "\u27e9")
        case dict():
            return {key: _unescaped(inner) for key, inner in value.items()}
        case list():
            return [_unescaped(inner) for inner in value]
        case _:
            return value


def _renamed(value: Any, keys: Mapping[str, str], inside: re.Pattern[str] | None) -> Any:
    """With each id's key in its place."""
    match value:
        case str() if value in keys:
            return unknown(keys[value])
        case str():
            return inside.sub(lambda id: unknown(keys[id[0]]), value) if inside else value
        case dict():
            return {key: _renamed(inner, keys, inside) for key, inner in value.items()}
        case list():
            return [_renamed(inner, keys, inside) for inner in value]
        case _:
            return value
