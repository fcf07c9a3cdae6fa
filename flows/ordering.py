"""The order of `castra build-image`, from a blueprint."""

from pathlib import Path
from typing import TYPE_CHECKING

from flows import shell

if TYPE_CHECKING:
    from blueprints.environment import Environment
    from tasks.images.recipe import Order
    from tasks.scope import Scope


def ordered(file: Path, name: str, again: bool, commit: str) -> tuple["Environment", "Scope", "Order"]:
    """The document, where it's built, and what is. Raises Invalid for an image that nobody describes, or for a part."""
    from tasks.errors import Invalid, Problem
    from tasks.images.bases import order_of
    from tasks.reading import scope_of
    from tasks.scope import Scope

    document = shell.load(file)
    image = shell.entry_of(document, "images", name, [], "castra build-image")
    if image.is_part:
        way_out = f"Raise it with castra up {file}, or say `numbered: true` of it"
        why = "it is a part of the environment"
        raise Invalid("castra build-image", [Problem(f"images.{name}", why, way_out)])
    own = scope_of(document)
    scope = Scope(None, own.region, account=own.expected_account, role=own.role)
    _ = scope.account
    return document, scope, order_of(scope, name, image, document.name, document.all_tags, commit, again)
