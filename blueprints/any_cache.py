"""A cache of any engine, as it stands in a document: its `engine` says which."""

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from blueprints.caches import Cache
from blueprints.memcached import Memcached


def _which(given: Any) -> str:
    engine = given.get("engine") if isinstance(given, dict) else getattr(given, "engine", None)
    return "memcached" if engine == "memcached" else "other"


AnyCache = Annotated[Annotated[Cache, Tag("other")] | Annotated[Memcached, Tag("memcached")], Discriminator(_which)]
