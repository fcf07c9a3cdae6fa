"""What a run tells afterwards: a plan with outcomes, outputs, seconds and calls."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tasks.plan import Action, Change, Plan, Step

LONGEST = 120


class Outcome(BaseModel):
    """What was done for one part, and how long it took (seconds, without waiting for others)."""

    model_config = ConfigDict(frozen=True)

    part: str
    action: Action
    id: str
    seconds: float = 0.0
    elsewhere: "Tally | None" = Field(default=None, exclude=True, description="What it cost in another process.")


class Tally(BaseModel):
    """What the steps of a run have cost in a process that isn't the run's, since the last one there told it.

    `calls` are by `service:Operation`; `lost` names each thing that was tried again, by its error's class, with the
    seconds that took.
    """

    model_config = ConfigDict(frozen=True)

    calls: dict[str, int]
    lost: tuple[tuple[str, float], ...]


class Retried(BaseModel):
    """How often something was tried again, and the seconds that took, added up over steps that ran side by side."""

    model_config = ConfigDict(frozen=True)

    count: int
    seconds: float


class Report(BaseModel):
    """The one document that `--json` prints, and that flows return. Fields that a verb has no use for are left out."""

    environment: str
    region: str
    fingerprint: str
    steps: tuple[Step, ...]
    counts: dict[str, int]
    calls: dict[str, int]
    outcomes: tuple[Outcome, ...] | None = None
    outputs: dict[str, str] | None = None
    seconds: float | None = None
    retries: dict[str, Retried] | None = Field(default=None, description="What was tried again, by class of error.")
    left: int | None = None
    remaining: dict[str, str] | None = Field(default=None, description="What a tear-down left, and why.")
    expires: datetime | None = Field(default=None, description="When the environment ends.")
    remark: str | None = Field(default=None, description="What is to be said of its end.")

    def document(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=False, exclude=self._unused())

    def _unused(self) -> set[str]:
        optional = ("outcomes", "outputs", "seconds", "retries", "left", "remaining", "expires", "remark")
        return {name for name in optional if getattr(self, name) is None}

    @property
    def changed(self) -> bool:
        """Whether the plan had anything to write."""
        return any(step.action != "keep" for step in self.steps)


def report_on(plan: Plan, calls: Mapping[str, int], **more: Any) -> Report:
    """A report of a plan; `more` are the fields that come with carrying it out."""
    return Report(
        environment=plan.environment,
        region=plan.region,
        fingerprint=plan.fingerprint,
        steps=plan.steps,
        counts=plan.counts,
        calls=dict(calls),
        expires=plan.expires,
        remark=plan.remark or None,
        **more,
    )


def as_rows(plan: Plan) -> list[dict[str, str]]:
    """The steps of a plan for a table: changes first, then how many are kept."""
    rows = [
        {
            "part": step.part,
            "action": step.action,
            "because": step.because,
            "changes": "; ".join(changes_in_words(step)),
        }
        for step in plan.changes
    ]
    return rows or [{"part": "all", "action": "keep", "because": "as wanted", "changes": ""}]


def changes_in_words(step: Step) -> list[str]:
    """A line for each field that changes (`cidr: 10.0.0.0/16 → 10.1.0.0/16`), and for each item of a list that does.

    Of what is to be made, there's only what will stand.
    """
    if step.action == "create":
        return [f"{change.field}: {_shown(change.to)}" for change in step.changes]
    return [line for change in step.changes for line in _lines(change)]


def _lines(change: Change) -> Iterator[str]:
    if isinstance(change.from_, list) and isinstance(change.to, list):
        yield from (f"{change.field}: - {_shown(item)}" for item in change.from_ if item not in change.to)
        yield from (f"{change.field}: + {_shown(item)}" for item in change.to if item not in change.from_)
    else:
        yield f"{change.field}: {_shown(change.from_)} → {_shown(change.to)}"


def _shown(value: Any) -> str:
    """A value in at most 120 characters, without what is empty in it; an id not known yet in words."""
    text = _text(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _text(value: Any) -> str:
    match value:
        case None:
            return "none"
        case dict():
            pairs = (f"{key}: {_text(inner)}" for key, inner in value.items() if inner not in (None, "", [], {}))
            return f"{{{', '.join(pairs)}}}"
        case list():
            return f"[{', '.join(map(_text, value))}]"
        case str() if value.startswith("<") and value.endswith(">"):
            return f"known once {value[1:-1]} is made"
        case _:
            return str(value)
