"""Operation: what a verb would do or has done with things that are no parts, such as backups and images."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from tasks.errors import refuse_unless

KEEP = "keep"


class Deed(BaseModel):
    """One thing that is to be done, or was, with the reason; `keep` is a thing that is left as it is.

    `what` names it for people, unique in its operation ("instance/db vol-1 /dev/xvdf"). `id` is of what is acted on,
    or of what came out of it; `gib` what it holds; `seconds` how long it took, None where nothing was done yet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    action: str
    because: str = ""
    id: str | None = None
    gib: int | None = None
    seconds: float | None = None


class Operation(BaseModel):
    """A plan of deeds, and afterwards their result: the one document that `--json` prints and that flows return.

    `subject` is the environment, the policy or the image that it's about; `figures` are sums worth knowing, such as
    GiB held and freed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    verb: str
    subject: str
    region: str
    deeds: tuple[Deed, ...] = ()
    figures: dict[str, float | int | str] = {}
    seconds: float | None = None
    calls: dict[str, int] = {}

    @property
    def changes(self) -> tuple[Deed, ...]:
        """The deeds that write."""
        return tuple(deed for deed in self.deeds if deed.action != KEEP)

    @property
    def settled(self) -> bool:
        """Whether there's nothing to do."""
        return not self.changes

    @property
    def counts(self) -> dict[str, int]:
        """How many deeds there are of each action."""
        return dict(sorted(Counter(deed.action for deed in self.deeds).items()))

    @property
    def fingerprint(self) -> str:
        """What somebody agrees to: the same as long as the same is to be done to the same things."""
        asked = [[deed.action, deed.what, deed.id] for deed in self.changes]
        text = json.dumps([self.verb, self.subject, self.region, sorted(asked, key=str)])
        return "v1-" + hashlib.sha256(text.encode()).hexdigest()[:16]

    def refuse_unless(self, approved: str) -> None:
        """Raise Moved where something else was agreed to; None is agreement to whatever there is to do."""
        refuse_unless(approved, self.fingerprint, f"{self.verb} {self.subject}")

    def done(self, deeds: tuple[Deed, ...], seconds: float, calls: Mapping[str, int], **figures: Any) -> "Operation":
        """The same, carried out: each deed is replaced by the one of its name that came out."""
        ended = {deed.what: deed for deed in deeds}
        told = tuple(ended.get(deed.what, deed) for deed in self.deeds)
        more = {"deeds": told, "seconds": round(seconds, 3), "calls": dict(calls), "figures": self.figures | figures}
        return self.model_copy(update=more)

    def document(self) -> dict[str, Any]:
        """The operation as JSON has it."""
        body = self.model_dump(mode="json", exclude_none=True)
        return body | {"counts": self.counts, "fingerprint": self.fingerprint}
