"""Images that are built: parts registered from snapshots, and the section `images` that names how each comes about."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from blueprints.booting import Architecture, BootMode, FromSnapshot, Image, snapshot_alone
from blueprints.building import AccountId, Bake, Copies, FromInstance
from blueprints.part import Id, Lookup, Part, Piece, Ready, of
from blueprints.problem import Problem

SnapshotId = Annotated[str, Field(pattern=r"^snap-[0-9a-f]+$")]
AmiId = Annotated[str, Field(pattern=r"^ami-[0-9a-z]+$")]
ImageId = Annotated[
    Annotated[Id, of("image")] | Lookup | AmiId,
    Field(union_mode="left_to_right", description="An image of the environment, what AWS is asked, or an image's id."),
]
ReadyImageId = Annotated[Annotated[Ready, of("image")] | Lookup | AmiId, Field(union_mode="left_to_right")]


class CopiedSnapshot(Part):
    """A snapshot that is copied: from another region, or to be encrypted. A copy is always encrypted."""

    kind: ClassVar[str] = "snapshot"
    source: SnapshotId
    source_region: str = Field(description="Where the source is.")
    kms_key: str | None = Field(default=None, description="A key's ARN; the account's own one for EBS, if not given.")


class RegisteredImage(Part):
    """An image whose root volume is a snapshot."""

    kind: ClassVar[str] = "image"
    snapshot: Annotated[Annotated[Ready, of("snapshot")] | SnapshotId, Field(union_mode="left_to_right")]
    architecture: Architecture = "x86_64"
    boot_mode: BootMode | None = None
    ena: bool = True
    root_device: str = "/dev/xvda"


# ---------------------------------------------------------------------- the section


def _instance_alone(value: Any) -> Any:
    return {"instance": value} if isinstance(value, str) else value


class BuiltImage(Piece):
    """An image that servers and instances name as `{built: NAME}`, and how it comes about."""

    from_snapshot: Annotated[
        FromSnapshot | None, BeforeValidator(snapshot_alone, json_schema_input_type=str | FromSnapshot | None)
    ] = Field(
        default=None,
        description="Registered from a snapshot of a root volume; as a part of the environment, unless it's numbered.",
    )
    from_instance: Annotated[
        FromInstance | None, BeforeValidator(_instance_alone, json_schema_input_type=str | FromInstance | None)
    ] = Field(default=None, description="Made of an instance, by its id or its name.")
    bake: Bake | None = Field(default=None, description="Baked on a machine of its own, by a recipe.")
    numbered: bool = Field(
        default=False, description="Whether one from a snapshot is built by `castra build-image` too, as others are."
    )
    encrypt: bool = Field(default=False, description="Whether it's encrypted, where what it's made of isn't.")
    kms_key: str | None = Field(default=None, pattern=r"^arn:", description="ARN of the key to encrypt it by.")
    copies: tuple[Copies, ...] = Field(default=(), description="Other regions that it is copied to.")
    share: tuple[AccountId, ...] = Field(default=(), description="Accounts that may launch it, and its copies.")
    keep: int = Field(default=3, ge=1, description="So many of the newest stay when images are retired.")

    @model_validator(mode="after")
    def _one_way(self) -> "BuiltImage":
        ways = (self.from_snapshot, self.from_instance, self.bake)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("should say how it is built, in exactly one way: from_snapshot, from_instance or bake")
        if self.numbered and self.from_snapshot is None:
            raise ValueError("can only say `numbered` of one from a snapshot: the others always are")
        if self.is_part and (self.encrypted or self.copies or self.share):
            raise ValueError("is a part of the environment: say `numbered: true` to encrypt, copy or share it")
        if self.numbered and self.from_snapshot and self.from_snapshot.copied:
            raise ValueError("is encrypted as a whole: say encrypt or kms_key of the image; copy a far snapshot first")
        if self.share and self.encrypted and not all((self.kms_key, *(copy.kms_key for copy in self.copies))):
            raise ValueError("can't be shared under the account's own key of EBS: name a kms_key, of each copy too")
        if len({copy.region for copy in self.copies}) < len(self.copies):
            raise ValueError("can be copied to a region once")
        return self

    @property
    def is_part(self) -> bool:
        """Whether raising the environment makes it; else `castra build-image` does."""
        return self.from_snapshot is not None and not self.numbered

    @property
    def encrypted(self) -> bool:
        """Whether it is to be encrypted, whatever it's made of."""
        return self.encrypt or self.kms_key is not None

    def parts(self, name: str, region: str) -> Iterator[Part]:
        """What stands in the environment for it; nothing for one that is built beside."""
        if self.from_snapshot is not None and self.is_part:
            yield from registered(self.from_snapshot, name, f"images.{name}", region)

    def reference(self, name: str) -> Id | Lookup:
        """What a part that boots from it names: a part, or the newest one that was built."""
        return Id(f"image/{name}") if self.is_part else Lookup(f"built-image:{name}")

    def problems(self, name: str, region: str, images: Mapping[str, "BuiltImage"]) -> Iterator[Problem]:
        """A base that nobody builds, or that stands on this one, and copies that lead nowhere."""
        place = f"images.{name}"
        base = self.bake.base.built if self.bake else None
        if base is not None:
            yield from _base_problems(name, base, f"{place}.bake.base.built", images)
        for number, copy in enumerate(self.copies):
            if copy.region == region:
                yield Problem(f"{place}.copies.{number}", f"{region} is where it is built", "Name other regions only")


def _base_problems(name: str, base: str, place: str, images: Mapping[str, BuiltImage]) -> Iterator[Problem]:
    if base not in images:
        way_out = f"Name one of: {', '.join(images)}" if len(images) > 1 else "Describe it there"
        yield Problem(place, f"there is no {base} in the section images", way_out)
    elif images[base].is_part:
        yield Problem(place, f"{base} is a part of the environment", f"Say `numbered: true` of images.{base}")
    elif name in _bases(base, images):
        yield Problem(place, "it stands on itself, by way of its base", "Begin with an image that stands already")


def _bases(name: str, images: Mapping[str, BuiltImage]) -> list[str]:
    """An image and all that it's baked on, one by one."""
    seen: list[str] = []
    while name in images and name not in seen:
        seen.append(name)
        bake = images[name].bake
        name = (bake.base.built if bake else None) or ""
    return seen


NO_IMAGES: Mapping[str, BuiltImage] = MappingProxyType({})


def registered(made: FromSnapshot, name: str, where: str, region: str) -> Iterator[Part]:
    """The image that is registered from a snapshot, and the copy of that where one is needed."""
    if made.copied:
        source = {"source": made.snapshot, "source_region": made.region or region}
        yield CopiedSnapshot(name=name, where=where, kms_key=made.kms_key, **source)
    yield RegisteredImage(
        name=name,
        where=where,
        snapshot=Ready(f"snapshot/{name}") if made.copied else made.snapshot,
        architecture=made.architecture,
        boot_mode=made.boot_mode,
        ena=made.ena,
        root_device=made.root_device,
    )


def image_of(image: Image, own: str, images: Mapping[str, BuiltImage]) -> str:
    """What a part that boots from an image names: a part, what AWS is to be asked, or an id.

    `own` is the name of the part that an image which is given in place becomes.
    """
    if image.from_snapshot is not None:
        return Id(f"image/{own}")
    return images[image.built].reference(image.built) if image.built else image.reference()


def own_image(image: Image, own: str, where: str, region: str) -> Iterator[Part]:
    """The parts of an image that is given in place."""
    if image.from_snapshot is not None:
        yield from registered(image.from_snapshot, own, f"{where}.image", region)


def image_problems(image: Image, where: str, images: Mapping[str, BuiltImage]) -> Iterator[Problem]:
    """A built image that is named, and that nobody describes."""
    if image.built and image.built not in images:
        way_out = f"Name one of: {', '.join(images)}" if images else "Describe it there"
        yield Problem(f"{where}.image.built", f"there is no {image.built} in the section images", way_out)
