"""Key pairs: public keys for SSH, whose private halves never leave their owners."""

import base64
import binascii
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from blueprints.booting import content
from blueprints.part import Part, Piece

RSA_BITS = (1024, 2048, 4096)  # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-key-pairs.html


def without_comment(text: str) -> str:
    """A public key as OpenSSH writes it: its type and its digits. Raises ValueError for what EC2 doesn't take."""
    if "PRIVATE KEY" in text:
        raise ValueError("is a private key: keep it to yourself, and give the public one, which ends in .pub")
    words = text.split()
    if len(words) < 2 or words[0] not in ("ssh-rsa", "ssh-ed25519"):
        raise ValueError("should be a public key in OpenSSH's form, which begins with ssh-ed25519 or ssh-rsa")
    fields = _fields(words[1])
    if len(fields) != {"ssh-rsa": 3, "ssh-ed25519": 2}[words[0]] or fields[0] != words[0].encode():
        raise ValueError("should be a whole public key: copy all of its line")
    bits = int.from_bytes(fields[-1], "big").bit_length()
    if words[0] == "ssh-rsa" and bits not in RSA_BITS:
        raise ValueError(f"has {bits} bits; EC2 takes RSA keys of {', '.join(map(str, RSA_BITS))}, or ssh-ed25519")
    return " ".join(words[:2])


def _fields(digits: str) -> list[bytes]:
    """What a key is made of, each led by its length: https://datatracker.ietf.org/doc/html/rfc4253#section-6.6"""
    try:
        rest = base64.b64decode(digits, validate=True)
    except (binascii.Error, ValueError):
        return []
    fields = []
    while len(rest) >= 4:
        end = 4 + int.from_bytes(rest[:4], "big")
        if end > len(rest):
            return []
        fields.append(rest[4:end])
        rest = rest[end:]
    return fields if not rest else []


class KeyPair(Part):
    """A public key for SSH that EC2 puts onto new instances. Its comment isn't kept."""

    kind: ClassVar[str] = "key-pair"
    public_key: Annotated[str, AfterValidator(without_comment)]


# ---------------------------------------------------------------------- the section


class PublicKey(Piece):
    """A public key: itself, or a file beside the document."""

    file: str | None = Field(default=None, description="Path of a file, relative to the document; it ends in .pub.")
    public_key: str = Field(
        default="", validate_default=True, description="The key itself: ssh-ed25519 or ssh-rsa, digits, and a comment."
    )

    @field_validator("file")
    @classmethod
    def _there(cls, file: str | None, info: ValidationInfo) -> str | None:
        folder = (info.context or {}).get("folder")
        if file is not None and folder is not None and not (Path(folder) / file).is_file():
            raise ValueError(f"there's no file {Path(folder) / file}")
        return file

    @field_validator("public_key")
    @classmethod
    def _read(cls, public_key: str, info: ValidationInfo) -> str:
        file, folder = info.data.get("file"), (info.context or {}).get("folder")
        if "file" not in info.data:  # what's wrong with it is told already
            return public_key
        if file and public_key and folder is not None:  # in a document; what was read once carries both
            raise ValueError("can't be given beside a file")
        if not file and not public_key:
            raise ValueError("is missing: give it, or a file")
        text = public_key or content(Path(folder or ".") / str(file))
        without_comment(text)
        return text.strip()

    def part(self, name: str) -> KeyPair:
        """The key pair."""
        return KeyPair(name=name, where=f"key_pairs.{name}", public_key=self.public_key)
