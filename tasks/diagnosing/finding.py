"""What is wrong, why, and what mends it: in words for people, and in one word for programs."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from tasks.diagnosing.causes import Cause


class Finding(BaseModel):
    """One cause. `cause` is its name for programs, `part` what it's about, `place` that in the blueprint, if any.

    `explains`: the parts whose ill health follows from it, so that nothing else needs to be told of them.
    """

    model_config = ConfigDict(frozen=True)

    cause: Cause
    part: str
    place: str = ""
    why: str
    fix: str
    explains: frozenset[str] = frozenset()


class Diagnosis(BaseModel):
    """What was found of an environment; healthy where nothing was. `parts` is how many were looked at."""

    model_config = ConfigDict(frozen=True)

    environment: str
    region: str
    parts: int
    findings: tuple[Finding, ...]
    calls: dict[str, int]

    @property
    def healthy(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def summary(self) -> str:
        """`2 causes found in 33 parts`, or that there's none."""
        if self.healthy:
            return f"Nothing is amiss in {self.parts} parts"
        count = len(self.findings)
        return f"{count} cause{'' if count == 1 else 's'} found in {self.parts} parts"

    def document(self) -> dict[str, Any]:
        """As `--json` prints it."""
        told = self.model_dump(mode="json", exclude={"findings"})
        shown = [one.model_dump(mode="json", exclude={"explains"}) for one in self.findings]
        return told | {"healthy": self.healthy, "findings": shown}
