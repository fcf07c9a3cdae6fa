"""What things are called in AWS, as names of the document again: `names` of functions and of machines."""

from collections.abc import Mapping
from typing import Any

from blueprints.naming import called_in_aws
from blueprints.part import filled
from tasks.exporting.standing import Standing
from tasks.kind import Found

KINDS = {
    "bucket": "bucket",
    "queue": "queue",
    "function": "function",
    "database": "database",
    "database-replica": "database",
    "replication-group": "cache",
    "cache-cluster": "cache",
}
"""By kind, what a document names it by."""


def names_in(standing: Standing, variables: Mapping[str, str]) -> dict[str, str]:
    """Those that hold what something of the environment is called, with its name in the document."""
    called = {value: name for name, value in _called(standing).items()}
    return {key: called[value] for key, value in variables.items() if value in called}


def _called(standing: Standing) -> dict[str, str]:
    """Names, such as `bucket/uploads`, with what they are called in AWS, where that is known."""
    told = {}
    sites = {f"bucket/{name}" for name in standing.of("site")}
    for one in standing.found:
        asked = called_in_aws(one.key) if one.kind in KINDS and one.key not in sites else None
        if asked and (one.kind in ("bucket", "queue", "function") or f"{one.key}.address" in standing.ids):
            told[_name(standing, one)] = str(filled(asked, standing.ids))
    return told


def _name(standing: Standing, one: Found[Any]) -> str:
    """As a document has it: a replica is named beside its database."""
    if one.kind == "database-replica":
        database = standing.key(one.state.source)
        return f"{database}/{one.name.removeprefix(database.partition('/')[2]).removeprefix('-')}"
    return f"{KINDS[one.kind]}/{one.name}"
