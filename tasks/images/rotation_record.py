"""What a rotation writes down on its group before it changes anything, so that another run can go on or undo it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

ROTATION = "castra:rotation"
VERDICT = "castra:rotation-verdict"
LONGEST = 256  # characters of a tag's value

_FORM = re.compile(
    r"(?P<old>\d+)>(?P<new>\d+) since (?P<since>\S+) image=(?P<image>\S*)"
    r" desired=(?P<desired>\d+) max=(?P<max>\d+) suspends=(?P<suspends>\S*)"
)


@dataclass(frozen=True)
class Record:
    """From which version to which, and how the group stood: its sizes, and the processes that were suspended for it.

    `verdict` says why the new version is bad, once that is known.
    """

    old: int
    new: int
    desired: int
    max: int
    image: str = ""
    since: str = ""
    suspends: tuple[str, ...] = ()
    verdict: str = ""

    def tags(self) -> dict[str, str]:
        """As the group carries it."""
        text = (
            f"{self.old}>{self.new} since {self.since} image={self.image}"
            f" desired={self.desired} max={self.max} suspends={','.join(self.suspends)}"
        )
        return {ROTATION: text} | ({VERDICT: self.verdict[:LONGEST]} if self.verdict else {})

    def judged(self, verdict: str) -> "Record":
        """The same, with why the new version is bad."""
        return replace(self, verdict=" ".join(verdict.split())[:LONGEST])


def record_in(tags: Mapping[str, str]) -> Record | None:
    """The rotation that is under way, by the group's tags; None where none is."""
    found = _FORM.fullmatch(tags.get(ROTATION, ""))
    if found is None:
        return None
    numbers = {name: int(found[name]) for name in ("old", "new", "desired", "max")}
    suspends = tuple(filter(None, found["suspends"].split(",")))
    return Record(
        **numbers, image=found["image"], since=found["since"], suspends=suspends, verdict=tags.get(VERDICT, "")
    )
