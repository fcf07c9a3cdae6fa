"""What it takes to turn what stands into what's wanted: pure functions, and the only place that decides."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from blueprints.part import Part
from tasks.errors import Ambiguous, NeedsReplacing, Protected
from tasks.kind import Found, Kind, State, shown, unknown, unknowns
from tasks.order import in_order, removal_order
from tasks.plan import Action, Change, Ids, Plan, Removal, Seen, Step
from tasks.scope import EXTRA, RESERVED, wanted_tags

__all__ = [
    "Action",
    "Change",
    "Ids",
    "Plan",
    "Removal",
    "Seen",
    "Step",
    "decide",
    "differences",
    "in_order",
    "make_plan",
    "outputs",
    "stays_until_replaced",
    "tag_differences",
]

Kinds = Mapping[str, Kind[Any, Any]]

# ---------------------------------------------------------------------- one part


def differences(found: State | None, wanted: State) -> tuple[Change, ...]:
    """The fields in which what stands is not as wanted. A fixed field that isn't set yet can still be set."""
    changes = []
    let_be = wanted.uncompared() if found is not None else frozenset()
    fixed_ones = wanted.immovable(found) if found is not None else frozenset()
    for name in type(wanted).model_fields:
        before, after = getattr(found, name, None), getattr(wanted, name)
        if found is not None and (before == after or name in let_be):
            continue
        fixed = name in fixed_ones and before is not None
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
    if action == "update" and (how := wanted.how(found.state, frozenset(change.field for change in changes))):
        because += f"; {how}"
    pending = found.phase == "pending"
    return Step(part=key, action=action, changes=changes, because=because, id=found.id, found=found, pending=pending)


def _because(wanted: State, found: Found[Any], changes: tuple[Change, ...], *, tagged: bool) -> str:
    """Why: the blueprint changed (wanted ≠ fingerprint), or somebody changed it by hand (found ≠ fingerprint)."""
    if not changes:
        return "as wanted"
    followed = sorted(set().union(*(unknowns(getattr(wanted, change.field, None)) for change in changes)))
    if followed:
        return f"follows {', '.join(followed)}"
    if all(change.field.startswith("tags.") for change in changes):
        return "its tags differ"
    if not tagged:
        return "differs from the blueprint"
    if found.fingerprint is None:
        return "adopted, or never finished"
    standing = found.state.as_far_as(wanted)
    by_blueprint, by_hand = wanted.fingerprint != found.fingerprint, standing.fingerprint != found.fingerprint
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
    return value if value is None or isinstance(value, int | float) else shown(str(value))


def _hash(value: Any) -> str | list[str] | None:
    """What stands for a value that is long or private: its hash, or the ids it waits for where it isn't known yet."""
    if waits_for := unknowns(value):
        return sorted(f"<{key}>" for key in waits_for)
    return None if value is None else f"sha256:{hashlib.sha256(str(value).encode()).hexdigest()[:12]}"


# ---------------------------------------------------------------------- all parts


def make_plan(parts: Iterable[Part], seen: Seen, kinds: Kinds, replace: Iterable[str] = ()) -> Plan:
    """The plan that turns what a survey has seen into these parts. Pure. The plan of nothing is a tear-down.

    `replace` names the parts whose replacement is allowed though they hold something. Raises Ambiguous where two
    resources carry one part's tags, NeedsReplacing, Protected, and Invalid for parts that don't fit together.
    """
    ordered = in_order(parts)
    standing = _one_each(seen.found)
    ids = Ids({key: found.id for key, found in standing.items() if found.phase in ("standing", "pending")})
    ids.update(seen.answers)
    ids.update(outputs(standing.values()))
    steps: list[Step] = []
    for part in ordered:
        kind = kinds[part.kind]
        tags = wanted_tags(seen.environment, seen.tags, part.key) if kind.taggable else None
        wanted = kind.wanted(part, ids)
        step = decide(part.key, wanted, standing.get(part.key), tags)
        for key in _unknown_after(step, wanted, ids):
            del ids[key]
        because = f"{step.because}; {part.chosen}" if part.chosen else step.because
        steps.append(step.model_copy(update={"asked": part, "because": because}))
    _refuse_replacements(steps, seen, kinds, frozenset(replace))
    removals = _removals(steps, seen, kinds)
    _refuse_removals(removals, steps, seen, kinds)
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


def _unknown_after(step: Step, wanted: State, ids: Mapping[str, str]) -> list[str]:
    """What is known of a part, and won't be true any more after its step."""
    if step.action == "replace":
        return [key for key in ids if key == step.part or key.startswith(f"{step.part}.")]
    retold = wanted.retold(step.found.state) if step.action == "update" else ()
    return [key for name in retold if (key := f"{step.part}.{name}") in ids]


def outputs(found: Iterable[Found[Any]]) -> dict[str, str]:
    """What people want to know of what stands: `load-balancer/front.dns_name` to its value."""
    return {f"{one.key}.{name}": value for one in found for name, value in one.outputs.items()}


def stays_until_replaced(step: Step, kinds: Kinds) -> bool:
    """Whether a replacement is made beside the old one, which goes at the end."""
    kind = kinds[step.kind]
    return step.action == "replace" and not (kind.goes_first or kind.versioned) and step.found.phase != "leaving"


def _one_each(found: Iterable[Found[Any]]) -> dict[str, Found[Any]]:
    """What stands for each part. Retired ones don't; a leaving one does only where nothing else does."""
    by_key: dict[str, list[Found[Any]]] = defaultdict(list)
    for one in sorted(found, key=lambda one: one.id):
        if not one.retired:
            by_key[one.key].append(one)
    standing: dict[str, Found[Any]] = {}
    for key, several in by_key.items():
        staying = [one for one in several if one.phase != "leaving"] or several[:1]
        if len(staying) > 1:
            ids = " and ".join(one.id for one in staying)
            way_out = f"Remove one of them, or take the tag castra:part={key} off it; nothing was changed"
            raise Ambiguous(key, f"{ids} both carry its tags", way_out)
        standing[key] = staying[0]
    return standing


def _refuse_replacements(steps: Iterable[Step], seen: Seen, kinds: Kinds, allowed: frozenset[str]) -> None:
    """Raise NeedsReplacing for what holds something and isn't allowed; what only follows an allowed one is."""
    steps = tuple(steps)
    anew = ("create", "replace")
    now = {step.part: shown(unknown(step.part)) if step.action in anew else str(step.id) for step in steps}
    successors = {one.id: now[one.key] for one in seen.found if one.retired and one.key in now}  # allowed before
    refused: list[Step] = []
    for step in steps:
        if step.action != "replace":
            continue
        fixed = [change for change in step.changes if change.fixed]
        follows = bool(fixed) and all(_same(_with(successors, change.from_), change.to) for change in fixed)
        granted = step.part in allowed or follows or step.found.phase in ("leaving", "failed")
        if granted:
            successors.setdefault(str(step.id), now[step.part])  # a firewall has its group's id, and comes after it
        elif kinds[step.kind].holds:
            refused.append(step)
    if refused:
        reasons = "; ".join(
            f"{step.part} ({_fields(step)}: {kinds[step.kind].holds} would be lost)" for step in refused
        )
        flags = " ".join(f"--replace {step.part}" for step in refused)
        instead = dict.fromkeys(kinds[step.kind].or_else for step in refused if kinds[step.kind].or_else)
        way_out = "; ".join([f"Undo the change, or allow it with {flags}", *instead])
        raise NeedsReplacing("replace", f"AWS can't change in place {reasons}", way_out)


def _with(successors: Mapping[str, str], value: Any) -> Any:
    """A value as JSON has it, with each id that was replaced turned into that of its successor."""
    if isinstance(value, list):
        return [_with(successors, inner) for inner in value]
    if isinstance(value, dict):
        return {key: _with(successors, inner) for key, inner in value.items()}
    return successors.get(value, value) if isinstance(value, str) else value


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal, lists in any order: ids sort in another way than those that follow them."""
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    return bool(one == other)


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
    return tuple(removal_order(going, kinds))


def _refuse_removals(removals: Iterable[Removal], steps: Iterable[Step], seen: Seen, kinds: Kinds) -> None:
    """Raise Protected before anything is removed, if something that would have to go can't."""
    going = {(removal.part, removal.id) for removal in removals}
    going |= {(step.part, str(step.id)) for step in steps if step.action == "replace" and kinds[step.kind].goes_first}
    if protected := sorted(one.key for one in seen.found if one.protected and (one.key, one.id) in going):
        way_out = "Set deletion_protection: false in the blueprint, raise that, and run this again"
        raise Protected(", ".join(protected), "AWS won't remove it while its deletion protection is on", way_out)


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
    because += f"; {found.keeps} stays" if found.keeps else f"; {found.loses} go" if found.loses else ""
    return Step(part=removal.part, action="delete", because=because, id=removal.id, found=found)
