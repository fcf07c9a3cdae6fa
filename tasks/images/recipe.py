"""What an image is built from and how, in one order with a digest: the same again is no other image."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from blueprints.images import BuiltImage
from tasks.images.provenance import BASE, BUILD, BUILT_BY, COMMIT, IMAGE, RECIPE
from tasks.scope import CREATED

WAYS = {"from_snapshot", "from_instance", "bake", "encrypt", "kms_key"}
LONGEST_VALUE = 256


@dataclass(frozen=True)
class Order:
    """An image that is to be built. `base` is the id of the image, instance or snapshot that it's made of.

    `tags` are the user's own; `again` wants another one even if the same stands.
    """

    name: str
    image: BuiltImage
    base: str
    tags: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    again: bool = False

    @property
    def digest(self) -> str:
        """`r1-` and 16 hexadecimal digits, of the base and of all that's done with it; of no copy and no share."""
        recipe = self.image.model_dump(mode="json", include=WAYS)
        (recipe["bake"] or {}).pop("within", None)
        text = json.dumps([self.base, recipe], sort_keys=True)
        return "r1-" + hashlib.sha256(text.encode()).hexdigest()[:16]

    def title(self, number: int) -> str:
        """The image's name in AWS, where it is unique."""
        return f"{self.name}-{number}"

    def plain(self, number: int) -> str:
        """The name of what is made first, where the image itself is an encrypted copy."""
        return f"{self.title(number)}-plain"

    def build(self, number: int) -> str:
        """What all that a build makes is tagged with."""
        return f"{self.name}/{number}"

    def passing(self, number: int) -> dict[str, str]:
        """Tags of what is there only while it's built: a machine, a plain image."""
        made = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        marks = {BUILD: self.build(number), RECIPE: self.digest, CREATED: made}
        return {"Name": f"building {self.title(number)}", **self.tags, **marks}

    def provenance(self, number: int, by: str) -> dict[str, str]:
        """Tags of the image: what it is, and where it comes from. `by` is the run."""
        told = {IMAGE: self.name, BASE: self.base, BUILT_BY: by[:LONGEST_VALUE], "Name": self.title(number)}
        return self.passing(number) | told | ({COMMIT: self.commit} if self.commit else {})
