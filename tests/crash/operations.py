"""Operations on what stands already, killed at every write, robbed of every answer, and racing themselves."""

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.crash import backups, cache_backups, database_backups, ending, images, pausing, restoring, rotating
from tests.crash.disturbing import Case, Disturbed, Mode, Result
from tests.crash.listing import Thing, listing
from tests.crash.stage import Stage

Words = tuple[str, ...]


@dataclass(frozen=True)
class Operation:
    """A run of `castra` that changes what stands.

    `prepare` brings about what it needs on an empty stage, and gives the words of the run; the folder is for files.
    `codes` are those of a run that ends as it should. `wrong` tells what else is wrong at the end, in words.
    """

    prepare: Callable[[Stage, Path], Words]
    codes: frozenset[int] = frozenset({0})
    wrong: Callable[[Stage], Iterator[str]] = lambda stage: iter(())


@dataclass(frozen=True)
class Done:
    """What stands after an undisturbed run, and how many writes it takes."""

    whole: "Counter[Thing]"
    writes: int

    def __str__(self) -> str:
        return f"{self.writes} writes, {self.whole.total()} things"


class Run(Disturbed):
    """An operation on a stage."""

    def __init__(self, case: Case, stage: Stage, reference: Done | None = None) -> None:
        super().__init__(case, stage)
        self.reference, self.operation = reference, OPERATIONS[case.subject]
        self.codes = self.operation.codes

    def undisturbed(self) -> Done:
        """Run it with nothing going wrong; run again, it writes nothing."""
        with tempfile.TemporaryDirectory(prefix="castra-crash-") as folder:
            words = self._prepared(folder)
            before = self.stage.writes()
            self._must(self.stage.castra(*words))
            done = Done(listing(self.stage), self.stage.writes() - before)
            assert list(self.operation.wrong(self.stage)) == []
            self._must(self.stage.castra(*words))
            again = self.stage.writes() - before - done.writes
            assert again == 0, f"run again, `castra {words[0]}` wrote {again} times"
        return done

    def live(self) -> Result:
        """Run it, disturbed, and again if need be."""
        assert self.reference is not None
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="castra-crash-") as folder:
            self._go(self._prepared(folder), self._reachable(self.reference.writes))
        self._compare(self.reference.whole)
        for wrong in self.operation.wrong(self.stage):
            self.result.add("lost", wrong)
        self.result.seconds = time.monotonic() - started
        return self.result

    def _prepared(self, folder: str) -> Words:
        self.stage.reset()
        return self.operation.prepare(self.stage, Path(folder))


def cases(name: str, reference: Done, modes: list[Mode], every: int, seed: int) -> list[Case]:
    """Every write of a run (or each `every`-th, from one that the seed chooses), in each mode; and races."""
    first = random.Random(seed).randint(1, min(every, reference.writes)) if every > 1 else 1
    moments = range(first, reference.writes + 1, every)
    late = range(0, 200, 20 * every) if "race" in modes else ()
    chosen = [Case(name, mode, k, operation=True) for k in moments for mode in modes if mode != "race"]
    return chosen + [Case(name, "race", k, operation=True) for k in late]


# ---------------------------------------------------------------------- the operations


def raised(stage: Stage, document: Path) -> None:
    """Raise what an operation needs."""
    ended = stage.castra("up", document, "--yes")
    assert ended.code == 0, ended.output


def written(folder: Path, document: object, name: str = "blueprint.yaml") -> Path:
    """A blueprint in a file."""
    file = folder / name
    file.write_text(yaml.safe_dump(document))
    return file


def publish(stage: Stage, folder: Path) -> Words:
    """A second release of a site."""
    pages = folder / "pages"
    pages.mkdir()
    (pages / "index.html").write_text("one")
    site = {"folder": str(pages), "on_removal": "wipe"}
    document = written(folder, {"name": "crash", "region": "eu-west-1", "sites": {"app": site}})
    raised(stage, document)
    (pages / "index.html").write_text("two")
    (pages / "more.html").write_text("more")
    return "publish", "app", "--blueprint", str(document)


OPERATIONS = {
    "publish": Operation(publish),
    "rotate": Operation(rotating.good, wrong=rotating.rolled_out),
    "rotate-bad": Operation(rotating.bad, codes=frozenset({0, 1}), wrong=rotating.taken_back),
    "copy": Operation(restoring.copy_backups, wrong=restoring.copied),
    "copy-database": Operation(database_backups.copy, wrong=database_backups.copied),
    "back-up": Operation(backups.back_up),
    "back-up-database": Operation(database_backups.back_up, wrong=database_backups.taken),
    "back-up-cache": Operation(cache_backups.back_up, wrong=cache_backups.taken),
    "prune": Operation(backups.prune),
    "restore": Operation(restoring.restore, wrong=restoring.restored),
    "restore-database": Operation(database_backups.restore, wrong=database_backups.restored),
    "restore-cache": Operation(cache_backups.restore, wrong=cache_backups.restored),
    "prove": Operation(restoring.prove, wrong=restoring.proven),
    "prove-database": Operation(database_backups.prove, wrong=database_backups.proven),
    "prove-cache": Operation(cache_backups.prove, wrong=cache_backups.proven),
    "replace": Operation(restoring.replace, wrong=restoring.replaced),
    "build-image": Operation(images.build, wrong=images.built),
    "build-image-encrypted": Operation(images.build_encrypted, wrong=images.encrypted),
    "retire": Operation(images.retire, wrong=images.retired),
    "extend": Operation(ending.extend, wrong=ending.extended),
    "reap": Operation(ending.reap, wrong=ending.reaped),
    "pause": Operation(pausing.pause, wrong=pausing.paused),
    "resume": Operation(pausing.resume, wrong=pausing.resumed),
}
