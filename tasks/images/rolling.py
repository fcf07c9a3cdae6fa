"""Carrying a rotation out: look at the group, ask what is next, do it, until it's settled on one version."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from blueprints.rotation import Rotation
from tasks.compute.groups import named
from tasks.compute.launches import Failures
from tasks.errors import CastraError, gone_is_fine
from tasks.images.finishing import finish, write_tags
from tasks.images.gates import Gates
from tasks.images.rotating import (
    End,
    Finish,
    Group,
    Grow,
    Health,
    Move,
    Pace,
    Pin,
    Suspend,
    Turn,
    Wait,
    next_move,
    units,
)
from tasks.images.rotation_record import Record, record_in
from tasks.images.seen_group import heaviest, launching_version, seen, tags_of
from tasks.images.watching import Watch
from tasks.progress import waiting
from tasks.retry import when_visible, worth_another_try
from tasks.scope import Scope
from tasks.waiting import wait_until

LONGEST = 86_400.0  # seconds of a whole rotation; each of its waits ends sooner
LEAVING = 7_500.0  # seconds in which instances end: AWS's longest draining, and two lifecycle hooks


@dataclass
class Rolled:
    """How a rotation went: where it ended, and what it took. Seconds are of this run only."""

    record: Record
    verdict_seconds: float | None = None
    lowest: int = 10**9
    batches: int = 0
    ended: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Rolling:
    """One run of a rotation whose record the group carries already. Any other run could go on in its place."""

    scope: Scope
    id: str
    settings: Rotation
    port: int | None

    def run(self) -> Rolled:
        """Roll until all is settled. Raises CastraError where AWS keeps it from getting on; run again, it goes on."""
        raw = self._raw()
        record = record_in(tags_of(raw))
        if record is None:
            raise CastraError(self.id, "its rotation was ended by somebody else", "Look at `castra plan`")
        self._started, self.rolled = time.monotonic(), Rolled(record)
        self.watch, self.gates = (
            Watch(record.new, self.settings.within),
            Gates(self.scope, self.settings.probe, self.port),
        )
        self.failures, self._hopeless = Failures(self.scope, self.id), ""
        self.failures.raise_hopeless()  # those that failed before don't count
        self._leaving: set[str] = set()
        self._grown: float | None = None
        self._waits: tuple[str, float] = ("", 0.0)
        wait_until(self.scope, self._settled, f"scaling group {self.id}", LONGEST, lambda: "it is still rolling")
        self.rolled.seconds = time.monotonic() - self._started
        return self.rolled

    # ------------------------------------------------------------------ looking

    def _settled(self) -> bool:
        """Make moves until there's something to wait for (no), or all is done (yes)."""
        while True:
            raw = self._raw()
            group, record = self._without_those_that_go(seen(raw)), self.rolled.record
            health = self._health(raw, group)
            move = next_move(group, record, self._pace(raw, record), health)
            if isinstance(move, Wait):
                self._wait(move)
                return False
            self._waits = ("", 0.0)
            self._carry_out(move, raw)
            if isinstance(move, Finish):
                return True

    def _raw(self) -> dict[str, Any]:
        raw = named(self.scope, self.id)
        if raw is None or raw.get("Status"):
            raise CastraError(self.id, "it was deleted meanwhile", "Raise it again: `castra up`")
        return raw

    def _without_those_that_go(self, group: Group) -> Group:
        """What this run has ended is leaving, even where AWS doesn't tell so yet."""
        members = tuple(
            replace(one, state="Terminating") if one.id in self._leaving and not one.leaving else one
            for one in group.members
        )
        return replace(group, members=members)

    def _health(self, raw: Mapping[str, Any], group: Group) -> Health:
        self._forgive_spot(group)
        record = self.rolled.record
        readings = self.gates.read(raw, group, record.new if not record.verdict else -1)
        health = self.watch.look(time.monotonic(), group, readings)
        serving = units(one for one in group.members if one.in_service)
        self.rolled.lowest = min(self.rolled.lowest, serving)
        return replace(health, verdict=self._hopeless) if self._hopeless else health

    def _forgive_spot(self, group: Group) -> None:
        """That AWS takes a spot instance back says nothing about its image."""
        there = {one.id for one in group.members if not one.leaving}
        gone = [id for id in self.watch.first_seen if id not in there]
        if not gone or self.rolled.record.verdict:
            return
        filters = [{"Name": "instance-id", "Values": gone}]
        for reservation in self.scope.pages("ec2", "describe_instances", "Reservations", Filters=filters):
            for instance in reservation["Instances"]:
                if instance.get("StateReason", {}).get("Code", "").startswith("Server.Spot"):
                    self.watch.forgive(instance["InstanceId"])

    def _pace(self, raw: Mapping[str, Any], record: Record) -> Pace:
        weight = heaviest(raw)
        batch = self.settings.at_once(max(1, record.desired // weight))
        return Pace(
            self.settings.canary * weight, batch * weight, self.settings.settle, self.settings.protected == "replace"
        )

    # ------------------------------------------------------------------ waiting

    def _wait(self, move: Wait) -> None:
        """Tell it; and raise where it has taken too long, or AWS can't launch."""
        now = time.monotonic()
        if self._waits[0] != move.until:
            self._waits = (move.until, now)
        waiting(f"waiting for {move.until}, {now - self._waits[1]:.0f} s")
        if move.on == "launch":
            self._note_hopeless()
        back, since = bool(self.rolled.record.verdict), now - self._waits[1]
        if since > (LEAVING if move.on == "end" else self.settings.within if back else LONGEST):
            why = f"after {since:.0f} s, it still waits for {move.until}"
            if back:
                why += f"; it is on its way back to version {self.rolled.record.old}: {self.rolled.record.verdict}"
            raise CastraError(f"scaling group {self.id}", why, "Mend the cause and run the same command again")

    def _note_hopeless(self) -> None:
        """A launch that can't succeed is a verdict on the way forth, and the end on the way back."""
        try:
            self.failures.raise_hopeless()
        except CastraError as error:
            if self.rolled.record.verdict:
                raise
            self._hopeless = error.why

    # ------------------------------------------------------------------ doing

    def _carry_out(self, move: Move, raw: Mapping[str, Any]) -> None:
        self.scope.go_ahead.check()
        group, scaling = {"AutoScalingGroupName": self.id}, self.scope.autoscaling
        match move:
            case Suspend(processes):
                scaling.suspend_processes(**group, ScalingProcesses=list(processes))
            case Pin(version):
                self._update(**launching_version(raw, version))
            case Grow(version, desired, most):
                self._update(**launching_version(raw, version), DesiredCapacity=desired, MaxSize=most)
                self.rolled.batches += 1
                self._grown = self._grown or time.monotonic()
            case End(ids):
                for id in ids:
                    self._end(id)
            case Turn(because):
                self._turn(because)
            case Finish():
                finish(self.scope, self.rolled.record, move, raw)

    def _update(self, **settings: Any) -> None:
        update = self.scope.autoscaling.update_auto_scaling_group
        when_visible(f"what scaling group {self.id} needs", update, AutoScalingGroupName=self.id, **settings)

    def _end(self, id: str) -> None:
        """Sent once: a second call would shrink the group twice. Where the answer is lost, the next look tells."""
        self.scope.go_ahead.check()
        once = self.scope.client("autoscaling", once=True)
        try:
            with gone_is_fine("ValidationError", saying="not found"):
                once.terminate_instance_in_auto_scaling_group(InstanceId=id, ShouldDecrementDesiredCapacity=True)
        except (BotoCoreError, ClientError) as error:
            if not worth_another_try(error):
                raise
            return
        self._leaving.add(id)
        self.rolled.ended.append(id)

    def _turn(self, because: str) -> None:
        """Written down before anything is undone: whoever goes on knows that it's the way back, and why."""
        now = time.monotonic()
        self.rolled.verdict_seconds = now - (self._grown or self._started)
        self.rolled.record = self.rolled.record.judged(because)
        write_tags(self.scope, self.id, self.rolled.record.tags())
