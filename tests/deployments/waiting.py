"""A flow that waits for somebody to write to a pipe."""

from pathlib import Path

from prefect import flow


@flow(name="waiting")
def waiting(pipe: str) -> None:
    """Read it; of a pipe that nobody writes to, this never ends."""
    Path(pipe).read_bytes()
