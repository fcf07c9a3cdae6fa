"""What stands, by kind and name, and by id: what the sections' inverses read."""

from collections.abc import Iterable, Mapping
from typing import Any

from tasks.kind import Found
from tasks.scope import EXTRA

Section = dict[str, Any]
"""A section, or an entry of one, as a document has it."""
SHARED_IDS = ("firewall",)  # kinds whose id is another part's


class Standing:
    """An environment's parts, without those on their way out."""

    def __init__(self, found: Iterable[Found[Any]], region: str, groups: Iterable[Mapping[str, Any]] = ()) -> None:
        self.region = region
        self.found = [one for one in found if not one.retired and one.phase != "leaving"]
        self._keys = {one.id: one.key for one in self.found if one.kind not in SHARED_IDS}
        self.groups = {group["AutoScalingGroupName"]: group for group in groups}
        """Scaling groups as AWS tells them: bounds that a schedule moves are in no state."""

    def of(self, kind: str) -> dict[str, Found[Any]]:
        """All of a kind, by name."""
        return {one.name: one for one in self.found if one.kind == kind}

    def state(self, kind: str, name: str) -> Any:
        """The state of a part, or None where it doesn't stand."""
        part = self.of(kind).get(name)
        return part.state if part else None

    def key(self, id: str) -> str:
        """The part's key that has this id; else the id itself."""
        return self._keys.get(id, id)

    def name(self, id: str) -> str:
        """The same without its kind."""
        return self.key(id).rpartition("/")[2] if id in self._keys else id

    def own_tags(self) -> dict[str, str]:
        """The user's own tags, as far as everything that tells them agrees."""
        told = [one.tags for one in self.found if EXTRA in one.tags]
        keys = told[0][EXTRA].split() if told else []
        return {key: told[0][key] for key in keys if key in told[0]}


def said(**values: Any) -> Section:
    """Without what is None."""
    return {name: value for name, value in values.items() if value is not None}
