"""What a policy covers, and what is to be taken of it now: as a set of snapshots or as an image, and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from blueprints.backups import BackupPolicy, How
from tasks.backups.record import LABEL, Backup, slot_of
from tasks.backups.sources import Covered, Source
from tasks.operation import KEEP, Deed, Operation

TAKE, FINISH, AWAIT = "take", "finish", "await"


@dataclass(frozen=True)
class Taking:
    """One source that is to be backed up, or, where `found` is given, whose backup is to be finished."""

    name: str
    policy: BackupPolicy
    source: Source
    how: How
    slot: str
    deed: Deed
    attempt: int = 1
    found: Backup | None = None


@dataclass
class Due:
    """What there is to do for all policies asked for. `wrong` says of deeds why they can't be done."""

    deeds: list[Deed] = field(default_factory=list)
    takings: list[Taking] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    pending: list[tuple[Deed, Backup]] = field(default_factory=list)

    def operation(self, environment: str, region: str, calls: Mapping[str, int]) -> Operation:
        """The plan, for people. Most deeds are kept where it's run again."""
        sources = sum(deed.action == TAKE for deed in self.deeds)
        figures = {"sources": sources, "gib_of_volumes": sum(one.source.gib for one in self.takings if not one.found)}
        return Operation(
            verb="back-up",
            subject=environment,
            region=region,
            deeds=tuple(self.deeds),
            figures=figures,
            calls=dict(calls),
        )


def choice(source: Source, asked: How | None) -> tuple[How, str]:
    """Snapshots or an image, and why. Pure.

    A snapshot is one volume's incremental backup, and can't be booted. Several volumes are taken by one call, at one
    instant, all or none. An image can be booted, and so is the quickest to put in a failed instance's place.
    """
    if not source.is_instance:
        return "snapshot", f"a {source.noun}'s backup is a snapshot"
    count = len(source.volumes)
    if asked:
        return asked, f"{asked}, as the policy says"
    if count > 1:
        return "snapshot", f"snapshots of its {count} volumes at one instant, all or none"
    return "image", "an image, as it has one volume and shall boot in a failed one's place"


def slot_for(policy: BackupPolicy, now: datetime, label: str | None) -> str:
    """The slot that a backup of now stands for."""
    return f"{LABEL}{label}" if label else slot_of(policy.when.due(now))


def due(
    policies: Mapping[str, BackupPolicy],
    covered: Mapping[str, Covered],
    backups: Iterable[Backup],
    now: datetime,
    label: str | None = None,
) -> Due:
    """What there is to do: for every source that has no backup of its slot yet, one. Pure."""
    told = Due()
    by_slot: dict[tuple[str, str, str], list[Backup]] = {}
    for backup in backups:
        by_slot.setdefault((backup.policy, backup.source, backup.slot), []).append(backup)
    for name, policy in policies.items():
        slot = slot_for(policy, now, label)
        for source in covered[name].sources:
            _one(told, name, policy, source, slot, by_slot.get((name, source.id, slot), []))
        for deed, wrong in _others(name, covered[name]):
            told.deeds.append(deed)
            if wrong:
                told.wrong[deed.what] = wrong
    return told


def _one(told: Due, name: str, policy: BackupPolicy, source: Source, slot: str, found: list[Backup]) -> None:
    what = f"{name} {source.name}"
    standing = next((backup for backup in found if backup.state != "failed"), None)
    if standing:
        _standing(told, name, policy, source, standing, what)
        return
    if not source.volumes:
        told.deeds.append(Deed(what=what, action=KEEP, because="it has no EBS volume", id=source.id))
        return
    if source.hindered:
        told.deeds.append(Deed(what=what, action=TAKE, because=source.hindered, id=source.id, gib=source.gib or None))
        told.wrong[what] = source.hindered
        return
    how, why = choice(source, policy.as_)
    because = f"{why}; {_since(slot, len(found))}"
    deed = Deed(what=what, action=TAKE, because=because, id=source.id, gib=source.gib or None)
    told.deeds.append(deed)
    told.takings.append(Taking(name, policy, source, how, slot, deed, len(found) + 1))


def _since(slot: str, failed: int) -> str:
    again = f", and {failed} tr{'ies' if failed > 1 else 'y'} failed" if failed else ""
    return (f"as {slot.removeprefix(LABEL)!r}" if slot.startswith(LABEL) else f"due since {slot}") + again


def _standing(told: Due, name: str, policy: BackupPolicy, source: Source, standing: Backup, what: str) -> None:
    """One that stands already, of which something may be left to do since a run was killed."""
    left = []
    known = {volume.id for volume in source.volumes if volume.device and source.is_instance}
    if standing.how == "snapshot" and any(not piece.device and piece.volume in known for piece in standing.pieces):
        left.append("the devices of its snapshots aren't noted yet")
    if standing.owed:
        left.append("its commands for afterwards weren't run")
    if left:
        deed = Deed(what=what, action=FINISH, because="; ".join(left), id=standing.id, gib=standing.gib)
        told.takings.append(Taking(name, policy, source, standing.how, standing.slot, deed, found=standing))
    else:
        pending = standing.state == "pending"
        because = f"that of {standing.slot} {'is being taken' if pending else 'was taken'} already"
        action = AWAIT if pending else KEEP
        deed = Deed(what=what, action=action, because=because, id=standing.id, gib=standing.gib)
        if pending:
            told.pending.append((deed, standing))
    told.deeds.append(deed)


def _others(name: str, covered: Covered) -> Iterator[tuple[Deed, str]]:
    """What has no backup of its own, and what can't have one; the latter with the reason."""
    for what, why in covered.missing.items():
        yield Deed(what=f"{name} {what}", action=TAKE, because=why), why
    for what, why in covered.by_itself.items():
        yield Deed(what=f"{name} {what}", action=KEEP, because=why), ""
