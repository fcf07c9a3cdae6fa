"""Versions that fit together, although their metadata would admit others."""

import importlib.metadata
import subprocess
import sys

NEWEST_FASTAPI = (0, 151)


def test_fastapi_is_one_that_prefects_server_imports_with() -> None:
    found = importlib.metadata.version("fastapi")
    assert tuple(int(number) for number in found.split(".")[:2]) < NEWEST_FASTAPI, (
        f"fastapi {found} is installed, and must stay below 0.151 for Prefect 3.8: its server doesn't import with newer"
        " ones. Keep `fastapi<0.151` in pyproject.toml, and run `uv lock` and `uv sync`."
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
    assert found.startswith("3.8."), f"prefect is {found} now: see whether fastapi<0.151 is still needed"
