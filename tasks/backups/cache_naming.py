"""Names of caches' snapshots: each is its slot's, and tells whether a look at its tags is worth a call. Pure.

ElastiCache takes no name twice, and lists no tags. https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups-manual.html
"""

import re

from tasks.backups.policy import Taking
from tasks.backups.record import LABEL
from tasks.backups.store import Asked
from tasks.scope import short_hash

LONGEST = 40  # characters, which begin with a letter, without two hyphens in a row
STAMP = 13  # characters of 20260513t0200
START = LONGEST - STAMP - 8  # characters at least of what comes before: two hyphens and a hash are left out
FORM = re.compile(r"[a-z][a-z0-9-]*-[0-9a-f]{6}")


def snapshot_name(environment: str, taking: Taking) -> str:
    """Derived from group, source and slot, so that it's the same for the same slot.

    Such as shop-sessions-20260513t0200-4f1c09.
    """
    source = taking.source
    attempt = f"-{taking.attempt}" if taking.attempt > 1 else ""
    full = f"{environment}/{taking.name}/{source.id}/{taking.slot}{attempt}"
    end = f"-{stamp_of(taking.slot)}-{short_hash(full)}"
    shown = _plain(f"{environment}-{re.split('[/:]', source.part or source.id)[-1]}")
    return f"{shown[: LONGEST - len(end)].rstrip('-')}{end}"


def stamp_of(slot: str) -> str:
    """What a slot is called in a name: its time to the minute, or what its label begins with."""
    text = slot.removeprefix(LABEL) if slot.startswith(LABEL) else re.sub(r":\d\dZ$|[-:]", "", slot)
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")[:STAMP].strip("-") or "by-hand"


def may_be(name: str, asked: Asked) -> bool:
    """Whether a snapshot of this name can be one that is asked for."""
    stamps = {stamp_of(slot) for slot in asked.slots}
    return (
        FORM.fullmatch(name) is not None
        and (asked.environment is None or name.startswith(_plain(asked.environment)[:START].rstrip("-")))
        and (not stamps or any(f"-{stamp}-" in name for stamp in stamps))
    )


def _plain(text: str) -> str:
    plain = re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")
    return plain if plain[:1].isalpha() else f"c{plain}"
