"""Seen, Change, Step, Removal, Plan: what was found and what was decided, as data."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

from blueprints.part import Part
from tasks.errors import refuse_unless
from tasks.kind import Found, unknown

Action = Literal["create", "update", "replace", "keep", "delete"]


class Change(BaseModel):
    """One field that differs. `from` is None where nothing stands; an id not known yet is shown as `<kind/name>`."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)

    field: str
    from_: Any = Field(default=None, alias="from")
    to: Any = None
    fixed: bool = False


class Step(BaseModel):
    """What is to be done for one part, and why. `id` is that of what stands, if anything does."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    part: str
    action: Action
    changes: tuple[Change, ...] = ()
    because: str = ""
    id: str | None = Field(default=None, exclude=True)
    pending: bool = Field(default=False, exclude=True)
    asked: SerializeAsAny[Part] | None = Field(default=None, exclude=True, repr=False)
    found: Any = Field(default=None, exclude=True, repr=False)

    @property
    def kind(self) -> str:
        """The kind's name."""
        return self.part.partition("/")[0]

    @property
    def label(self) -> str:
        """Unique in a plan: of a part that was replaced, several old ones may have to go."""
        return f"{self.part} {self.id}" if self.action == "delete" else self.part


class Ids(dict[str, str]):
    """Part keys and lookups to ids; what isn't known yet is a placeholder."""

    def __missing__(self, key: str) -> str:
        return unknown(key)


@dataclass(frozen=True)
class Seen:
    """All that a survey found: resources of every kind, and the answers to lookups."""

    environment: str | None
    region: str
    tags: Mapping[str, str] = field(default_factory=dict)
    """The user's own tags, which everything taggable is to carry."""
    found: tuple[Found[Any], ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)


class Removal(BaseModel):
    """A resource to be removed, and the labels of the removals that must be done before it.

    `along`: the label of the removal that takes it along; then nothing is to be done for it.
    """

    model_config = ConfigDict(frozen=True)

    part: str
    id: str
    after: tuple[str, ...] = ()
    along: str = ""

    @property
    def kind(self) -> str:
        """The kind's name."""
        return self.part.partition("/")[0]

    @property
    def label(self) -> str:
        """Unique among removals."""
        return f"{self.part} {self.id}"


class Plan(BaseModel):
    """Steps in an order in which they can be done: parts first, each after what it needs; then what goes."""

    model_config = ConfigDict(frozen=True)

    environment: str
    region: str
    steps: tuple[Step, ...]
    removals: tuple[Removal, ...] = Field(default=(), exclude=True, repr=False)
    ids: dict[str, str] = Field(default_factory=dict, exclude=True, repr=False)
    """Ids and answers that are known before anything is done."""
    outputs: dict[str, str] = Field(default_factory=dict, exclude=True, repr=False)
    """What people want to know of what stands now: `load-balancer/front.dns_name` to its value."""
    expires: datetime | None = Field(default=None, exclude=True)
    """The end that what is made is given, which is the environment's; None for none."""
    remark: str = Field(default="", exclude=True)
    """What is to be said of the environment as a whole, such as when it ends."""

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that write."""
        return tuple(step for step in self.steps if step.action != "keep")

    @property
    def counts(self) -> dict[str, int]:
        """How many steps of each action."""
        actions: tuple[Action, ...] = ("create", "update", "replace", "keep", "delete")
        return {action: sum(step.action == action for step in self.steps) for action in actions}

    @property
    def summary(self) -> str:
        """The counts in words: `3 to create, 9 to keep`."""
        return ", ".join(f"{count} to {action}" for action, count in self.counts.items() if count) or "nothing"

    @property
    def fingerprint(self) -> str:
        """A hash of all that would be written: what an approval is bound to."""
        steps = sorted(
            json.dumps(step.model_dump(mode="json") | {"id": step.id}, sort_keys=True) for step in self.changes
        )
        return "p1-" + hashlib.sha256("\n".join([self.environment, self.region, *steps]).encode()).hexdigest()[:16]

    @property
    def settled(self) -> bool:
        """Whether all is as wanted and ready, so that there's nothing to do and nothing to wait for."""
        return not self.changes and not self.removals and not any(step.pending for step in self.steps)

    def refuse_unless(self, approved: str) -> None:
        """Raise Moved where another plan was agreed to; None is agreement to whatever there is to do."""
        refuse_unless(approved, self.fingerprint, self.environment)
