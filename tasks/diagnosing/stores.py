"""Databases and caches that don't run, or can't: by the state that AWS tells."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tasks.diagnosing.accesses import STORES, place_of_store
from tasks.diagnosing.causes import Cause
from tasks.diagnosing.evidence import Evidence
from tasks.diagnosing.finding import Finding
from tasks.scope import PAUSED

COPY_ANEW = (
    "aws rds delete-db-instance --db-instance-identifier {name} --skip-final-snapshot, then raise its blueprint again: "
    "castra up FILE"
)
EVENTS = "see its events in AWS's console"


class Trouble(NamedTuple):
    """What a state is called here, the field that it's about, what it means, and what mends it."""

    cause: Cause
    field: str
    why: str
    fix: str


KEY = Trouble(
    "key-inaccessible",
    "kms_key",
    "its KMS key is disabled, is gone, or may not be used",
    "Enable the key, or let RDS use it again; if that is too late, restore a snapshot into a new database",
)
STATES: Mapping[str, Trouble] = {
    "storage-full": Trouble(
        "storage-full",
        "storage",
        "its storage is full: nothing can be written",
        "Raise `storage`, and let it grow by itself: `max_storage`",
    ),
    "stopped": Trouble("stopped", "", "it is stopped", "aws rds start-db-instance --db-instance-identifier {name}"),
    "incompatible-network": Trouble(
        "incompatible-network",
        "",
        "its subnets have no free address, or what it stood on in them is gone",
        f"Free addresses in its subnets, then start it, or change something of it in AWS's console; else {EVENTS}",
    ),
    "incompatible-parameters": Trouble(
        "incompatible-parameters",
        "parameters",
        "it can't start with these parameters",
        "Take back the `parameters` that were changed last, raise it again, and reboot it",
    ),
    "incompatible-option-group": Trouble(
        "incompatible-option-group",
        "",
        "a change of its options was tried, and can't be made or taken back",
        f"Castra sets no options: put back its option group, or {EVENTS}",
    ),
    "incompatible-restore": Trouble(
        "restore-failed",
        "",
        "what it was to be restored from doesn't go together with it",
        f"Restore another snapshot into a new one, and delete this one; else {EVENTS}",
    ),
    "restore-failed": Trouble(
        "restore-failed",
        "from_snapshot",
        "the snapshot that it was to be restored from can't be read, or is gone",
        "Name a snapshot that is there, of the same engine, and whose bucket and key ElastiCache may read",
    ),
    "insufficient-capacity": Trouble(
        "no-capacity",
        "instance_class",
        "AWS has none of its class there now",
        "Name another `instance_class`, or wait and raise it again",
    ),
    "failed": Trouble(
        "database-failed",
        "",
        "AWS says that it has failed, and can't bring it back",
        "aws rds restore-db-instance-to-point-in-time --source-db-instance-identifier {name} makes a new one of its "
        "backups; Castra never replaces it by itself, for its data's sake",
    ),
    "inaccessible-encryption-credentials": KEY,
    "inaccessible-encryption-credentials-recoverable": KEY,
}
"""By the state of a database, a cache or one of its nodes.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CacheCluster.html
"""


def check(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each that is in such a state."""
    for store in evidence.of(*STORES):
        for status in evidence.stores.get(store.id, ()):
            if trouble := STATES.get(status):
                asleep = trouble.cause == "stopped" and PAUSED in store.tags
                fix = f"castra resume {evidence.environment} --region {evidence.region}" if asleep else trouble.fix
                if (store.kind, trouble.cause) == ("database-replica", "database-failed"):
                    fix = COPY_ANEW
                yield Finding(
                    cause="paused" if asleep else trouble.cause,
                    part=store.key,
                    place=f"{place_of_store(evidence, store)}{'.' if trouble.field else ''}{trouble.field}",
                    why="it is paused" if asleep else f"{trouble.why} ({status})",
                    fix=fix.format(name=store.id.rpartition(":")[2]),
                )
