"""Python packages for Lambda, as wheels only, for a processor and a Python that this machine needn't have.

uv fetches them: its settings hold here too (`uv.toml` beside the document, `UV_INDEX_URL` and the like), such as an
index of one's own.
"""

import csv
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from uv import find_uv_bin

from tasks.errors import Invalid, Problem
from tasks.progress import waiting
from tasks.serverless.archive import LEFT_OUT, files_in

PATIENCE = 600.0  # seconds
NOT_TAKEN = (".lock", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json")
"""What uv notes of this machine and this request."""
_PROCESSORS = {"x86_64": "x86_64", "arm64": "aarch64"}
_NEWER_LINUX = 12  # https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html: glibc 2.34 from Python 3.12 on
_FRAME = re.compile(r"^[\s×├╰│─▶▸·]*((error|warning|hint|cause):\s*)?", re.MULTILINE)
_NEWS = "No solution found when resolving dependencies"
_WORDS = {
    r"no (usable )?wheels|no source distribution|only-binary|building from source": (
        "Name a version that has a wheel for it, or build it yourself and give it as a folder"
    ),
    r"not found in|no version of": "Check its name and version, and the index that uv is to ask",
    r"failed to fetch|error sending request|dns error|timed out|connect": (
        "Check that the package index can be reached from here"
    ),
}


def fetched(
    into: Path,
    runtime: str,
    architecture: str,
    packages: tuple[str, ...] = (),
    requirements: str | None = None,
    *,
    where: str,
) -> dict[str, Path]:
    """Fetch packages, with all that they need, into a folder; gives each file's name to its place.

    `runtime` is `python3.13`, say, `requirements` the path of a file. Scripts that are made for the shell are left out,
    as they begin with a path of this machine. Raises Invalid, with `where`, for what can't be had as a wheel.
    """
    beside = Path(requirements).parent if requirements else Path()
    asked = ["--requirement", str(Path(requirements).resolve())] if requirements else ["--", *packages]
    command = [find_uv_bin(), "pip", "install", "--quiet", "--color", "never", "--target", str(into.resolve())]
    command += ["--python", sys.executable, "--python-version", runtime.removeprefix("python")]
    command += ["--python-platform", platform(runtime, architecture), "--only-binary", ":all:", *asked]
    waiting(f"packages for {runtime} on {architecture}")
    try:
        run = subprocess.run(command, cwd=beside, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        why = f"its packages couldn't be fetched within {PATIENCE:.0f} s"
        raise Invalid(where, [Problem(where, why, "Check that the package index can be reached from here")]) from None
    if run.returncode:
        raise Invalid(where, [_problem(run.stderr, f"{runtime} on {architecture}", where)])
    into.mkdir(exist_ok=True)
    files = {
        name: path for name, path in files_in(into, where, (*LEFT_OUT, *NOT_TAKEN)).items() if not _is_script(name)
    }
    _keep_true(files)
    return files


def platform(runtime: str, architecture: str) -> str:
    """The oldest Linux that its wheels may be for, as uv names it: the one that Lambda runs this Python on."""
    newer = int(runtime.rpartition(".")[2]) >= _NEWER_LINUX
    return f"{_PROCESSORS[architecture]}-manylinux_2_{'34' if newer else '17'}"


def _is_script(name: str) -> bool:
    return name.startswith("bin/")


def _keep_true(files: Mapping[str, Path]) -> None:
    """Take what was left out off the packages' lists of files. They are links into uv's cache: each is made anew."""
    for name, path in files.items():
        if name.endswith(".dist-info/RECORD"):
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            path.unlink()
            path.write_text("".join(sorted(line for line in lines if _is_there(line, files))), encoding="utf-8")


def _is_there(line: str, files: Mapping[str, Path]) -> bool:
    return next(csv.reader([line]))[0] in files


def _problem(said: str, target: str, where: str) -> Problem:
    """What uv says, in one line, and what can be done about it."""
    text = " ".join(_FRAME.sub("", said).split()).removeprefix(_NEWS).strip(": .") or "uv failed without a word"
    ways = [way for pattern, way in _WORDS.items() if re.search(pattern, text, re.IGNORECASE)]
    return Problem(where, f"its packages can't be had for {target} ({text})", ways[0] if ways else "")
