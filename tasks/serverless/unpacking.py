"""Code as Lambda has it: fetched, and unpacked into a folder."""

import base64
import hashlib
import io
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from tasks.errors import CastraError

PATIENCE = 60.0  # seconds without a byte


def fetched(code: Mapping[str, Any], sha256: str, what: str) -> bytes:
    """The zip at `Location`, if it is the one that AWS tells of. Raises CastraError if it isn't."""
    with urllib.request.urlopen(code["Location"], timeout=PATIENCE) as answer:
        content: bytes = answer.read()
    if base64.b64encode(hashlib.sha256(content).digest()).decode() != sha256:
        raise CastraError(what, "what was fetched isn't the code that AWS tells of", "Run again")
    return content


def unzip(content: bytes, into: Path) -> int:
    """Gives how many files there were. Raises CastraError for a name that leads out of the folder."""
    into.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        for entry in entries:
            refuse_outside(entry.filename, into)
        for entry in entries:
            target = into / entry.filename
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(entry))
            if entry.external_attr >> 16 & 0o100:
                target.chmod(0o755)
    return len(entries)


def refuse_outside(name: str, into: Path) -> None:
    """Raise CastraError for a name that leads out of the folder that it is to be written into."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise CastraError("What is unpacked", f"{name} would be written outside of {into}", "Rename it where it is")
