"""Layers: packages or files that functions share."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from blueprints.part import Lookup, Part, Piece, asking

Architecture = Literal["x86_64", "arm64"]
Runtime = Annotated[
    str,
    Field(pattern=r"^(python3\.\d+|nodejs\d+\.x|java\d+(\.al2(023)?)?|dotnet\d+|ruby\d\.\d|provided\.al2(023)?)$"),
]
Requirement = Annotated[str, Field(pattern=r"^[A-Za-z0-9]", max_length=500)]


class Layer(Part):
    """A layer of Lambda, made from exactly one of packages, a requirements file, or a folder.

    Paths are as the process that plans sees them. `content` is the digest of what comes out: equal means published.
    """

    kind: ClassVar[str] = "layer"
    packages: tuple[Requirement, ...] = ()
    requirements: str | None = None
    folder: str | None = None
    runtimes: tuple[Runtime, ...]
    architectures: tuple[Architecture, ...]
    content: Annotated[Lookup, asking("built")]


# ---------------------------------------------------------------------- the section


class Library(Piece):
    """What functions share: Python packages, from a list or a requirements file, or the files of a folder.

    Packages are fetched as wheels for the runtimes and architectures named here, whatever this machine is. A folder is
    taken as it is, and lands in /opt: Python finds modules in its `python`, Node in its `nodejs/node_modules`.
    """

    packages: tuple[Requirement, ...] = Field(
        default=(), examples=[["requests==2.32.5"]], description="Python packages, as pip takes them."
    )
    requirements: str | None = Field(
        default=None, description="Path of a requirements file, relative to the document, in place of `packages`."
    )
    folder: str | None = Field(
        default=None, description="Path of a folder, relative to the document, in place of packages."
    )
    runtimes: tuple[Runtime, ...] = Field(
        default=("python3.13",),
        min_length=1,
        max_length=15,
        description="Runtimes that it is for, as Lambda names them.",
    )
    architectures: tuple[Architecture, ...] = Field(
        default=("x86_64",), min_length=1, max_length=2, description="Processors that it is for."
    )

    @field_validator("requirements")
    @classmethod
    def _file_there(cls, path: str | None, info: ValidationInfo) -> str | None:
        full = _beside(path, info)
        if full is not None and not full.is_file():
            raise ValueError(f"there's no file {full}")
        return str(full) if full else path

    @field_validator("folder")
    @classmethod
    def _folder_there(cls, path: str | None, info: ValidationInfo) -> str | None:
        full = _beside(path, info)
        if full is not None and not full.is_dir():
            raise ValueError(f"there's no folder {full}")
        return str(full) if full else path

    @model_validator(mode="after")
    def _one_way(self) -> "Library":
        if sum(map(bool, (self.packages, self.requirements, self.folder))) != 1:
            raise ValueError("should be given by exactly one of packages, requirements, folder")
        if not self.folder and (others := [each for each in self.runtimes if not each.startswith("python")]):
            raise ValueError(f"has packages of Python, which aren't for {', '.join(others)}")
        return self

    def part(self, name: str) -> Layer:
        """The layer."""
        given = {field: getattr(self, field) for field in type(self).model_fields}
        return Layer(name=name, where=f"layers.{name}", content=Lookup(f"built:layer/{name}"), **given)


def _beside(path: str | None, info: ValidationInfo) -> Path | None:
    """A path that a document names; None where there's no document, or no path."""
    folder = (info.context or {}).get("folder")
    return Path(folder) / path if path and folder is not None else None
