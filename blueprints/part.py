"""Part: one AWS resource that is asked for; it names itself and the parts it needs."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

NAME = r"^[a-z0-9]+(-[a-z0-9]+)*$"  # no double hyphens: they separate the pieces of a name in AWS
Name = Annotated[str, Field(pattern=NAME, max_length=100)]


class _Reference(str):
    """A string that a part carries in place of something only AWS can tell."""

    __slots__ = ()
    pattern: ClassVar[str]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(pattern=cls.pattern)
        return core_schema.no_info_after_validator_function(cls, text)


class Id(_Reference):
    """The key of another part (`kind/name`) whose AWS id is needed."""

    __slots__ = ()
    pattern = r"^[a-z][a-z-]*/[a-z0-9-]+$"


class Ready(Id):
    """The key of another part that must be ready, not only made, before this one is."""

    __slots__ = ()


class Output(Id):
    """What AWS tells of another part (`kind/name.output`), such as the ARN of its secret."""

    __slots__ = ()
    pattern = r"^[a-z][a-z-]*/[a-z0-9-]+\.[a-z_]+$"


class ReadyOutput(Output, Ready):
    """What AWS tells of another part once that is ready, such as its address."""

    __slots__ = ()


class Lookup(_Reference):
    """What AWS is asked for by description: what stands there already, and isn't Castra's.

    `ssm:/path/of/parameter`, `newest-image:owner/name-pattern`, `built-image:name` (the newest good one that was built
    under a name), `default-vpc:`, `default-subnet:zone` or `account:` (the caller's account id). `zone:domain` is the
    id of the public DNS zone that a domain is in, `built:kind/name` the digest of what's made from files for the part
    that asks. `id:subnet-0a` is answered by itself: whoever made it.
    """

    __slots__ = ()
    pattern = (
        r"^(ssm:/.+|built-image:[a-z0-9-]+|newest-image:[a-z0-9-]+/.+|default-vpc:|default-subnet:[a-z0-9-]+"
        r"|account:|id:[A-Za-z0-9:/._+=,@-]+|zone:[a-z0-9*.-]+|built:[a-z-]+/[a-z0-9-]+)$"
    )


def of(*kinds: str) -> AfterValidator:
    """A validator for an Id that may name a part of these kinds only."""

    def check(key: Id) -> Id:
        if key.partition("/")[0] not in kinds:
            raise ValueError(f"{key!r} should name a part of kind {' or '.join(kinds)}")
        return key

    return AfterValidator(check)


def asking(*ways: str) -> AfterValidator:
    """A validator for a Lookup that may ask in these ways only: `default-vpc`, say."""

    def check(lookup: Lookup) -> Lookup:
        if lookup.partition(":")[0] not in ways:
            raise ValueError(f"{lookup!r} should ask for {' or '.join(ways)}")
        return lookup

    return AfterValidator(check)


class Piece(BaseModel):
    """Frozen and closed: what parts and their inner pieces have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Part(Piece):
    """One AWS resource that is asked for.

    A field of type `Id` names a part whose id is needed, one of type `Ready` a part that must be ready, one of type
    `Lookup` what AWS is asked for. Fields may nest; all are found by walking the values.
    """

    kind: ClassVar[str]
    name: Name
    where: str = Field(default="", exclude=True, repr=False, description="Its place in the document, for errors.")
    chosen: str = Field(default="", exclude=True, repr=False, description="Why it is of this kind, if Castra chose it.")

    @property
    def key(self) -> str:
        """`kind/name`, unique in an environment, and the value of the tag `castra:part`."""
        return f"{self.kind}/{self.name}"

    @property
    def needs(self) -> tuple[Id, ...]:
        """Keys of all parts whose id, or output, this one needs, without doubles."""
        return tuple(dict.fromkeys(_part_of(value) for value in references(self) if isinstance(value, Id)))

    @property
    def awaits(self) -> tuple[Ready, ...]:
        """Keys of those parts that must be ready first; each is among `needs` too."""
        ready = (value for value in references(self) if isinstance(value, Ready))
        return tuple(dict.fromkeys(Ready(_part_of(value)) for value in ready))

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What this one needs to be told of others, without doubles."""
        return tuple(dict.fromkeys(value for value in references(self) if isinstance(value, Output)))

    @property
    def lookups(self) -> tuple[Lookup, ...]:
        """What AWS is asked for before this part can be decided on."""
        return tuple(dict.fromkeys(value for value in references(self) if isinstance(value, Lookup)))


def _part_of(reference: Id) -> Id:
    return Id(reference.partition(".")[0]) if isinstance(reference, Output) else reference


class Text(Piece):
    """A text with ids in it, such as `<ARN of a bucket>/*`; may stand in a role's policies, say."""

    pieces: tuple[Any, ...]
    behind: str = Field(default="", description="Only what stands behind the last one of these: an ARN's colon.")

    def filled(self, ids: Mapping[str, str]) -> str:
        """The text, with each id in its place."""
        whole = "".join(str(filled(piece, ids)) for piece in self.pieces)
        return whole.rpartition(self.behind)[2] if self.behind else whole


def text(*pieces: Any) -> Text:
    """A text of these pieces, of which some are references, or texts with references in them."""
    return Text(pieces=pieces)


def name_in(arn: Id) -> Text:
    """The name at the end of a part's ARN: a bucket's, a queue's, a function's."""
    return behind(":", arn)


def behind(mark: str, id: Id) -> Text:
    """What stands behind the last `mark` in a part's id."""
    return Text(pieces=(id,), behind=mark)


def filled(value: Any, ids: Mapping[str, str]) -> Any:
    """Plain data with the ids that its texts and references stand for."""
    match value:
        case Text():
            return value.filled(ids)
        case _Reference():
            return ids[value]
        case Mapping():
            return {key: filled(inner, ids) for key, inner in value.items()}
        case list() | tuple():
            return [filled(inner, ids) for inner in value]
        case _:
            return value


def references(value: Any) -> Iterator[_Reference]:
    """Every reference in a value, however deep in models, mappings and sequences."""
    match value:
        case _Reference():
            yield value
        case BaseModel():
            for field in type(value).model_fields:
                yield from references(getattr(value, field))
        case Mapping():
            for inner in value.values():
                yield from references(inner)
        case list() | tuple() | frozenset() | set():
            for inner in value:
                yield from references(inner)
