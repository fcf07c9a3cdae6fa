"""What AWS can do: one file a kind of resource, the engine that decides, and Prefect tasks out of both.

`from tasks import create_vpc, remove_vpc` gives the Prefect tasks of a kind, for anyone's flow. They are made when they
are first asked for: importing Prefect takes a second, and what only reads doesn't need it.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """`create_<kind>` and `remove_<kind>` for every kind of the registry."""
    verb, _, noun = name.partition("_")
    if verb in ("create", "remove"):
        from tasks.registry import KINDS

        if kind := KINDS.get(noun.replace("_", "-")):
            from tasks.converge import tasks_of

            return tasks_of(kind)[verb == "remove"]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
