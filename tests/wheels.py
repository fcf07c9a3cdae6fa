"""Tiny wheels, made here, and a uv that asks no index: packages without a network."""

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest


def wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    files: Mapping[str, str | bytes] | None = None,
    needs: Iterable[str] = (),
    scripts: Iterable[str] = (),
) -> Path:
    """A wheel of one package, by default with a module that knows its version. `scripts` are entry points."""
    info = f"{name}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {need}" for need in needs]
    content: dict[str, str | bytes] = dict(files or {f"{name}/__init__.py": f'VERSION = "{version}"\n'})
    content[f"{info}/METADATA"] = "\n".join(metadata) + "\n"
    content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
    if points := [f"{script} = {name}:main" for script in scripts]:
        content[f"{info}/entry_points.txt"] = "\n".join(["[console_scripts]", *points]) + "\n"
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    for path, each in content.items():
        raw = each.encode() if isinstance(each, str) else each
        digest = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()
        rows.writerow([path, f"sha256={digest}", len(raw)])
    rows.writerow([f"{info}/RECORD", "", ""])
    content[f"{info}/RECORD"] = record.getvalue()
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, each in content.items():
            archive.writestr(path, each)
    return made


def ask_no_index(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let uv find packages in this folder only, and keep what it unpacks there, too."""
    settings = folder / "uv.toml"
    settings.write_text(f'no-index = true\nfind-links = ["{folder}"]\ncache-dir = "{folder / "cache"}"\n')
    patch.setenv("UV_CONFIG_FILE", str(settings))
