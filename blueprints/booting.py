"""What a server boots from: its image, its volumes, and what it runs at its first start."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from blueprints.part import Lookup, Name, Piece

USER_DATA = 16_384  # bytes, before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html


class Volume(Piece):
    """A volume of every instance. Sizes in GiB; `iops` and `throughput` (MiB/s) for the types that take them."""

    device: str = Field(
        pattern=r"^/dev/[a-z0-9]+$", description="Device name; the image's root device resizes its root."
    )
    size: int = Field(ge=1, le=65536)
    type: Literal["gp3", "gp2", "io1", "io2", "st1", "sc1", "standard"] = "gp3"
    iops: int | None = Field(default=None, ge=100, le=256000)
    throughput: int | None = Field(default=None, ge=125, le=2000)
    encrypted: bool = True
    keep: bool = Field(default=False, description="Whether it outlives its instance.")


Architecture = Literal["x86_64", "arm64"]
BootMode = Literal["legacy-bios", "uefi", "uefi-preferred"]


class FromSnapshot(Piece):
    """An image that is registered from a snapshot of a root volume. The snapshot's id alone is enough."""

    snapshot: str = Field(pattern=r"^snap-[0-9a-f]+$", examples=["snap-0abcdef1234567890"], description="Its id.")
    region: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$",
        description="Where the snapshot is, if not in the environment's region: it is copied from there.",
    )
    encrypt: bool = Field(
        default=False, description="Whether an encrypted copy is made first; one from another region always is."
    )
    kms_key: str | None = Field(
        default=None, pattern=r"^arn:", description="ARN of the key that a copy is encrypted by."
    )
    architecture: Architecture = Field(default="x86_64", description="What it runs on.")
    boot_mode: BootMode | None = Field(
        default=None, description="How it boots; as the instance type does, if not given."
    )
    ena: bool = Field(default=True, description="Whether it has ENA's network driver, which today's types need.")
    root_device: str = Field(default="/dev/xvda", pattern=r"^/dev/[a-z0-9]+$", description="Name of its root device.")

    @property
    def copied(self) -> bool:
        """Whether the snapshot is copied first."""
        return bool(self.region or self.encrypt or self.kms_key)


def snapshot_alone(value: Any) -> Any:
    """A plain text is a snapshot's id."""
    return {"snapshot": value} if isinstance(value, str) else value


class Image(Piece):
    """What servers boot from: an image by id, by a name pattern or by an SSM parameter, or one that's built here."""

    id: str | None = Field(default=None, pattern=r"^ami-[0-9a-z]+$", examples=["ami-0abcdef1234567890"])
    ssm: str | None = Field(
        default=None, pattern=r"^/", description="Path of an SSM parameter that holds an image's id."
    )
    name: str | None = Field(default=None, description="Name pattern; the newest image that fits is taken.")
    owner: str = Field(default="amazon", pattern=r"^([0-9]{12}|amazon|self|aws-marketplace)$", description="With name.")
    from_snapshot: Annotated[
        FromSnapshot | None, BeforeValidator(snapshot_alone, json_schema_input_type=str | FromSnapshot | None)
    ] = Field(default=None, description="A snapshot of a root volume, by its id: an image is registered from it.")
    built: Name | None = Field(default=None, description="One of the section `images`, by its name.")

    @model_validator(mode="after")
    def _one_way(self) -> "Image":
        ways = (self.id, self.ssm, self.name, self.from_snapshot, self.built)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("should be given by exactly one of id, ssm, name, from_snapshot, built")
        return self

    @property
    def pinned(self) -> bool:
        """Whether it is this very image, so that another one is a change; else the newest of its kind was taken."""
        return self.ssm is None and self.name is None

    def reference(self) -> str:
        """The id, or what AWS is to be asked; of one that stands already."""
        return self.id or (Lookup(f"ssm:{self.ssm}") if self.ssm else Lookup(f"newest-image:{self.owner}/{self.name}"))


class Bootstrap(Piece):
    """What a new server runs at its first start (EC2 user data): a text, or a file beside the document."""

    file: str | None = Field(default=None, description="Path of a file, relative to the document.")
    text: str = Field(default="", validate_default=True)

    @field_validator("file")
    @classmethod
    def _there(cls, file: str | None, info: ValidationInfo) -> str | None:
        folder = (info.context or {}).get("folder")
        if file is not None and folder is not None and not (Path(folder) / file).is_file():
            raise ValueError(f"there's no file {Path(folder) / file}")
        return file

    @field_validator("text")
    @classmethod
    def _read(cls, text: str, info: ValidationInfo) -> str:
        file, folder = info.data.get("file"), (info.context or {}).get("folder")
        if file and text and folder is not None:  # in a document; what was read once carries both
            raise ValueError("can't be given beside a file")
        if file and not text:
            text = content(Path(folder or ".") / file)
        if len(text.encode()) > USER_DATA:
            raise ValueError(f"is {len(text.encode())} bytes long; AWS takes at most {USER_DATA}")
        return text


def content(path: Path) -> str:
    """A file's text. Raises ValueError, which pydantic turns into an error with a path in the document."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path} isn't text in UTF-8") from None
    except OSError as error:
        raise ValueError(f"{path} can't be read ({error.strerror})") from None
    if not text:
        raise ValueError(f"{path} is empty")
    return text
