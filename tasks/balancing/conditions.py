"""For which requests a listener rule is, in one vocabulary for what is wanted and what AWS tells."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from blueprints.listening import ListenerRule
from tasks.kind import State, Unordered

PLAIN = {
    "paths": ("path-pattern", "PathPatternConfig"),
    "hosts": ("host-header", "HostHeaderConfig"),
    "methods": ("http-request-method", "HttpRequestMethodConfig"),
}
"""Conditions that are nothing but values, one of which must fit."""


class NamedState(State):
    """A header or a parameter, and the values of which it must have one."""

    name: str
    values: Unordered[str]


class ConditionsState(State):
    """All must hold; of each, one value. `others` are those that somebody added by hand, as AWS words them."""

    paths: Unordered[str] = ()
    hosts: Unordered[str] = ()
    methods: Unordered[str] = ()
    headers: Unordered[NamedState] = ()
    queries: Unordered[NamedState] = ()
    others: Unordered[str] = ()


def wanted_conditions(part: ListenerRule) -> ConditionsState:
    """The blueprint's conditions."""
    return ConditionsState(
        paths=part.paths,
        hosts=part.hosts,
        methods=part.methods,
        headers=tuple(NamedState(name=one.name, values=one.values) for one in part.headers),
        queries=tuple(NamedState(name=one.key, values=one.values) for one in part.queries),
    )


def told_conditions(conditions: Iterable[Mapping[str, Any]]) -> ConditionsState:
    """What AWS tells. Paths and hosts it tells twice; a second condition on one field is none of ours."""
    told: dict[str, tuple[Any, ...]] = dict.fromkeys(ConditionsState.model_fields, ())
    for condition in conditions:
        name, values = _told(condition)
        if name in PLAIN and told[name]:
            name, values = "others", (json.dumps(condition, sort_keys=True),)
        told[name] += values
    return ConditionsState(**told)


def conditions_as_aws(wanted: ConditionsState) -> list[dict[str, Any]]:
    """The same as the calls that make and modify take it."""
    return list(_sent(wanted))


def _told(condition: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """Which field of ours it is, and its values there."""
    field = condition["Field"]
    for name, (ours, key) in PLAIN.items():
        config = condition.get(key, {})
        if field == ours and not config.get("RegexValues"):
            return name, tuple(config.get("Values") or condition.get("Values", ()))
    if field == "http-header" and not condition["HttpHeaderConfig"].get("RegexValues"):
        config = condition["HttpHeaderConfig"]
        return "headers", (NamedState(name=config["HttpHeaderName"], values=tuple(config["Values"])),)
    if field == "query-string":
        pairs = condition["QueryStringConfig"]["Values"]
        if len(keys := {pair.get("Key", "") for pair in pairs}) == 1:
            return "queries", (NamedState(name=keys.pop(), values=tuple(pair["Value"] for pair in pairs)),)
    return "others", (json.dumps(condition, sort_keys=True),)


def _sent(wanted: ConditionsState) -> Iterator[dict[str, Any]]:
    for name, (field, key) in PLAIN.items():
        if values := getattr(wanted, name):
            yield {"Field": field, key: {"Values": list(values)}}
    for header in wanted.headers:
        config = {"HttpHeaderName": header.name, "Values": list(header.values)}
        yield {"Field": "http-header", "HttpHeaderConfig": config}
    for query in wanted.queries:
        pairs = [{"Key": query.name, "Value": value} for value in query.values]
        yield {"Field": "query-string", "QueryStringConfig": {"Values": pairs}}
