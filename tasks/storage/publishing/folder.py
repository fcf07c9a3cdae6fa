"""The files of a folder as they are to be published. Reads this machine only."""

import gzip
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import brotli

from blueprints.sites import OWN, Publishing
from tasks.errors import Invalid, Problem
from tasks.storage.publishing.headers import cache_of, encoding_of, type_of

LARGEST = 5 * 1024**3
"""Bytes that S3 takes in one call. https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html"""

LONGEST_KEY = 1024  # bytes
SHOWN_ANYWAY = (".well-known",)  # of names that begin with a dot


@dataclass(frozen=True)
class Item:
    """A file: its key, and what is said of it. `stamp` is a digest of its bytes and of all that."""

    key: str
    path: Path
    size: int
    type: str
    cache: str
    encoding: str
    stamp: str

    def body(self) -> bytes | IO[bytes]:
        """What is sent."""
        if self.encoding == "gzip":
            return gzip.compress(self.path.read_bytes(), 9, mtime=0)
        if self.encoding == "br":
            return bytes(brotli.compress(self.path.read_bytes()))
        return self.path.open("rb") if self.size > 2**23 else self.path.read_bytes()

    def headers(self) -> dict[str, str]:
        """As PutObject takes them."""
        encoding = {"ContentEncoding": self.encoding} if self.encoding else {}
        return {"ContentType": self.type, "CacheControl": self.cache, **encoding}


def items_in(folder: str, publishing: Publishing, where: str) -> list[Item]:
    """All files, by key, but those whose name or folder begins with a dot. Raises Invalid with all that is wrong."""
    root = Path(folder)
    if not root.is_dir():
        raise Invalid("The site", [Problem(f"{where}.folder", f"there's no folder {folder}", "Build it, or check it")])
    problems: list[Problem] = []
    items = []
    for path in _files(root):
        key = path.relative_to(root).as_posix()
        if problem := _problem(path, key, where):
            problems.append(problem)
        elif not problems:
            items.append(_item(path, key, publishing))
    if not items and not problems:
        problems.append(Problem(f"{where}.folder", f"there's no file in {folder}", "Build the site first"))
    if problems:
        raise Invalid("The site", problems)
    return sorted(items, key=lambda item: item.key)


def digest_of(stamps: dict[str, str]) -> str:
    """One digest of all files, by their keys and stamps."""
    text = "\n".join(f"{key}\t{stamp}" for key, stamp in sorted(stamps.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if _shown(name)]
        yield from (Path(folder) / name for name in names if _shown(name))


def _shown(name: str) -> bool:
    return not name.startswith(".") or name in SHOWN_ANYWAY


def _problem(path: Path, key: str, where: str) -> Problem | None:
    place = f"{where}.folder"
    try:
        size = path.stat().st_size
        if not os.access(path, os.R_OK):
            return Problem(place, f"{key} can't be read", "Allow it to whoever publishes")
    except OSError:
        return Problem(place, f"{key} leads nowhere", "Remove the link, or mend it")
    if size > LARGEST:
        why = f"{key} has {size / 1024**3:.1f} GiB, and S3 takes 5 GiB in one call"
        return Problem(place, why, "Split it, or send it by other means")
    if len(key.encode(errors="replace")) > LONGEST_KEY or key.split("/")[0] == OWN or "\udc80" <= max(key) <= "\udcff":
        return Problem(place, f"{key!r} is no key that S3 takes", "Rename the file")
    return None


def _item(path: Path, key: str, publishing: Publishing) -> Item:
    size = path.stat().st_size
    told: dict[str, Any] = {"type": type_of(key), "cache": cache_of(key, publishing)}
    told["encoding"] = encoding_of(key, size, publishing)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update("|".join(told.values()).encode())
    return Item(key=key, path=path, size=size, stamp=digest.hexdigest()[:32], **told)
