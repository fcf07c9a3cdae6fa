"""A failed instance's successor: whether it has failed, what the next one boots from, and the plan of the exchange."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from blueprints.environment import Environment
from blueprints.images import RegisteredImage
from blueprints.instances import StandingInstance
from blueprints.part import Part, Ready
from blueprints.volumes import StandingVolume
from tasks.backups.disk_restoring import known_machine
from tasks.backups.listing import backups_in
from tasks.backups.machine import Machine
from tasks.backups.proving import status_of
from tasks.backups.record import Backup, Piece
from tasks.backups.restoration import operation_of
from tasks.backups.restoring import registered, roots_and_others
from tasks.decide import Plan, make_plan
from tasks.errors import Invalid, Problem, Refused
from tasks.kind import Found
from tasks.operation import KEEP, Deed, Operation
from tasks.registry import KINDS
from tasks.scope import RETIRED, Scope
from tasks.survey import survey

RETIRE, MOVE, CLEAR = "retire", "move", "clear"


@dataclass(frozen=True)
class Exchange:
    """What is to be done. `old` is the failed instance, if it's still there; `cleared` images that only helped.

    `plan` makes the new one, beside the old one, which goes last; None where nothing is to be made.
    """

    name: str
    operation: Operation
    plan: Plan | None = None
    old: tuple[Found[Any], ...] = ()
    cleared: tuple[str, ...] = ()


def plan_exchange(
    blueprint: Environment, name: str, scope: Scope, *, from_blueprint: bool = False, even_if_well: bool = False
) -> Exchange:
    """What it takes to put a new instance into a failed one's place; nothing, where it hasn't failed. Reads only."""
    parts = _parts(blueprint, name)
    seen = survey(scope, [KINDS[kind] for kind in sorted({part.kind for part in parts} | {"image"})], parts)
    key, helper = f"instance/{name}", f"image/{helper_of(name)}"
    standing = [one for one in seen.found if one.key == key and not one.retired and one.phase != "leaving"]
    begun = [one for one in seen.found if one.key == key and one.retired]
    helping = tuple(one.id for one in seen.found if one.key == helper)
    why = "its exchange was begun" if begun else _failure(scope, standing, even_if_well)
    if why is None and standing and not helping:
        return Exchange(name, _well(scope, name, standing[0]))
    old = tuple(begun or (standing if why else []))
    made = [one for one in standing if one not in old]
    if not made:
        source = None if from_blueprint else newest(backups_in(scope, blueprint.name), key)
        parts = _with_sources(parts, name, source, scope, seen.found)
    asked = {part.key for part in parts}
    found = tuple(_as_retired(one, old) for one in seen.found if one.key in asked)
    plan = make_plan(parts, dataclasses.replace(seen, found=found), KINDS)
    because = _reasons(parts, name, why or "its image isn't needed any more")
    return Exchange(name, _operation(name, plan, old, helping, because, why, scope), plan, old, helping)


def helper_of(name: str) -> str:
    """The part that an image is while a new instance boots from a backup of a root volume."""
    return f"{name}-root"


def newest(backups: Iterable[Backup], part: str) -> Backup | None:
    """The newest whole backup of a part."""
    whole = [one for one in backups if one.part == part and one.state == "complete" and one.copy_of is None]
    return max(whole, key=lambda one: (one.moment, one.taken), default=None)


def _parts(blueprint: Environment, name: str) -> tuple[Part, ...]:
    """The instance of a blueprint with all that it needs. Raises Invalid where there's no such instance."""
    if name not in blueprint.instances:
        way_out = f"There are: {', '.join(blueprint.instances) or 'none'}"
        raise Invalid("castra replace", [Problem(f"instances.{name}", "there's no such instance", way_out)])
    parts = {part.key: part for part in blueprint.parts()}
    needed, asked = set[str](), [f"instance/{name}"]
    while asked:
        key = asked.pop()
        if key in parts and key not in needed:
            needed.add(key)
            asked += parts[key].needs
    return tuple(part for key, part in parts.items() if key in needed)


# ---------------------------------------------------------------------- has it failed?


def _failure(scope: Scope, standing: Sequence[Found[Any]], even_if_well: bool) -> str | None:
    """Why it must be replaced; None where it needn't."""
    if not standing:
        return "it is gone"
    if even_if_well:
        return "it is to be replaced though it's well"
    if "impaired" in (told := status_of(scope, standing[0].id)).values():
        return " and ".join(f"its {check} status check has failed" for check, now in told.items() if now == "impaired")
    return None


def _well(scope: Scope, name: str, found: Found[Any]) -> Operation:
    """An operation that does nothing, and says why."""
    because = "it runs, and no status check has failed"
    if not found.state.running:
        because = "it's stopped, which is no failure: `castra up` starts it, if it's to run"
    deed = Deed(what=f"instance/{name}", action=KEEP, because=because, id=found.id)
    return Operation(
        verb="replace", subject=str(scope.environment), region=scope.region, deeds=(deed,), calls=scope.calls.summary()
    )


# ---------------------------------------------------------------------- what the next one is made of


def _with_sources(
    parts: tuple[Part, ...], name: str, source: Backup | None, scope: Scope, found: Iterable[Found[Any]]
) -> tuple[Part, ...]:
    """The parts, the instance booting from the backup; and each volume that is gone made of its snapshot there."""
    stands = {one.key for one in found if one.phase != "leaving"}
    machine = known_machine(scope, source) if source else Machine()
    root, others = roots_and_others(source, machine) if source else (None, ())
    (instance,) = (part for part in parts if isinstance(part, StandingInstance) and part.name == name)
    devices = {str(one.volume): one.device for one in instance.volumes}
    of_volumes = {piece.device: piece for piece in others}
    changed: list[Part] = []
    for part in parts:
        if isinstance(part, StandingVolume) and part.key not in stands:
            part = _volume(part, of_volumes.get(devices.get(part.key, "")))
        if part is instance and source and root:
            whole = source.how == "image" and not others
            if not whole:
                changed.append(_helper(name, root, machine, source))
            boots = source.id if whole else Ready(f"image/{helper_of(name)}")
            part = instance.model_copy(update={"instead": boots})
        changed.append(part)
    return tuple(changed)


def _helper(name: str, root: Piece, machine: Machine, source: Backup) -> RegisteredImage:
    if not machine.architecture or not machine.root:
        way_out = "Replace it by the blueprint's image: --from-blueprint"
        raise Refused(f"instance/{name}", f"{source.id} doesn't say how it boots", way_out)
    return registered(helper_of(name), root, machine)


def _volume(part: StandingVolume, piece: Piece | None) -> StandingVolume:
    """A volume that is gone, made of its snapshot. One without any would be empty, which nobody wants."""
    if piece is None:
        way_out = "`castra up` makes an empty one, if that is what you want"
        raise Refused(part.key, "it is gone, and the backup has no snapshot of it", way_out)
    return part.model_copy(update={"snapshot": piece.id, "size": max(part.size, piece.gib)})


# ---------------------------------------------------------------------- the plan


def _as_retired(one: Found[Any], old: Sequence[Found[Any]]) -> Found[Any]:
    """What is found, as it will be once the old instance is retired: marked as that, and unprotected."""
    return dataclasses.replace(one, tags={**one.tags, RETIRED: "true"}, protected=False) if one in old else one


def _reasons(parts: Iterable[Part], name: str, why: str) -> dict[str, str]:
    told = {f"instance/{name}": why}
    for part in parts:
        if isinstance(part, StandingInstance) and part.name == name and part.instead:
            told[part.key] = f"{why}; boots from {part.instead}"
        elif isinstance(part, StandingVolume) and part.snapshot:
            told[part.key] = f"it is gone, and comes back from {part.snapshot}"
    return told


def _operation(
    name: str,
    plan: Plan,
    old: Sequence[Found[Any]],
    helping: Sequence[str],
    because: dict[str, str],
    why: str | None,
    scope: Scope,
) -> Operation:
    """First the old one is retired; then the new one made, which takes over; targets moved; last the old one ended."""
    planned = operation_of("replace", plan, because, scope.calls.summary())
    first = tuple(Deed(what=f"instance/{name} {one.id}", action=RETIRE, because=why or "", id=one.id) for one in old)
    deeds = [deed for deed in planned.deeds if deed.action != "delete"]
    moved = tuple(
        Deed(what=f"targets of {one.id}", action=MOVE, because="where it's registered", id=one.id) for one in old
    )
    last = [
        deed.model_copy(update={"what": f"{deed.what} {deed.id} itself"})
        for deed in planned.deeds
        if deed.action == "delete"
    ]
    made_helper = any(deed.what == f"image/{helper_of(name)}" for deed in deeds)
    said = "once the new one runs, nothing needs it"
    clear = Deed(what=f"image/{helper_of(name)} itself", action=CLEAR, because=said)
    cleared = (clear,) if made_helper or helping else ()
    return planned.model_copy(update={"deeds": (*first, *deeds, *moved, *last, *cleared)})
