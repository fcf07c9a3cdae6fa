"""Kinds and parts that are as small as can be, and a world of dicts that they stand in: to test what decides."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from blueprints.part import Id, Lookup, Part
from tasks.converge import bring_about
from tasks.decide import Plan, Seen, make_plan
from tasks.kind import AtBirth, Fixed, Found, Hushed, Kind, Phase, State, Unordered
from tasks.order import strings
from tasks.report import Outcome
from tasks.scope import Scope

REGION = "eu-west-1"


class Toy(Part):
    kind: ClassVar[str] = "box"
    size: str | None = "s"
    home: Id | None = None
    link: Id | None = None
    peers: tuple[Id, ...] = ()
    secret: str = ""
    hidden: Id | None = None
    seed: str = ""
    image: Lookup | None = None


class Box(Toy):
    """Can be replaced, beside the old one."""

    kind: ClassVar[str] = "box"


class Vault(Toy):
    """Holds something."""

    kind: ClassVar[str] = "vault"


class Plug(Toy):
    """The old one must be gone before a new one is made."""

    kind: ClassVar[str] = "plug"


class Leaf(Toy):
    """Can't be tagged."""

    kind: ClassVar[str] = "leaf"


class Rope(Toy):
    """Every plug must stand until it's gone, although it names none."""

    kind: ClassVar[str] = "rope"


PARTS: dict[str, type[Toy]] = {part.kind: part for part in (Box, Vault, Plug, Leaf, Rope)}


class ToyState(State):
    size: Fixed[str | None] = "s"
    home: Fixed[str | None] = None
    link: str | None = None
    peers: Unordered[str] = ()
    rooms: Fixed[Unordered[str]] = ()
    secret: Hushed[str] = ""
    hidden: Hushed[tuple[str, ...]] = ()
    seed: AtBirth[str] = ""
    image: str | None = None


@dataclass
class Thing:
    kind: str
    name: str
    state: ToyState
    tags: dict[str, str] = field(default_factory=dict)
    phase: Phase = "standing"


@dataclass
class World:
    """What stands, by id. While `strict`, nothing goes that something else still names, as in AWS."""

    things: dict[str, Thing] = field(default_factory=dict)
    made: int = 0
    strict: bool = False

    def make(self, kind: str, name: str, state: ToyState, tags: Mapping[str, str]) -> str:
        self.made += 1
        id = f"new-{self.made}"
        self.things[id] = Thing(kind, name, state, dict(tags))
        return id

    def drop(self, id: str) -> None:
        holders = [
            other
            for other, thing in self.things.items()
            if other != id and thing.phase != "leaving" and id in strings(thing.state.model_dump())
        ]
        assert not (self.strict and holders), f"{id} is still held by {holders}"
        self.things.pop(id, None)

    def found(self, kind: str) -> Iterator[Found[ToyState]]:
        for id, thing in self.things.items():
            if thing.kind == kind:
                yield Found(kind, thing.name, id, thing.state, dict(thing.tags), thing.phase)

    def copy(self) -> "World":
        return World({id: replace(thing, tags=dict(thing.tags)) for id, thing in self.things.items()}, self.made)


class ToyKind(Kind[Toy, ToyState]):
    def __init__(self, part: type[Toy], world: World | None = None) -> None:
        self.name = part.kind
        self.holds = "its gold" if part is Vault else ""
        self.goes_first = part in (Plug, Leaf)
        self.taggable = part is not Leaf
        self.outlasted_by = ("plug",) if part is Rope else ()
        self.world = World() if world is None else world

    def owned(self, scope: Scope) -> Iterator[Found[ToyState]]:
        return self.world.found(self.name)

    def wanted(self, part: Toy, ids: Mapping[str, str]) -> ToyState:
        return ToyState(
            size=part.size,
            home=ids[part.home] if part.home else None,
            link=ids[part.link] if part.link else None,
            peers=tuple(ids[peer] for peer in part.peers),
            rooms=tuple(ids[peer] for peer in part.peers) if part.kind == "vault" else (),
            secret=part.secret,
            hidden=(ids[part.hidden],) if part.hidden else (),
            seed=part.seed,
            image=ids[part.image] if part.image else None,
        )

    def create(self, scope: Scope, name: str, wanted: ToyState) -> str:
        return self.world.make(self.name, name, wanted, self.birth_tags(scope, name, wanted) if self.taggable else {})

    def update(self, scope: Scope, id: str, wanted: ToyState, changed: frozenset[str]) -> None:
        assert not {name for name in changed & wanted.fixed() if getattr(self.world.things[id].state, name) is not None}
        values = {name: getattr(wanted, name) for name in changed}
        self.world.things[id].state = self.world.things[id].state.model_copy(update=values)

    def delete(self, scope: Scope, id: str) -> None:
        self.world.drop(id)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        assert self.taggable
        kept = {key: value for key, value in self.world.things[id].tags.items() if key not in dropped}
        self.world.things[id].tags = kept | dict(tags)


def kinds_of(world: World | None = None) -> dict[str, ToyKind]:
    world = World() if world is None else world
    return {name: ToyKind(part, world) for name, part in PARTS.items()}


def plan_in(world: World, parts: Iterable[Part], scope: Scope, allowed: Iterable[str] = ()) -> Plan:
    kinds = kinds_of(world)
    found = tuple(one for kind in kinds.values() for one in kind.owned(scope))
    return make_plan(parts, Seen(scope.environment, scope.region, scope.tags, found), kinds, allowed)


def carry_out(plan: Plan, world: World, scope: Scope) -> list[Outcome]:
    """As the plan says; all that is made is ready at once, and what was pending is ready then."""
    kinds, ids, outcomes = kinds_of(world), dict(plan.ids), []
    for step in plan.steps:
        if step.pending:
            world.things[str(step.id)].phase = "standing"
        if step.action in ("create", "update", "replace"):
            outcomes.append(bring_about(kinds[step.kind], step, scope, ids))
            ids[step.part] = outcomes[-1].id
    world.strict = True
    for removal in plan.removals:
        kinds[removal.kind].delete(scope, removal.id)
    world.strict = False
    return outcomes


def toy(key: str, **fields: Any) -> Toy:
    """A part by its key: `toy("box/a", link="box/b")`."""
    kind, _, name = key.partition("/")
    return PARTS[kind](name=name, **fields)
