"""Taking backups: the calls that make them, each at most once a slot, and the wait until they are complete."""

import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tasks.backups.birth import owes
from tasks.backups.commands import run
from tasks.backups.listing import backups_in
from tasks.backups.making import made_once
from tasks.backups.policy import AWAIT, Due, Taking
from tasks.backups.record import AFTER, DEVICE, Backup, Piece
from tasks.backups.stores import store_of
from tasks.each import batches
from tasks.errors import CastraError, Halted, LeaseLost, explain
from tasks.operation import Deed
from tasks.progress import waiting
from tasks.retry import when_visible
from tasks.scope import Scope
from tasks.waiting import wait_until

COMPLETE_WITHIN = 24 * 3600.0  # the first snapshot of a big volume takes hours
TAGGED_AT_ONCE = 500
CALLS = (
    "ec2:CreateImage",
    "ec2:CreateSnapshot",
    "ec2:CreateSnapshots",
    "elasticache:CreateSnapshot",
    "rds:CreateDBSnapshot",
    "ssm:SendCommand",
)


@dataclass
class Taken:
    """What came of one taking: the backup's id, its snapshots with their volumes, and what went wrong."""

    taking: Taking
    id: str = ""
    pieces: tuple[Piece, ...] = ()
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Taker:
    """Carries out the deeds of a back-up, and remembers what came of each; used by many threads."""

    def __init__(self, scope: Scope, due: Due) -> None:
        self._scope, self._due = scope, due
        self._takings = {taking.deed.what: taking for taking in due.takings}
        self._taken: dict[str, Taken] = {}
        self.failures: dict[Deed, str] = {}

    def carry_out(self, deed: Deed) -> Deed:
        """One deed. Raises CastraError with the reason where it fails; what was made stands even so."""
        if why := self._due.wrong.get(deed.what):
            self.failures[deed] = why
            raise CastraError(deed.what, why)
        if deed.action == AWAIT:
            return deed
        taken = take(self._scope, self._takings[deed.what])
        self._taken[deed.what] = taken
        if taken.wrong:
            self.failures[deed] = "; ".join(taken.wrong)
            raise CastraError(deed.what, self.failures[deed])
        return deed.model_copy(update={"id": taken.id})

    def note_devices(self) -> None:
        """Note on each snapshot the device that its volume is attached as: a call for each device, not for each."""
        devices: dict[str, list[str]] = {}
        for taken in self._taken.values():
            for device, id in _devices_of(taken):
                devices.setdefault(device, []).append(id)
        for device, ids in sorted(devices.items()):
            for several in batches(ids, TAGGED_AT_ONCE):
                self._scope.go_ahead.check()
                noted = [{"Key": DEVICE, "Value": device}]
                when_visible("new snapshots", self._scope.ec2.create_tags, Resources=several, Tags=noted)

    def await_all(self) -> None:
        """Wait until all that was taken is complete, what an earlier run took too."""
        wanted = {taken.id: taken.taking.deed for taken in self._taken.values() if taken.id}
        wanted |= {backup.id: deed for deed, backup in self._due.pending}
        slots = {taken.taking.slot for taken in self._taken.values()} | {one.slot for _, one in self._due.pending}
        state = await_complete(self._scope, wanted, slots)
        for id, deed in wanted.items():
            if id not in state or state[id].state != "complete":
                why = (state[id].why if id in state else "") or "it isn't complete yet; run again to wait for it"
                self.failures.setdefault(deed, f"{id}: {why}")

    @property
    def deeds(self) -> tuple[Deed, ...]:
        """What came of them: ids and seconds; with the reason where one failed."""
        ended = []
        for deed in self._due.deeds:
            taken = self._taken.get(deed.what)
            told: dict[str, Any] = {"id": taken.id or deed.id, "seconds": taken.seconds} if taken else {}
            told |= {"because": f"FAILED: {self.failures[deed]}"} if deed in self.failures else {}
            ended.append(deed.model_copy(update=told))
        return tuple(ended)


def take(scope: Scope, taking: Taking) -> Taken:
    """One source: the commands before, the backup, and the commands afterwards, whatever happened."""
    started, taken = time.monotonic(), Taken(taking)
    try:
        _between_commands(scope, taking, taken)
    except (Halted, LeaseLost):
        raise
    except (CastraError, ClientError, BotoCoreError) as error:
        taken.wrong.insert(0, _why(error, taking.deed.what))
    taken.seconds = round(time.monotonic() - started, 3)
    return taken


def _between_commands(scope: Scope, taking: Taking, taken: Taken) -> None:
    policy, source, what = taking.policy, taking.source, taking.deed.what
    if taking.found:
        taken.id, taken.pieces = taking.found.id, taking.found.pieces
        if not taking.found.owed:
            return
    scope.go_ahead.check()
    try:
        if not taking.found:
            run(scope, source, policy.before, policy.command_seconds, f"{what}: before")
            made = made_once(scope, taking)
            taken.id, taken.pieces = made.id, made.pieces
    finally:
        if owes(taking) or (taking.found and taking.found.owed):
            _afterwards(scope, taking, taken)


def _afterwards(scope: Scope, taking: Taking, taken: Taken) -> None:
    """The commands for afterwards, also where a run that was killed has left them undone, and no note of that."""
    what, policy = f"{taking.deed.what}: after", taking.policy
    try:
        run(scope, taking.source, policy.after, policy.command_seconds, what)
        noted = [taken.id] if taking.how == "image" else [piece.id for piece in taken.pieces]
        if taken.id:
            scope.ec2.delete_tags(Resources=noted, Tags=[{"Key": AFTER}])
    except (CastraError, ClientError, BotoCoreError) as error:
        taken.wrong.append(_why(error, what))


def _why(error: BaseException, what: str) -> str:
    told = explain(error, what, CALLS)
    return f"{told.why}. {told.way_out}".strip(". ") + "."


def _devices_of(taken: Taken) -> Iterator[tuple[str, str]]:
    """Of the snapshots of a set, those whose device isn't noted: CreateSnapshots gives one set of tags to all."""
    if taken.taking.how == "snapshot" and taken.taking.source.is_instance:
        known = {volume.id: volume.device for volume in taken.taking.source.volumes}
        for piece in taken.pieces:
            if not piece.device and known.get(piece.volume):
                yield known[piece.volume], piece.id


# ---------------------------------------------------------------------- waiting


def await_complete(scope: Scope, ids: Collection[str], slots: Collection[str]) -> dict[str, Backup]:
    """Wait until none of these backups is pending any more; gives them by id. One listing for all in each look."""
    since, state = time.monotonic(), dict[str, Backup]()

    def settled() -> bool:
        def listing() -> list[Backup]:
            return backups_in(scope, scope.environment, slots=slots, stores=stores)

        state.update((one.id, one) for one in scope.polled("backups", since, listing) if one.id in wanted)
        left = sum(id not in state or state[id].state == "pending" for id in wanted)
        if left:
            waiting(f"{left} of {len(wanted)} backups aren't complete yet")
        return not left

    wanted = frozenset(ids)
    stores = {id(store): store for store in map(store_of, wanted)}.values()
    if wanted:
        with suppress(CastraError):  # told by each of those that are pending still
            wait_until(scope, settled, "backups", COMPLETE_WITHIN)
    return state
