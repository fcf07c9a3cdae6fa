"""Versions that fit together, although their metadata would admit others."""

import importlib.metadata
import subprocess
import sys

import pytest

BELOW = {
    "fastapi": ((0, 151), "its server doesn't import with newer ones"),
    "sqlalchemy": ((2, 1), "with newer ones its scheduler writes no run down, and no schedule ever runs"),
}


@pytest.mark.parametrize("package", BELOW)
def test_what_prefects_server_stands_on_is_old_enough_for_it(package: str) -> None:
    below, why = BELOW[package]
    found = importlib.metadata.version(package)
    bound = ".".join(map(str, below))
    assert tuple(int(number) for number in found.split(".")[:2]) < below, (
        f"{package} {found} is installed, and must stay below {bound} for Prefect 3.8: {why}."
        f" Keep `{package}<{bound}` in pyproject.toml, and run `uv lock` and `uv sync`."
    )


def test_prefects_server_imports() -> None:
    """In a process of its own, so that nothing of it stays behind here."""
    run = subprocess.run(
        [sys.executable, "-c", "import prefect.server.api.server"], capture_output=True, text=True, check=False
    )
    installed = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("fastapi", "prefect"))
    assert run.returncode == 0, (
        "prefect.server doesn't import: fastapi must stay below 0.151 for Prefect 3.8"
        f" (installed: {installed}).\n{run.stderr}"
    )


def test_prefect_is_still_the_version_that_this_is_about() -> None:
    found = importlib.metadata.version("prefect")
    assert found.startswith("3.8."), f"prefect is {found} now: see whether the bounds of BELOW are still needed"
