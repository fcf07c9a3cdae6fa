"""Archives of code: the same bytes from the same files, whoever packs them, where and when."""

import base64
import hashlib
import io
import os
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from tasks.errors import Invalid, Problem

MEGABYTE = 1024 * 1024
DIRECT = 50 * MEGABYTE  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
UNZIPPED = 250 * MEGABYTE  # of a function with all its layers
LEFT_OUT = ("__pycache__", "*.pyc", ".DS_Store", ".git", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv")
"""Names of what is never packed: it differs from machine to machine, and nobody needs it there."""

_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can tell
_UNIX = 3
_REGULAR, _RUNS = 0o100644, 0o100755
_LEVEL = 6


@dataclass(frozen=True)
class Archive:
    """A zip in memory.

    `digest` is of what is in it, 64 hexadecimal digits: compare by it, for another zlib packs the same files into other
    bytes. `unzipped` is in bytes.
    """

    content: bytes = field(repr=False)
    digest: str
    unzipped: int

    @property
    def sha256(self) -> str:
        """The hash of the zip itself, as Lambda tells it: `CodeSha256`, in base 64."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()


def files_in(folder: Path, where: str, left_out: tuple[str, ...] = LEFT_OUT) -> dict[str, Path]:
    """What is in a folder: each file's name in the archive to its place, sorted. Links are followed.

    `where` is the place in the document, `left_out` are patterns of names. Raises Invalid where there's no such folder
    or nothing in it, and for what can't be packed: a link that leads nowhere or round in a circle, a pipe, a name that
    isn't text.
    """
    if not folder.is_dir():
        why = "isn't a folder" if folder.exists() else "there's no such folder"
        raise Invalid(where, [Problem(where, f"{folder}: {why}", "Check the path")])
    problems: list[Problem] = []
    files = dict(sorted(_walk(folder, "", (), _Look(where, left_out, problems))))
    if not files and not problems:
        problems = [Problem(where, f"{folder}: there's no file in it", "Put the code in it")]
    if problems:
        raise Invalid(where, problems)
    return files


def digest_of(files: Mapping[str, Path]) -> str:
    """A hash of names, of what may be run, and of contents: 64 hexadecimal digits. Dates and owners don't count."""
    whole = hashlib.sha256()
    for name in sorted(files):
        with files[name].open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{len(name)}:{name} {_mode(files[name]):o} {content}\n".encode())
    return whole.hexdigest()


def pack(files: Mapping[str, Path]) -> Archive:
    """A zip of these files: sorted, all of one date, 0755 for what may be run and 0644 for the rest."""
    buffer, unzipped = io.BytesIO(), 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = _UNIX, _mode(files[name]) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            content = files[name].read_bytes()
            unzipped += len(content)
            archive.writestr(entry, content)
    return Archive(buffer.getvalue(), digest_of(files), unzipped)


def too_large(files: Mapping[str, Path], where: str, limit: int = UNZIPPED) -> Problem | None:
    """What to tell of files that are more than `limit` bytes together; it names the five largest folders among them."""
    sizes = _sizes(files)
    if sum(sizes.values()) <= limit:
        return None
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))[:5]
    named = ", ".join(f"{name} {in_megabytes(sizes[name])}" for name in largest)
    why = f"it has {in_megabytes(sum(sizes.values()))} unzipped, and Lambda takes {in_megabytes(limit)}"
    return Problem(where, f"{why}; the largest are {named}", "Leave some of it out")


def in_megabytes(size: int) -> str:
    """`12.3 MB`, of 1,048,576 bytes each, as Lambda counts them."""
    return f"{size / MEGABYTE:.1f} MB".replace(".0 MB", " MB")


@dataclass(frozen=True)
class _Look:
    where: str
    left_out: tuple[str, ...]
    problems: list[Problem]

    def problem(self, path: Path, why: str, way_out: str) -> None:
        self.problems.append(Problem(self.where, f"{str(path)!a}: {why}", way_out))


def _walk(folder: Path, prefix: str, above: tuple[Path, ...], look: _Look) -> Iterator[tuple[str, Path]]:
    here = (*above, folder.resolve())
    for path in sorted(folder.iterdir()):
        name = f"{prefix}{path.name}"
        if any(fnmatch(path.name, pattern) for pattern in look.left_out):
            continue
        if not _is_text(name):
            look.problem(path, "its name isn't UTF-8", "Rename it")
        elif path.is_dir() and path.resolve() in here:
            look.problem(path, "this link leads back to where it stands", "Remove it")
        elif path.is_dir() and os.access(path, os.R_OK | os.X_OK):
            yield from _walk(path, f"{name}/", here, look)
        elif path.is_file() and os.access(path, os.R_OK):
            yield name, path
        elif path.is_dir() or path.is_file():
            look.problem(path, "it can't be read", "Change its permissions")
        elif path.is_symlink() and not path.exists():
            look.problem(path, "this link leads nowhere", "Mend or remove it")
        else:
            look.problem(path, "it is neither a file nor a folder", "Remove it")


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _mode(path: Path) -> int:
    return _RUNS if path.stat().st_mode & 0o100 else _REGULAR


def _sizes(files: Mapping[str, Path]) -> dict[str, int]:
    """Bytes by folder: by those at the top, or by those in the one folder that all of it is in."""
    tops = {name.partition("/")[0] for name in files}
    within = f"{tops.pop()}/" if len(tops) == 1 else ""
    sizes: dict[str, int] = defaultdict(int)
    for name, path in files.items():
        sizes[name.removeprefix(within).partition("/")[0]] += path.stat().st_size
    return sizes
