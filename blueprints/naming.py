"""What the things of a document are called by those that use them: `bucket/<name>`, `cache/<name>` and so on."""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from blueprints.granting import NAMED
from blueprints.part import Id, ReadyOutput, Text, name_in, text
from blueprints.problem import Problem
from blueprints.queues import all_queues

Variable = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]+$")]
Named = Annotated[str, Field(pattern=rf"^((bucket|queue|function|database|cache)/{NAMED}|database/{NAMED}/{NAMED})$")]
BY_ADDRESS = ("database", "database-replica", "replication-group", "cache-cluster")


def nameable(document: Any) -> dict[str, tuple[str, ...]]:
    """The names that a grant, or a variable, may stand for, by kind."""
    with_token = (f"cache-{name}" for name, cache in document.caches.items() if getattr(cache, "token", False))
    databases = document.databases.items()
    return {
        "queue": all_queues(document.queues),
        "function": tuple(document.functions),
        "bucket": tuple(document.buckets),
        "database": tuple(document.databases),
        "database-replica": tuple(f"{name}/{replica}" for name, one in databases for replica in one.replicas),
        "cache": tuple(document.caches),
        "replication-group": tuple(document.caches),
        "cache-cluster": tuple(document.caches),
        "secret": (*document.secrets, *with_token, *(f"database-{name}" for name, one in databases if one.own_secret)),
        "parameter": tuple(document.parameters),
    }


def caches_by_kind(document: Any) -> dict[str, str]:
    """`cache/<name>` to the part that it is: of Memcached another one than of Valkey."""
    engines = {name: one.engine for name, one in document.caches.items()}
    kinds = {"memcached": "cache-cluster"}
    return {f"cache/{name}": f"{kinds.get(one, 'replication-group')}/{name}" for name, one in engines.items()}


def called_in_aws(named: str) -> Text:
    """What a thing is called in AWS; a function by its alias, a database, its replica or a cache by its address."""
    kind, _, one = named.partition("/")
    if kind == "database" and "/" in one:
        return called_in_aws(f"database-replica/{one.replace('/', '-')}")
    if kind in BY_ADDRESS:
        return text(ReadyOutput(f"{named}.address"))
    name = name_in(Id(named))
    return text(name, ":live") if named.startswith("function/") else name


def unknown_names(where: str, names: Mapping[str, str], known: Mapping[str, Collection[str]]) -> Iterator[Problem]:
    """Names that stand for nothing in the document, each with its variable."""
    for key, named in names.items():
        kind, _, one = named.partition("/")
        fitting = (*known[kind], *(known["database-replica"] if kind == "database" else ()))
        if one not in fitting:
            way_out = f"Name one of: {', '.join(sorted(fitting))}" if fitting else "Describe it there"
            yield Problem(f"{where}.names.{key}", f"there is no {kind} {one} in the section {kind}s", way_out)
