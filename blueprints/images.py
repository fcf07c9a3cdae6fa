"""Images that are built: parts registered from snapshots, and the section `images` that names how each comes about."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from blueprints.booting import Architecture, BootMode, FromSnapshot, Image, snapshot_alone
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


class BuiltImage(Piece):
    """An image that servers and instances name as `{built: NAME}`, and how it comes about."""

    from_snapshot: Annotated[
        FromSnapshot | None, BeforeValidator(snapshot_alone, json_schema_input_type=str | FromSnapshot | None)
    ] = Field(default=None, description="Registered from a snapshot of a root volume, as a part of the environment.")

    @model_validator(mode="after")
    def _one_way(self) -> "BuiltImage":
        if self.from_snapshot is None:
            raise ValueError("should say how it is built: from_snapshot")
        return self

    def parts(self, name: str, region: str) -> Iterator[Part]:
        """What stands in the environment for it; nothing for one that is built beside."""
        if self.from_snapshot is not None:
            yield from registered(self.from_snapshot, name, f"images.{name}", region)

    def reference(self, name: str) -> Id | Lookup:
        """What a part that boots from it names."""
        return Id(f"image/{name}")


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
