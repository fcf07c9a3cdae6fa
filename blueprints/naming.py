"""What the things of a document are called by those that use them: `bucket/<name>`, `secret/<name>` and so on."""

from typing import Any

from blueprints.queues import all_queues


def nameable(document: Any) -> dict[str, tuple[str, ...]]:
    """The names that a grant, or a variable, may stand for, by kind."""
    return {
        "queue": all_queues(document.queues),
        "function": tuple(document.functions),
        "bucket": tuple(document.buckets),
        "database": tuple(document.databases),
        "secret": (
            *document.secrets,
            *(f"cache-{name}" for name, cache in document.caches.items() if getattr(cache, "token", False)),
        ),
        "parameter": tuple(document.parameters),
    }
