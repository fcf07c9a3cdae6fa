"""What a layer is made from, as files: packages that are fetched, or a folder."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from blueprints.layers import Layer
from blueprints.part import Piece
from tasks.errors import Invalid, Problem
from tasks.serverless.archive import digest_of, files_in, too_large
from tasks.serverless.packages import fetched

PYTHON = "python"  # the folder in /opt in which Python finds modules


class Recipe(Piece):
    """What a layer is made from: exactly one of these."""

    packages: tuple[str, ...] = ()
    requirements: str | None = None
    folder: str | None = None

    @classmethod
    def of(cls, part: Layer) -> "Recipe":
        """A part's."""
        return cls(packages=part.packages, requirements=part.requirements, folder=part.folder)


@contextmanager
def made(
    recipe: Recipe, runtimes: Sequence[str], architectures: Sequence[str], where: str
) -> Iterator[dict[str, Path]]:
    """Within, the files of a layer: each name in the archive to its place. Packages are fetched for each target.

    Raises Invalid, with `where`, for what can't be had, what isn't the same for all targets, and for more than Lambda
    takes.
    """
    with tempfile.TemporaryDirectory(prefix="castra-") as room:
        if recipe.folder:
            files = files_in(Path(recipe.folder), where)
            problem = _in_vain(files, runtimes, where) or too_large(files, where)
        else:
            files, problem = _for_all(recipe, runtimes, architectures, where, Path(room))
        if problem:
            raise Invalid(where, [problem])
        yield files


def _for_all(
    recipe: Recipe, runtimes: Sequence[str], architectures: Sequence[str], where: str, room: Path
) -> tuple[dict[str, Path], Problem | None]:
    """The packages of the first target, and what's wrong with them or those of the others."""
    targets = [(runtime, architecture) for runtime in sorted(runtimes) for architecture in sorted(architectures)]
    first: dict[str, Path] = {}
    for runtime, architecture in targets:
        files = fetched(
            room / f"{runtime}-{architecture}", runtime, architecture, recipe.packages, recipe.requirements, where=where
        )
        first = first or files
        if problem := too_large(files, where):
            return files, problem
        if digest_of(files) != digest_of(first):
            between = " and ".join(" on ".join(target) for target in (targets[0], (runtime, architecture)))
            why = f"its packages aren't the same for {between}: {', '.join(_different(first, files))}"
            return files, Problem(where, why, "Make a layer for each of them")
    return {f"{PYTHON}/{name}": path for name, path in first.items()}, None


def _different(one: Mapping[str, Path], other: Mapping[str, Path]) -> list[str]:
    """The top folders in which two differ."""
    names = sorted({name.partition("/")[0] for name in (*one, *other) if not name.partition("/")[0].endswith("-info")})
    return [name for name in names if digest_of(_below(one, name)) != digest_of(_below(other, name))]


def _below(files: Mapping[str, Path], top: str) -> dict[str, Path]:
    return {name: path for name, path in files.items() if name.partition("/")[0] == top}


def _in_vain(files: Mapping[str, Path], runtimes: Sequence[str], where: str) -> Problem | None:
    """Modules where Python doesn't look: https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html"""
    lost = [name for name in files if name.endswith(".py") and "/" not in name]
    if not lost or not all(runtime.startswith(PYTHON) for runtime in runtimes):
        return None
    return Problem(where, f"Python won't find {lost[0]}: it looks in the layer's folder `python`", "Move it there")
