"""Kind, State, Found: what a kind of resource must be able to do, and the words it does it in."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict

from blueprints.part import Part
from tasks.scope import CREATED, ENVIRONMENT, FINGERPRINT, PART, RETIRED, Scope, as_list

T = TypeVar("T")
P = TypeVar("P", bound=Part)
S = TypeVar("S", bound="State")


class _Fixed:
    """Marks a field that AWS can't change in place."""


class _Hushed:
    """Marks a field whose value is shown by its hash only."""


class _AtBirth:
    """Marks a field that matters only when the resource is made, and is never compared."""


_FIXED, _HUSHED, _AT_BIRTH = _Fixed(), _Hushed(), _AtBirth()
Fixed = Annotated[T, _FIXED]
Hushed = Annotated[T, _HUSHED]
AtBirth = Annotated[T, _AT_BIRTH]


def _in_order(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted(set(values), key=lambda value: value if isinstance(value, str) else repr(value)))


Unordered = Annotated[tuple[T, ...], AfterValidator(_in_order)]
"""A tuple whose order means nothing: sorted, without doubles, so that equal means equal."""


class State(BaseModel):
    """A resource in the one vocabulary of its kind; comparison, plan, create and update all read it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def fixed(cls) -> frozenset[str]:
        """Names of the fields that can't be changed in place."""
        return frozenset(name for name, info in cls.model_fields.items() if _FIXED in info.metadata)

    @classmethod
    def hushed(cls) -> frozenset[str]:
        """Names of the fields whose values are long or private, and shown as a hash."""
        return frozenset(name for name, info in cls.model_fields.items() if _HUSHED in info.metadata)

    @classmethod
    def at_birth(cls) -> frozenset[str]:
        """Names of the fields that are never compared."""
        return frozenset(name for name, info in cls.model_fields.items() if _AT_BIRTH in info.metadata)

    def uncompared(self) -> frozenset[str]:
        """Names of the fields that aren't compared where this is wanted; more than `at_birth` where it depends."""
        return self.at_birth()

    def immovable(self, found: Self) -> frozenset[str]:
        """Names of the fields that what's found can't be given in place; more than `fixed` where it depends."""
        return self.fixed()

    def how(self, found: Self, changed: frozenset[str]) -> str:
        """What a plan says of how these changes come about, where they don't simply; else nothing."""
        return ""

    def retold(self, found: Self) -> frozenset[str]:
        """Names of the outputs that are others once what's found is like this: those aren't known before."""
        return frozenset()

    def as_far_as(self, wanted: Self) -> Self:
        """This state where the wanted one says something, and the wanted one elsewhere."""
        return self.model_copy(update={name: getattr(wanted, name) for name in wanted.uncompared()})

    @property
    def fingerprint(self) -> str:
        """A versioned hash of what is compared: `v1-` and 16 hexadecimal digits."""
        compared = self.model_dump(mode="json", exclude=set(self.uncompared()))
        text = json.dumps(compared, sort_keys=True, separators=(",", ":"))
        return "v1-" + hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def foundation(self) -> str:
        """Six digits that change exactly when a fixed field does: the `variant` of a name that can't be used twice."""
        text = json.dumps(self.model_dump(mode="json", include=set(self.fixed())), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:6]


# Brackets that nobody writes, as people's own texts are searched for them, too.
_UNKNOWN = re.compile("\u27e8([^\u27e8\u27e9]+)\u27e9")


def unknown(key: str) -> str:
    """The placeholder for an id that isn't known until `key` is made. Never sent to AWS; may stand within a text."""
    return f"\u27e8{key}\u27e9"


def unknowns(value: Any) -> set[str]:
    """The keys of all ids in a value that aren't known yet."""
    match value:
        case str():
            return set(_UNKNOWN.findall(value))
        case BaseModel():
            return {key for name in type(value).model_fields for key in unknowns(getattr(value, name))}
        case Mapping():
            return {key for inner in value.values() for key in unknowns(inner)}
        case tuple() | list() | frozenset():
            return {key for inner in value for key in unknowns(inner)}
        case _:
            return set()


def shown(text: str) -> str:
    """A text as people see it: an id that isn't known yet is `<kind/name>`."""
    return _UNKNOWN.sub(r"<\1>", text)


Phase = Literal["standing", "pending", "failed", "leaving"]


@dataclass(frozen=True)
class Found(Generic[S]):
    """A resource as AWS tells it.

    `phase`: standing (ready), pending (made, not ready yet), failed (will never be ready), leaving (being deleted).
    `outputs`: what people want to know of it, such as a DNS name. `protected`: AWS won't let it be removed as it is.
    `keeps`: what stays when it is removed ("the bucket web--uploads with its objects"), where anything does; `loses`:
    what goes with it ("all objects in it"), where that's worth a word. `note`: a sentence that a plan says of it.
    """

    kind: str
    name: str
    id: str
    state: S
    tags: Mapping[str, str] = field(default_factory=dict)
    phase: Phase = "standing"
    outputs: Mapping[str, str] = field(default_factory=dict)
    protected: bool = False
    keeps: str = ""
    loses: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        """`kind/name`."""
        return f"{self.kind}/{self.name}"

    @property
    def retired(self) -> bool:
        """Whether a newer one has taken its place, so that it only waits to be removed."""
        return RETIRED in self.tags

    @property
    def fingerprint(self) -> str | None:
        """The hash of the state last applied; None where it was adopted, never finished, or can't be tagged."""
        return self.tags.get(FINGERPRINT)

    @property
    def environment(self) -> str:
        """The environment it belongs to."""
        return self.tags.get(ENVIRONMENT, "")

    @property
    def created(self) -> datetime | None:
        """When Castra made it; None for what was adopted."""
        try:
            return datetime.fromisoformat(self.tags[CREATED])
        except (KeyError, ValueError):
            return None


class Kind(Generic[P, S]):
    """A kind of AWS resource. Subclasses know AWS, and nothing of the engine that decides and carries out."""

    name: ClassVar[str]
    """As in `vpc/main`, equal to the `kind` of its part."""

    actions: ClassVar[tuple[str, ...]] = ()
    """Every IAM action it may call. A test holds them against the calls made."""

    holds: ClassVar[str] = ""
    """What is lost if it's replaced ("every address in it"); where there is something, replacing must be asked for."""

    or_else: ClassVar[str] = ""
    """What may be written in the blueprint so that some changes need no replacement, where there's such a thing."""

    goes_first: ClassVar[bool] = False
    """Whether the old one must be gone before a new one can be made (they can't stand side by side)."""

    whole_at_birth: ClassVar[bool] = True
    """Whether the one call that makes it leaves nothing to be done; else the fingerprint is written at the end."""

    taggable: ClassVar[bool] = True
    """Whether AWS keeps tags on it. What it doesn't tag is found by its parent's tags or by a derived name."""

    own_tags: ClassVar[bool] = True
    """Whether all its tags are its own; else only the fingerprint is, and the others are of what it belongs to."""

    versioned: ClassVar[bool] = False
    """Whether each change makes a new version beside the old ones, which the kind itself prunes: none is retired."""

    outlasted_by: ClassVar[tuple[str, ...]] = ()
    """Kinds that must stand until this is gone, although its state names none of their ids."""

    goes_with: ClassVar[tuple[str, ...]] = ()
    """Kinds whose removal takes it along, so that it needs no call of its own where its parent goes too."""

    # ------------------------------------------------------------------ to be written for each kind, in this order

    def owned(self, scope: Scope) -> Iterator[Found[S]]:
        """All that carries the environment's tag and this kind's name, in bulk, the leaving ones too."""
        raise NotImplementedError

    def wanted(self, part: P, ids: Mapping[str, str]) -> S:
        """The part in the same words as `owned` tells. Pure; passes ids through and looks into none."""
        raise NotImplementedError

    def create(self, scope: Scope, name: str, wanted: S) -> str:
        """Make it, tagged from birth; give its id at once, without waiting until it's ready."""
        raise NotImplementedError

    def ready(self, scope: Scope, id: str) -> None:
        """Wait until it can be used. Not overridden where nothing needs waiting for."""

    def update(self, scope: Scope, id: str, wanted: S, changed: frozenset[str]) -> None:
        """Change in place the fields named in `changed`."""
        raise NotImplementedError

    def delete(self, scope: Scope, id: str) -> None:
        """Remove it; gone already is fine; returns once it's gone."""
        raise NotImplementedError

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """Set these tags and remove those dropped. EC2's way; other services override it once for their family."""
        scope.ec2.create_tags(Resources=[id], Tags=as_list(tags))
        if dropped:
            scope.ec2.delete_tags(Resources=[id], Tags=[{"Key": key} for key in sorted(dropped)])

    # ------------------------------------------------------------------ given

    @property
    def waits(self) -> bool:
        """Whether `ready` does anything."""
        return type(self).ready is not Kind.ready

    def built(self, part: P) -> str:
        """A digest of what is made from files of this machine for a part: the answer to its lookup `built:kind/name`.

        It may take seconds (a layer's packages are fetched), and is the same wherever it's made from the same. Only
        kinds whose parts have such a lookup override it. Raises Invalid with the place of what can't be built.
        """
        raise NotImplementedError

    def key(self, name: str) -> str:
        """`kind/name`."""
        return f"{self.name}/{name}"

    def named_in(self, tags: Mapping[str, str]) -> str | None:
        """The part's name, if these tags make it one of this kind; what a group launched carries the group's part."""
        kind, _, name = tags.get(PART, "").partition("/")
        return name if kind == self.name and name else None

    def birth_tags(self, scope: Scope, name: str, wanted: S) -> dict[str, str]:
        """All tags for the create call."""
        return scope.birth_tags(self.key(name), wanted.fingerprint if self.whole_at_birth else None)

    def tag_specifications(self, scope: Scope, name: str, wanted: S, resource_type: str) -> list[dict[str, Any]]:
        """The same as EC2's create calls take it."""
        return [{"ResourceType": resource_type, "Tags": as_list(self.birth_tags(scope, name, wanted))}]
