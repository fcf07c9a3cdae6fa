"""Many environments at once on a team's server, while a worker and a server are killed; and what came of it."""

import json
import os
import shutil
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.flows.world import REGION, client, keys, small, small_document, standing, whole, witness
from tests.physics.process import client_settings, emulator
from tests.topology.members import Member
from tests.topology.topology import Topology, topology

ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
SILENT, UNBEGUN = 60, 60
"""Seconds after which the automations take a run for dead: heartbeats come each 30."""
LIMIT = 1_500  # seconds


@dataclass(frozen=True)
class Figures:
    """What it took, and what was found at the end."""

    environments: int
    parts: int
    seconds_to_raise: float
    seconds_to_strike: float
    runs: int
    processes_killed: int
    runs_crashed: int
    run_again_by_hand: int
    steps_recorded: int
    reads: int
    writes: int
    lost: int
    doubled: int
    left: int
    runs_open: int

    def __str__(self) -> str:
        told = (f"{name.replace('_', ' ')} {value}" for name, value in asdict(self).items())
        return f"topology: {', '.join(told)}"


@dataclass
class Watch:
    """The runs of one verb, by environment, and those that had to be started anew by hand."""

    there: Topology
    deployment: str
    asked: dict[str, dict[str, Any]]
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        self.ids = {name: self._start(name, "") for name in self.asked}
        self.by_hand: Counter[str] = Counter()

    def _start(self, name: str, again: str) -> str:
        """Each is asked for twice with one key, as by a webhook that is sent twice."""
        key = f"{self.deployment} {name}{again}"
        first, second = (self.there.start_run(self.deployment, key, **self.asked[name]) for _ in range(2))
        assert first == second
        return first

    def now(self) -> Counter[str]:
        """How many runs are in each state; one that crashed is started anew."""
        states = {run["id"]: run for run in self.there.runs(list(self.ids.values()))}
        for name, id in list(self.ids.items()):
            if states[id]["state_type"] == "CRASHED":
                self.by_hand[name] += 1
                self.say(f"{name} crashed: {states[id]['state']['message']}")
                self.ids[name] = self._start(name, f" again {self.by_hand[name]}")
        return Counter(states[id]["state_type"] for id in states)

    def until(self, right: Callable[[Counter[str]], bool]) -> Counter[str]:
        """Wait until the states are so; they are told as they change."""
        deadline, before = time.monotonic() + LIMIT, Counter[str]()
        while not right(now := self.now()):
            if now != before:
                self.say(", ".join(f"{count} {state.lower()}" for state, count in sorted(now.items())))
            assert time.monotonic() < deadline, f"after {LIMIT} s: {now}"
            assert not now["FAILED"], self.failures()
            before = now
            time.sleep(1)
        return now

    def failures(self) -> str:
        """Why those failed that did."""
        runs = self.there.runs(list(self.ids.values()))
        return "\n".join(f"{run['name']}: {run['state']['message']}" for run in runs if run["state_type"] == "FAILED")

    def all_done(self) -> None:
        """Wait until each has completed."""
        self.until(lambda states: states["COMPLETED"] == len(self.ids))


def disturb(environments: int, say: Callable[[str], None] = print) -> Figures:
    """Raise that many environments at once, kill a worker and a server in the middle, look, and strike them all."""
    with stage() as (folder, physics), topology(folder, PREFECT_SERVER_EVENTS_PROACTIVE_GRANULARITY="PT1S") as there:
        say(f"it stands at {there.url}")
        there.run(sys.executable, "-m", "deployments.zombies", "--silent", str(SILENT), "--unbegun", str(UNBEGUN))
        guarded(there)
        spin_up, tear_down = there.deployment("spin-up"), there.deployment("tear-down")

        before = witness()
        first = Watch(there, spin_up, {"t0": {"blueprint": small_document("t0")}}, say)
        first.all_done()
        each = witness() - before
        names = [f"t{number}" for number in range(1, environments + 1)]
        started = time.monotonic()
        raising = Watch(there, spin_up, {name: {"blueprint": small_document(name)} for name in names}, say)
        raising.until(lambda states: states["COMPLETED"] >= environments // 5 and bool(busiest(there).children()))
        worker = busiest(there)
        killed = worker.kill()
        say(f"killed {worker.name} and {killed - 1} processes of its runs")
        raising.until(lambda states: states["COMPLETED"] >= environments * 2 // 5)
        killed += there.servers[0].kill()
        say(f"killed {there.servers[0].name}")
        raising.all_done()
        to_raise = time.monotonic() - started

        lost = [name for name in ("t0", *names) if standing(name) != whole(small(name))]
        stands, wanted = witness() - before, Counter({what: count * (environments + 1) for what, count in each.items()})
        doubled = stands - wanted
        worker.start()
        there.servers[0].start()
        started = time.monotonic()
        asked = {name: {"environment": name, "region": REGION} for name in ("t0", *names)}
        striking = Watch(there, tear_down, asked, say)
        striking.all_done()
        calls = asked_of(physics)
        return Figures(
            environments=environments,
            parts=len(keys(small("t0"))) * environments,
            seconds_to_raise=round(to_raise, 1),
            seconds_to_strike=round(time.monotonic() - started, 1),
            processes_killed=killed,
            **recorded(there, [first, raising, striking]),
            reads=calls["reads"],
            writes=calls["writes"],
            lost=len(lost) + (wanted - stands).total(),
            doubled=doubled.total(),
            left=(witness() - before).total() + len(leases()),
        )


@contextmanager
def stage() -> Iterator[tuple[Path, str]]:
    """A folder that PostgreSQL's user may enter, and an emulated AWS, which all clients within speak to."""
    folder = Path(tempfile.mkdtemp(prefix="castra-topology-"))
    folder.chmod(0o755)
    kept = dict(os.environ)
    try:
        with emulator() as physics:
            os.environ.update(client_settings(physics, REGION))
            yield folder, physics
    finally:
        os.environ.clear()
        os.environ.update(kept)
        shutil.rmtree(folder, ignore_errors=True)


def guarded(there: Topology) -> None:
    """Nobody gets in without the password; and with it, nothing is changed without a token against forgery."""
    assert there.refusal("admin/settings") == 401
    assert there.refusal("admin/settings", Authorization="Basic Y2FzdHJhOm5v") == 401
    assert there.refusal("flow_runs/filter", b"{}") == 403
    assert there.refusal("flow_runs/filter", b"{}", Authorization=there.word) == 403


def busiest(there: Topology) -> Member:
    """The worker that has most processes."""
    return max(there.workers, key=lambda worker: len(worker.children()))


def recorded(there: Topology, watches: list[Watch]) -> dict[str, int]:
    """What the server knows of all runs: how many there were, and how many of them were started again.

    Those that a schedule has planned for later are none yet.
    """
    page, found = 200, []
    while len(more := there.ask("flow_runs/filter", limit=page, offset=len(found))):
        found += more
    every = [run for run in found if not (run["auto_scheduled"] and run["state_type"] == "SCHEDULED")]
    return {
        "runs": len(every),
        "runs_crashed": sum(run["state_type"] == "CRASHED" for run in every),
        "run_again_by_hand": sum(watch.by_hand.total() for watch in watches),
        "steps_recorded": there.ask("task_runs/count"),
        "runs_open": sum(run["state_type"] not in ENDED for run in every),
    }


def leases() -> list[str]:
    """The leases that somebody still holds."""
    found: list[str] = []
    for bucket in client("s3").list_buckets()["Buckets"]:
        found += [one["Key"] for one in client("s3").list_objects_v2(Bucket=bucket["Name"]).get("Contents", ())]
    return found


def asked_of(physics: str) -> Counter[str]:
    """How many calls the emulator was asked, by what they are."""
    with urllib.request.urlopen(f"{physics}/physics/log") as answer:
        rows = json.load(answer)
    return Counter("writes" if row["write"] else "reads" for row in rows)
