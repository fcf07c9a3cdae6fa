"""The sections `topics` and `alarms`: who is told, and of what."""

import re
from typing import Any

from blueprints.alarms import GIB
from tasks.exporting.standing import Section, Standing, said

FIELDS = {
    "unhealthy_servers": r"balancer-.+-unhealthy",
    "server_errors": r"(balancer|api)-.+-errors",
    "function_errors": r"function-.+-errors",
    "database_storage": r"(database|replica)-.+-storage",
}
"""By the field that an alarm comes from, what its part is called."""


def topics(standing: Standing) -> dict[str, Section]:
    """Each, by name."""
    return {
        name: said(title=one.state.title, emails=list(one.state.emails), encryption_key=one.state.encryption_key)
        for name, one in standing.of("topic").items()
    }


def alarms(standing: Standing) -> Section | None:
    """What isn't watched although it stands is null; alarms that scale groups belong to those."""
    steps, all_of_them = standing.of("step-policy"), standing.of("alarm")
    mine = {name: one.state for name, one in all_of_them.items() if name not in steps}
    by_field = {
        field: {name: state for name, state in mine.items() if re.fullmatch(pattern, name)}
        for field, pattern in FIELDS.items()
    }
    first = next((state for found in by_field.values() for state in found.values()), None)
    if first is None:
        return None
    told: Section = {"to": [standing.key(one) for one in first.actions]}
    for field, found in by_field.items():
        if found:
            told[field] = _threshold(standing, field, *next(iter(found.items())))
        elif _could(standing, field):
            told[field] = None
    return told


def _threshold(standing: Standing, field: str, name: str, state: Any) -> float:
    """A database's, or a replica's, is the share of its storage."""
    threshold = float(state.threshold)
    if field == "database_storage":
        kind, _, called = name.removesuffix("-storage").partition("-")
        database = standing.state("database-replica" if kind == "replica" else kind, called)
        threshold *= 100 / (GIB * database.storage) if database else 1
    return round(threshold) if abs(threshold - round(threshold)) < 1e-9 else threshold


def _could(standing: Standing, field: str) -> bool:
    """Whether anything stands that such an alarm could be of."""
    behind = [one.state.protocol for one in standing.of("target-group").values()]
    classic = bool(standing.of("classic-balancer"))
    match field:
        case "unhealthy_servers":
            return bool(behind) or classic
        case "server_errors":
            by_http = any(protocol in ("HTTP", "HTTPS") for protocol in behind)
            return by_http or classic or bool(standing.of("http-api") or standing.of("rest-api"))
        case "function_errors":
            return bool(standing.of("function"))
        case _:
            return bool(standing.of("database"))
