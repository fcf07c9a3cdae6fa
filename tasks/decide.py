"""What it takes to turn what stands into what's wanted: pure functions, and the only place that decides."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

from blueprints.part import Part
from tasks.errors import Ambiguous, Invalid, NeedsReplacing, Problem
from tasks.kind import Found, Kind, State, is_unknown, unknown
from tasks.scope import EXTRA, RESERVED, wanted_tags

Action = Literal["create", "update", "replace", "keep", "delete"]
Kinds = Mapping[str, Kind[Any, Any]]


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


class Plan(BaseModel):
    """Steps in an order in which they can be done: parts first, each after what it needs; then what goes."""

    model_config = ConfigDict(frozen=True)

    environment: str
    region: str
    steps: tuple[Step, ...]
    removals: tuple["Removal", ...] = Field(default=(), exclude=True, repr=False)
    ids: dict[str, str] = Field(default_factory=dict, exclude=True, repr=False)
    """Ids and answers that are known before anything is done."""
    outputs: dict[str, str] = Field(default_factory=dict, exclude=True, repr=False)
    """What people want to know of what stands now: `load-balancer/front.dns_name` to its value."""

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


class Removal(BaseModel):
    """A resource to be removed, and the labels of the removals that must be done before it."""

    model_config = ConfigDict(frozen=True)

    part: str
    id: str
    after: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind's name."""
        return self.part.partition("/")[0]

    @property
    def label(self) -> str:
        """Unique among removals."""
        return f"{self.part} {self.id}"


# ---------------------------------------------------------------------- one part


def differences(found: State | None, wanted: State) -> tuple[Change, ...]:
    """The fields in which what stands is not as wanted. A fixed field that isn't set yet can still be set."""
    changes = []
    for name in type(wanted).model_fields:
        before, after = getattr(found, name, None), getattr(wanted, name)
        if found is not None and (before == after or name in wanted.at_birth()):
            continue
        fixed = name in wanted.fixed() and found is not None and before is not None
        hush = _hash if name in wanted.hushed() else _plain
        changes.append(Change(field=name, from_=hush(before), to=hush(after), fixed=fixed))
    return tuple(changes)


def tag_differences(found: Mapping[str, str], wanted: Mapping[str, str]) -> tuple[Change, ...]:
    """The tags to set or drop. Only keys that are ours count: those wanted now, and those recorded as wanted before."""
    dropped = set(found.get(EXTRA, "").split()) - wanted.keys()
    changed = [key for key in wanted if found.get(key) != wanted[key]] + sorted(dropped & found.keys())
    shown = [key for key in changed if not key.startswith(RESERVED)]
    return tuple(Change(field=f"tags.{key}", from_=found.get(key), to=wanted.get(key)) for key in shown)


def decide(key: str, wanted: State, found: Found[Any] | None, tags: Mapping[str, str] | None = None) -> Step:
    """What it takes to turn what's found into what's wanted. Pure.

    `tags` are those wanted, or None for a kind that can't be tagged.
    """
    if found is None:
        return Step(part=key, action="create", changes=differences(None, wanted), because="not there yet")
    changes = differences(found.state, wanted)
    if found.phase in ("leaving", "failed"):
        because = "is being deleted" if found.phase == "leaving" else "has failed and will never be ready"
        return Step(part=key, action="replace", changes=changes, because=because, id=found.id, found=found)
    changes += tag_differences(found.tags, tags) if tags is not None else ()
    action: Action = "replace" if any(change.fixed for change in changes) else "update" if changes else "keep"
    because = _because(wanted, found, changes, tagged=tags is not None)
    pending = found.phase == "pending"
    return Step(part=key, action=action, changes=changes, because=because, id=found.id, found=found, pending=pending)


def _because(wanted: State, found: Found[Any], changes: tuple[Change, ...], *, tagged: bool) -> str:
    """Why: the blueprint changed (wanted ≠ fingerprint), or somebody changed it by hand (found ≠ fingerprint)."""
    if not changes:
        return "as wanted"
    followed = sorted({text[1:-1] for change in changes for text in _strings(change.to) if is_unknown(text)})
    if followed:
        return f"follows {', '.join(followed)}"
    if all(change.field.startswith("tags.") for change in changes):
        return "its tags differ"
    if not tagged:
        return "differs from the blueprint"
    if found.fingerprint is None:
        return "adopted, or never finished"
    by_blueprint, by_hand = wanted.fingerprint != found.fingerprint, found.state.fingerprint != found.fingerprint
    if by_blueprint and by_hand:
        return "the blueprint changed, and it was changed by hand"
    return "the blueprint changed" if by_blueprint else "changed by hand"


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, tuple | list | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _hash(value: Any) -> str | None:
    """What stands for a value that is long or private."""
    return None if value is None else f"sha256:{hashlib.sha256(str(value).encode()).hexdigest()[:12]}"


# ---------------------------------------------------------------------- all parts


def in_order(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts, each after what it needs. Raises Invalid for doubles, parts that nobody provides, and circles."""
    parts = tuple(parts)
    by_key = {part.key: part for part in parts}
    problems = [
        Problem(part.where or part.key, f"{part.key} is asked for twice")
        for part in parts
        if by_key[part.key] is not part
    ]
    for part in parts:
        for need in part.needs:
            if need not in by_key:
                problems.append(
                    Problem(
                        part.where or part.key,
                        f"needs {need}, which nobody provides",
                        "Name one that stands in the document",
                    )
                )
    if problems:
        raise Invalid("The blueprint", problems)
    try:
        order = TopologicalSorter({part.key: part.needs for part in parts}).static_order()
        return tuple(by_key[key] for key in order)
    except CycleError as error:
        circle = " needs ".join(reversed(error.args[1]))
        raise Invalid(
            "The blueprint", [Problem(by_key[error.args[1][0]].where, f"goes in a circle: {circle}")]
        ) from error


def make_plan(parts: Iterable[Part], seen: Seen, kinds: Kinds, replace: Iterable[str] = ()) -> Plan:
    """The plan that turns what a survey has seen into these parts. Pure. The plan of nothing is a tear-down.

    `replace` names the parts whose replacement is allowed though they hold something. Raises Ambiguous where two
    resources carry one part's tags, NeedsReplacing, and Invalid for parts that don't fit together.
    """
    ordered = in_order(parts)
    standing = _one_each(seen.found)
    ids = Ids({key: found.id for key, found in standing.items() if found.phase in ("standing", "pending")})
    ids.update(seen.answers)
    steps: list[Step] = []
    for part in ordered:
        kind = kinds[part.kind]
        tags = wanted_tags(seen.environment, seen.tags, part.key) if kind.taggable else None
        step = decide(part.key, kind.wanted(part, ids), standing.get(part.key), tags)
        if step.action == "replace":
            ids.pop(part.key, None)
        steps.append(step.model_copy(update={"asked": part}))
    _refuse_replacements(steps, kinds, frozenset(replace))
    removals = _removals(steps, seen, kinds)
    replaced = {(step.part, step.id) for step in steps}
    deletes = [
        _deletion(removal, seen, bool(ordered)) for removal in removals if (removal.part, removal.id) not in replaced
    ]
    return Plan(
        environment=seen.environment or "",
        region=seen.region,
        steps=(*steps, *deletes),
        removals=removals,
        ids=dict(ids),
        outputs=outputs(standing.values()),
    )


def outputs(found: Iterable[Found[Any]]) -> dict[str, str]:
    """What people want to know of what stands: `load-balancer/front.dns_name` to its value."""
    return {f"{one.key}.{name}": value for one in found for name, value in one.outputs.items()}


def stays_until_replaced(step: Step, kinds: Kinds) -> bool:
    """Whether a replacement is made beside the old one, which goes at the end."""
    return step.action == "replace" and not kinds[step.kind].goes_first and step.found.phase != "leaving"


def _one_each(found: Iterable[Found[Any]]) -> dict[str, Found[Any]]:
    """What stands for each part. Retired ones don't; a leaving one does only where nothing else does."""
    by_key: dict[str, list[Found[Any]]] = defaultdict(list)
    for one in found:
        if not one.retired:
            by_key[one.key].append(one)
    standing: dict[str, Found[Any]] = {}
    for key, several in by_key.items():
        staying = [one for one in several if one.phase != "leaving"] or several[:1]
        if len(staying) > 1:
            ids = " and ".join(sorted(one.id for one in staying))
            way_out = f"Remove one of them, or take the tag castra:part={key} off it; nothing was changed"
            raise Ambiguous(key, f"{ids} both carry its tags", way_out)
        standing[key] = staying[0]
    return standing


def _refuse_replacements(steps: Iterable[Step], kinds: Kinds, allowed: frozenset[str]) -> None:
    """Raise NeedsReplacing for what holds something and isn't allowed; what only follows an allowed one is."""
    granted: set[str] = set()
    refused: list[Step] = []
    for step in steps:
        if step.action != "replace":
            continue
        fixed = [change for change in step.changes if change.fixed]
        follows = bool(fixed) and all(is_unknown(change.to) and str(change.to)[1:-1] in granted for change in fixed)
        if not kinds[step.kind].holds or step.part in allowed or follows or step.found.phase in ("leaving", "failed"):
            granted.add(step.part)
        else:
            refused.append(step)
    if refused:
        reasons = "; ".join(
            f"{step.part} ({_fields(step)}: {kinds[step.kind].holds} would be lost)" for step in refused
        )
        flags = " ".join(f"--replace {step.part}" for step in refused)
        raise NeedsReplacing(
            "replace", f"AWS can't change in place {reasons}", f"Undo the change, or allow it with {flags}"
        )


def _fields(step: Step) -> str:
    return ", ".join(change.field for change in step.changes if change.fixed)


def _removals(steps: Iterable[Step], seen: Seen, kinds: Kinds) -> tuple[Removal, ...]:
    """All that has to go: what nobody asks for, and what is replaced by one that's made beside it."""
    steps = tuple(steps)
    asked = {step.part for step in steps}
    staying = {(step.part, step.id) for step in steps if not stays_until_replaced(step, kinds)}
    going = [
        one
        for one in seen.found
        if (one.key, one.id) not in staying and not (one.phase == "leaving" and one.key in asked)
    ]
    return tuple(_removal_order(going, kinds))


def _deletion(removal: Removal, seen: Seen, anything_asked: bool) -> Step:
    """The step that tells of a removal."""
    found = next(one for one in seen.found if (one.key, one.id) == (removal.part, removal.id))
    because = (
        "was replaced"
        if found.retired
        else "no longer in the blueprint"
        if anything_asked
        else "the environment is struck"
    )
    return Step(part=removal.part, action="delete", because=because, id=removal.id, found=found)


def _removal_order(going: Iterable[Found[Any]], kinds: Kinds) -> Iterator[Removal]:
    """Removals, each after those whose state names its id, and after the kinds that it must outlast.

    Needs no blueprint: what AWS tells of each resource is enough.
    """
    by_label = {_label(one): one for one in going}
    mentions = {label: set(_strings(one.state.model_dump())) for label, one in by_label.items()}
    home = {one.id: label for label, one in by_label.items() if one.id not in mentions[label]}
    after: dict[str, set[str]] = {label: set() for label in by_label}
    of_kind: dict[str, list[str]] = defaultdict(list)
    for label, one in by_label.items():
        of_kind[one.kind].append(label)
        for id in mentions[label] & home.keys():
            after[home[id]].add(label)
    for label, one in by_label.items():
        for kind in kinds[one.kind].outlasted_by:
            for other in of_kind[kind]:
                after[other].add(label)
    for label in _without_circles(after):
        yield Removal(part=by_label[label].key, id=by_label[label].id, after=tuple(sorted(after[label])))


def _without_circles(after: dict[str, set[str]]) -> list[str]:
    """A topological order; where resources name each other in a circle, one of its edges is dropped from `after`."""
    while True:
        try:
            return list(TopologicalSorter(after).static_order())
        except CycleError as error:
            first, second = error.args[1][:2]
            after[second].discard(first)


def _label(found: Found[Any]) -> str:
    return f"{found.key} {found.id}"


def _strings(value: Any) -> Iterator[str]:
    """Every string in a dumped model."""
    match value:
        case str():
            yield value
        case Mapping():
            for inner in value.values():
                yield from _strings(inner)
        case tuple() | list() | set() | frozenset():
            for inner in value:
                yield from _strings(inner)
