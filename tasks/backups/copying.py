"""Copies of backups in other regions and for other accounts: which are wanted, and which are there. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from blueprints.backups import BackupPolicy
from blueprints.tiers import Tiers
from tasks.backups.record import Backup, Piece
from tasks.backups.retention import Policy, retain
from tasks.errors import Invalid, Problem
from tasks.operation import KEEP, Deed

Identity = tuple[str, str, str]
STATES = ("complete", "pending", "failed")  # the best first


@dataclass(frozen=True)
class Home:
    """Where a policy's backups are copied to, under which key, for how long, and whom they're shared with."""

    region: str
    key: str | None
    accounts: tuple[str, ...]
    tiers: Tiers


@dataclass(frozen=True)
class Wanted:
    """One thing that is copied: an image with all its snapshots, or one snapshot. `there` is the copy, if it stands."""

    backup: Backup
    home: Home
    id: str
    piece: Piece | None = None
    there: str | None = None
    failed: bool = False

    @property
    def place(self) -> str:
        """Where the original is: the value of `castra:copy-of`."""
        return f"{self.backup.region}/{self.id}"

    @property
    def name(self) -> str:
        """In words: `instance/db 2026-11-28T02:00:00Z /dev/xvdf to eu-central-1`."""
        device = (self.piece.device or self.piece.id) if self.piece else ""
        words = (self.backup.series, self.backup.slot, device, f"to {self.home.region}")
        return " ".join(word for word in words if word)


@dataclass(frozen=True)
class There:
    """What stands in one region: backups, whom each snapshot and image is shared with, and which are encrypted."""

    backups: Sequence[Backup] = ()
    shared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    encrypted: frozenset[str] = frozenset()


@dataclass
class Copies:
    """What is to be done for a policy, and what each deed is about, by its name."""

    deeds: list[Deed] = field(default_factory=list)
    wanted: dict[str, Wanted] = field(default_factory=dict)

    def add(self, wanted: Wanted, action: str, because: str) -> None:
        """One more deed."""
        gib = wanted.piece.gib if wanted.piece else wanted.backup.gib
        self.deeds.append(Deed(what=wanted.name, action=action, because=because, id=wanted.there or wanted.id, gib=gib))
        if action != KEEP:
            self.wanted[wanted.name] = wanted


def homes_of(policy: BackupPolicy) -> list[Home]:
    """Where copies go: one home a region. Of several entries for one, the first says the key and the tiers."""
    homes: dict[str, Home] = {}
    for copy in policy.copies:
        accounts = (copy.account,) if copy.account else ()
        known = homes.get(copy.region)
        if known is None:
            homes[copy.region] = Home(copy.region, copy.key, accounts, copy.keep or policy.keep)
        else:
            homes[copy.region] = replace(known, accounts=(*known.accounts, *accounts), key=known.key or copy.key)
    return list(homes.values())


def copies_of(
    policy: BackupPolicy, where: str, here: There, there: Mapping[str, There], region: str, now: datetime
) -> Copies:
    """What it takes until each complete backup of a policy has the copies that are asked for.

    `here` is its own region, `region` by name, `there` the others. A copy that its own tiers wouldn't keep isn't made.
    Raises Invalid for what AWS would refuse to share.
    """
    complete = [one for one in here.backups if one.state == "complete" and one.copy_of is None]
    _refuse_default_keys(policy, where, complete, here.encrypted)
    copies = Copies()
    for home in homes_of(policy):
        if home.region == region and home.key is None:
            for backup in complete:
                for wanted in _pieces(backup, home):
                    _settle(copies, replace(wanted, there=wanted.id), here, "is where it belongs")
        else:
            _copy(copies, home, complete, there.get(home.region, There()), policy.when.zone, now)
    return copies


def _refuse_default_keys(
    policy: BackupPolicy, where: str, backups: Sequence[Backup], encrypted: frozenset[str]
) -> None:
    """What is encrypted under the account's default key can't be shared, nor can a copy of it without a key."""
    hidden = [one for one in backups if any(piece.id in encrypted for piece in one.pieces)]
    problems = []
    for number, copy in enumerate(policy.copies):
        if copy.account and copy.key is None and hidden:
            why = f"{hidden[0].series} is encrypted, and what is under an account's default key can't be shared"
            way_out = f"Name a KMS key of {copy.region} that account {copy.account} may use, as `key:`"
            problems.append(Problem(f"{where}.copies.{number}.key", why, way_out))
    if problems:
        raise Invalid(f"The copies of {where}", problems)


def _copy(copies: Copies, home: Home, backups: Sequence[Backup], there: There, zone: str, now: datetime) -> None:
    """Make those that are missing and would be kept."""
    standing = {_identity(one): one for one in there.backups if one.copy_of}
    keep = _worth(standing, backups, home, zone, now)
    for backup in backups:
        made = standing.get(_identity(backup))
        for wanted in _pieces(backup, home):
            if found := _standing(wanted, made):
                _go_on(copies, wanted, *found, there)
            elif made or _identity(backup) in keep:
                copies.add(wanted, "copy", "no copy is there yet")
            else:
                copies.add(wanted, KEEP, "by the copy's tiers, it wouldn't be kept")


def _worth(
    standing: Mapping[Identity, Backup], backups: Sequence[Backup], home: Home, zone: str, now: datetime
) -> set[Identity]:
    """Those whose copies the copies' own tiers would keep, if all were made."""
    place = {"region": home.region, "copy_of": "to be made"}
    would_be = [one.model_copy(update=place) for one in backups if _identity(one) not in standing]
    policy = Policy(home.tiers, zone, frozenset(one.series for one in backups))
    verdicts = retain([*standing.values(), *would_be], policy, now)
    return {_identity(verdict.backup) for verdict in verdicts if verdict.keep}


def _go_on(copies: Copies, wanted: Wanted, id: str, state: str, there: There) -> None:
    """What there is to do about a copy that stands."""
    if state == "failed":
        copies.add(replace(wanted, failed=True), "copy", f"its copy {id} has failed")
    elif state == "pending":
        copies.add(replace(wanted, there=id), "copy", "is being copied")
    else:
        _settle(copies, replace(wanted, there=id), there, "is copied")


def _settle(copies: Copies, wanted: Wanted, there: There, because: str) -> None:
    """Share it with those that it isn't shared with yet."""
    missing = sorted(set(wanted.home.accounts) - there.shared.get(str(wanted.there), frozenset()))
    why = f"isn't shared with {', '.join(missing)} yet" if missing else because
    copies.add(wanted, "share" if missing else KEEP, why)


def _standing(wanted: Wanted, made: Backup | None) -> tuple[str, str] | None:
    """Id and state of the copy of one image or one snapshot: the best, where there are several."""
    if made is None:
        return None
    if wanted.piece is None:
        return made.id, made.state
    found = [(piece.id, piece.state) for piece in made.pieces if piece.copy_of == wanted.place]
    return min(found, key=lambda one: STATES.index(one[1]), default=None)


def _pieces(backup: Backup, home: Home) -> Iterator[Wanted]:
    if backup.how == "image":
        yield Wanted(backup, home, backup.id)
        return
    for piece in backup.pieces:
        yield Wanted(backup, home, piece.id, piece)


def _identity(backup: Backup) -> Identity:
    """What a backup and its copies have in common."""
    return backup.group, backup.source, backup.slot
