"""How images go once nothing reaches them: step by step, with days between."""

from collections.abc import Mapping

from pydantic import Field

from blueprints.images import BuiltImage
from blueprints.part import Piece


class Retiring(Piece):
    """Which images are looked at, how many stay, and how slowly the others go."""

    keep: int = Field(default=3, ge=1, description="So many of the newest of each name stay, whatever reaches them.")
    keep_of: Mapping[str, int] = Field(default={}, description="Another number for some names.")
    days: int = Field(
        default=14, ge=0, description="Days between two steps; younger images, and those launched within, stay."
    )
    versions: int = Field(
        default=1, ge=0, description="Versions of a launch template before each that is in use: kept for rolling back."
    )
    only: tuple[str, ...] = Field(default=(), description="Only images that were built under these names.")
    names: tuple[str, ...] = Field(
        default=(), description="Other images of one's own as well, by patterns of their names, such as app-*."
    )
    tags: Mapping[str, str] = Field(default={}, description="Other images of one's own as well: those with all these.")
    shared: bool = Field(
        default=False, description="Whether images that are shared with others go, too: they'd lose them at once."
    )
    loose: bool = Field(
        default=False, description="Whether snapshots whose image is gone go, too, where Castra built no such image."
    )
    loose_days: int = Field(default=30, ge=0, description="How old such a snapshot must be, in days.")

    def of(self, images: Mapping[str, BuiltImage]) -> "Retiring | None":
        """The same for the images that a document builds, with its own numbers; None where it builds none.

        Those that are parts of the environment are its own business.
        """
        keeps = {name: image.keep for name, image in images.items() if not image.is_part}
        only = tuple(name for name in self.only or keeps if name in keeps)
        own = {} if "keep" in self.model_fields_set else keeps
        return self.model_copy(update={"only": only, "keep_of": own | dict(self.keep_of)}) if only else None

    def kept_of(self, name: str) -> int:
        """How many of the newest of a name stay."""
        return self.keep_of.get(name, self.keep)
