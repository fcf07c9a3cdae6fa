"""Archives: the same bytes from the same files, and a clear word about what can't be packed."""

import hashlib
import io
import os
import zipfile
from base64 import b64decode
from pathlib import Path

import pytest

from tasks.errors import Invalid
from tasks.serverless.archive import MEGABYTE, Archive, digest_of, files_in, in_megabytes, pack, too_large


def code_in(folder: Path, date: float) -> Path:
    """A handler, a script that may be run, a link, and what machines leave behind."""
    (folder / "lib").mkdir(parents=True)
    (folder / "handler.py").write_text("def handle(event, context): ...\n")
    (folder / "lib" / "tool").write_text("#!/bin/sh\n")
    (folder / "lib" / "tool").chmod(0o750 if date else 0o711)
    (folder / "alias.py").symlink_to("handler.py")
    (folder / "lib" / "__pycache__").mkdir()
    (folder / "lib" / "__pycache__" / f"at-{date}.pyc").write_bytes(os.urandom(8))
    for path in folder.rglob("*"):
        os.utime(path, (date, date))
    return folder


def packed(folder: Path) -> Archive:
    return pack(files_in(folder, "functions.f.code"))


def test_two_folders_of_different_times_places_and_owners_habits_give_the_same_bytes(tmp_path: Path) -> None:
    one = packed(code_in(tmp_path / "one", 0.0))
    other = packed(code_in(tmp_path / "far" / "other", 1_700_000_000.0))
    assert one.content == other.content
    assert one.digest == other.digest


def test_it_is_a_zip_with_sorted_names_one_date_and_two_modes(tmp_path: Path) -> None:
    archive = packed(code_in(tmp_path / "code", 0.0))
    with zipfile.ZipFile(io.BytesIO(archive.content)) as zipped:
        entries = zipped.infolist()
        contents = {entry.filename: zipped.read(entry) for entry in entries}
    assert [entry.filename for entry in entries] == ["alias.py", "handler.py", "lib/tool"]
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert [f"{entry.external_attr >> 16:o}" for entry in entries] == ["100644", "100644", "100755"]
    assert contents["alias.py"] == contents["handler.py"]
    assert archive.unzipped == sum(map(len, contents.values()))
    assert b64decode(archive.sha256) == hashlib.sha256(archive.content).digest()


@pytest.mark.parametrize("change", ["content", "name", "mode"])
def test_whatever_counts_changes_the_digest(tmp_path: Path, change: str) -> None:
    code = code_in(tmp_path / "code", 0.0)
    before = digest_of(files_in(code, ""))
    if change == "content":
        (code / "handler.py").write_text("def handle(event, context): pass\n")
    elif change == "name":
        (code / "handler.py").rename(code / "handlers.py")
        (code / "alias.py").unlink()
        (code / "alias.py").symlink_to("handlers.py")
    else:
        (code / "handler.py").chmod(0o755)
    assert digest_of(files_in(code, "")) != before


def test_all_that_cant_be_packed_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    code = code_in(tmp_path / "code", 0.0)
    (code / "lost").symlink_to("nowhere")
    (code / "lib" / "round").symlink_to(code)
    os.mkfifo(code / "pipe")
    (code / os.fsdecode(b"caf\xe9.py")).touch()
    with pytest.raises(Invalid) as error:
        files_in(code, "functions.f.code")
    assert {problem.path for problem in error.value.problems} == {"functions.f.code"}
    said = str(error.value)
    assert all(name in said for name in ("/lost'", "/lib/round'", "/pipe'", "/caf\\udce9.py'"))
    assert all(why in said for why in ("leads nowhere", "leads back", "neither a file nor a folder", "isn't UTF-8"))


@pytest.mark.parametrize(
    ("name", "why"), [("absent", "no such folder"), ("empty", "no file in it"), ("file", "isn't a folder")]
)
def test_what_is_no_folder_with_files_in_it_is_told(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "empty" / ".git").mkdir(parents=True)
    (tmp_path / "file").touch()
    with pytest.raises(Invalid, match=why):
        files_in(tmp_path / name, "layers.l.folder")


def test_what_is_too_large_names_the_largest_before_anything_is_packed(tmp_path: Path) -> None:
    for name, size in {"numpy": 30, "pandas": 60, "six": 1}.items():
        (tmp_path / "python" / name).mkdir(parents=True)
        with (tmp_path / "python" / name / "data").open("wb") as file:
            file.truncate(size * MEGABYTE)
    files = files_in(tmp_path, "layers.l")
    assert too_large(files, "layers.l") is None
    problem = too_large(files, "layers.l", 80 * MEGABYTE)
    assert problem is not None
    assert problem.path == "layers.l"
    assert problem.why == (
        "it has 91 MB unzipped, and Lambda takes 80 MB; the largest are pandas 60 MB, numpy 30 MB, six 1 MB"
    )
    assert in_megabytes(1_300_000) == "1.2 MB"
