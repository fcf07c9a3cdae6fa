"""A document in the short forms that people write: `url: iam` for a mapping with one thing in it, say. Pure."""

from collections.abc import Callable
from typing import Any

from tasks.exporting.standing import Section

ALONE: dict[str, tuple[str, Any]] = {
    "apis.*.api_keys.*": ("description", ""),
    "apis.*.routes.*": ("to", None),
    "functions.*.url": ("auth", "iam"),
    "images.*.from_snapshot": ("snapshot", None),
    "instances.*.bootstrap": ("text", None),
    "instances.*.image.from_snapshot": ("snapshot", None),
    "network.endpoints.*": ("service", None),
    "parameters.*": ("value", None),
    "parameters.*.random": ("length", 32),
    "queues.*.dead_letters": ("after", 5),
    "servers.*.bootstrap": ("text", None),
    "servers.*.health_check": ("path", None),
    "servers.*.image.from_snapshot": ("snapshot", None),
    "servers.*.instance_types.*": ("type", None),
}
"""By place, what may stand instead of a mapping that has nothing else; and what it is where the mapping is empty."""


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _count(value: Any) -> Any:
    return value["min"] if value["min"] == value["max"] else value


def _by_number(value: Any) -> Any:
    return {int(key): inner for key, inner in value.items()}


def _share(value: Any) -> Any:
    return next(iter(value)) if len(value) == 1 else value


def _redirect(value: Any) -> Any:
    return "https" if value == {"protocol": "HTTPS", "port": 443} else value


OTHERS: dict[str, Callable[[Any], Any]] = {
    "alarms.to": _one,
    "apis.*.routes.*.answers": _by_number,
    "balancers.*.listeners.*.certificate": _one,
    "balancers.*.listeners.*.redirect": _redirect,
    "balancers.*.listeners.*.rules.*.host": _one,
    "balancers.*.listeners.*.rules.*.method": _one,
    "balancers.*.listeners.*.rules.*.path": _one,
    "balancers.*.listeners.*.rules.*.redirect": _redirect,
    "balancers.*.listeners.*.rules.*.to": _share,
    "balancers.*.listeners.*.to": _share,
    "servers.*.count": _count,
}


def shortened(document: Section) -> Section:
    """The same document, as far as it's read."""
    return {section: _short(value, (section,)) for section, value in document.items()}


def _short(value: Any, place: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        value = {key: _short(inner, (*place, str(key))) for key, inner in value.items()}
    elif isinstance(value, list):
        value = [_short(inner, (*place, "*")) for inner in value]
    elif isinstance(value, float) and value.is_integer():
        return int(value)
    for pattern, (field, usual) in ALONE.items():
        if isinstance(value, dict) and _fits(place, pattern):
            if value.keys() == {field}:
                return value[field]
            return usual if not value and usual is not None else value
    for pattern, form in OTHERS.items():
        if _fits(place, pattern):
            return form(value)
    return value


def _fits(place: tuple[str, ...], pattern: str) -> bool:
    steps = pattern.split(".")
    return len(steps) == len(place) and all(step in ("*", here) for step, here in zip(steps, place, strict=True))
