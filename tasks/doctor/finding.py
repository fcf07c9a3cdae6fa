"""What a look before a raising has found."""

from typing import Any, Literal

from pydantic import BaseModel

from tasks.rights.statement import Statement

Verdict = Literal["good", "lacking", "unknown"]


class Finding(BaseModel):
    """One thing that was looked at. `statement` is what to add to the caller's policy, where that would mend it."""

    check: Literal["credentials", "region", "blueprint", "service", "quota", "permission"]
    what: str
    verdict: Verdict
    why: str
    way_out: str = ""
    statement: Statement | None = None


class Health(BaseModel):
    """All that was found of what raising an environment takes."""

    environment: str
    region: str
    caller: str
    findings: tuple[Finding, ...]
    calls: dict[str, int]

    @property
    def lacking(self) -> tuple[Finding, ...]:
        """What a raising would fail by."""
        return tuple(one for one in self.findings if one.verdict == "lacking")

    def document(self) -> dict[str, Any]:
        """As JSON, without what isn't said."""
        return self.model_dump(mode="json", exclude_none=True)


def lacking(action: str, statement: Statement, why: str) -> Finding:
    """A permission that the caller doesn't have."""
    only = {**statement, "Action": action, "Sid": "Allow" + "".join(sign for sign in action.title() if sign.isalnum())}
    return Finding(
        check="permission",
        what=action,
        verdict="lacking",
        why=why,
        way_out="Add this statement to the caller's policy",
        statement=only,
    )
