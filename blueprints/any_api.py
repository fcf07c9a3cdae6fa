"""An API of any kind, as it stands in a document: its `kind` says which."""

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from blueprints.apis import Api
from blueprints.rest import Rest


def _which(given: Any) -> str:
    kind = given.get("kind", "http") if isinstance(given, dict) else getattr(given, "kind", "http")
    return "rest" if kind == "rest" else "other"


AnyApi = Annotated[Annotated[Api, Tag("other")] | Annotated[Rest, Tag("rest")], Discriminator(_which)]
