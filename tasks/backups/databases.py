"""The store of RDS: databases, as manual snapshots, each under a name that is its slot's."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from blueprints.backups import BackupPolicy
from blueprints.environment import Environment
from blueprints.part import Part
from tasks.backups.birth import birth_tags
from tasks.backups.carrier import Carrier
from tasks.backups.database_copying import DatabaseCarrier
from tasks.backups.database_listing import databases_in, piece_of
from tasks.backups.database_machine import database_machine_of
from tasks.backups.database_restoring import check_database, database_parts, database_proof_parts
from tasks.backups.policy import Taking
from tasks.backups.proving import Proof
from tasks.backups.record import Backup
from tasks.backups.restoring import Wish
from tasks.backups.sources import MISSING, Covered, Source, Volume, part_in
from tasks.backups.store import Asked, Made
from tasks.data.database_listing import FAILED, LEAVING, name_of, settled
from tasks.data.database_replicas import is_replica
from tasks.data.database_state import RESTORED_FROM
from tasks.errors import CastraError, gone_is_fine
from tasks.scope import KMS_KEY, RETIRED, Scope, as_dict, as_list, short_hash

TAKES = frozenset({"available", "storage-optimization"})
"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html"""
LONGEST = 120  # characters of a name; RDS would take 255, but `castra:copy-of` is to hold its ARN, and a region
WAYS_OUT = {
    "stopped": "start it, as `castra resume` does, or choose a time at which it runs",
    "storage-full": "give it more storage",
    LEAVING: "take it out of the policy",
}
GONE = "DBSnapshotNotFound"


class Databases:
    """Manual snapshots of RDS. An account may have 100 in a region: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html"""

    noun = "database"
    gib_month = 0.095
    """US dollars for a GiB-month beyond the databases' own size: https://aws.amazon.com/rds/postgresql/pricing/"""
    taken_names = frozenset({"DBSnapshotAlreadyExists"})
    kept = frozenset({"InvalidDBSnapshotState"})
    carrier: Carrier | None = DatabaseCarrier()

    def holds(self, id: str) -> bool:
        """By its ARN."""
        return id.startswith("arn:") and id.split(":")[2] == "rds"

    def listed(self, scope: Scope, asked: Asked, region: str) -> list[Backup]:
        """One listing, tags and all; what is on its way out isn't told any more."""
        return [one for one, _ in databases_in(scope, asked, region)]

    def covered(self, policy: BackupPolicy, environment: Environment, scope: Scope) -> Covered:
        """One listing, where any is covered; databases have no filter by tag."""
        looked_for = policy.select.tags.items() if policy.select and "databases" in policy.selects else ()
        if not (policy.databases or looked_for):
            return Covered()
        there = list(_databases(scope))
        standing = {part: one for one in there if (part := part_in(_tags(one), environment.name))}
        wanted = [f"database/{name}" for name in policy.databases]
        selected = [one for one in there if looked_for and looked_for <= _tags(one).items() and _stands_alone(one)]
        covered = [standing[part] for part in wanted if part in standing]
        covered += [one for one in selected if one not in covered]
        return Covered(
            sources=tuple(_source(one, environment.name) for one in covered),
            selected=len(selected),
            missing={part: MISSING for part in wanted if part not in standing},
        )

    def make(self, scope: Scope, taking: Taking) -> Made:
        """Once no change of it is under way. The name is its slot's, so that it can't be made twice."""
        name, source = name_of(taking.source.id), taking.source
        _refuse_odd(taking)
        database = settled(scope, name, TAKES | FAILED | WAYS_OUT.keys())
        if database is None:
            raise CastraError(source.name, "it is gone", "Run `castra up`, and this again")
        if why := hindered(database["DBInstanceStatus"]):
            raise CastraError(source.name, why)
        tags = birth_tags(scope, taking)
        scope.go_ahead.check()
        answer = scope.client("rds").create_db_snapshot(
            DBInstanceIdentifier=name,
            DBSnapshotIdentifier=snapshot_name(str(scope.environment), taking),
            Tags=as_list(tags),
        )["DBSnapshot"]
        return Made(answer["DBSnapshotArn"], (piece_of(answer, tags),))

    def removals(self, scope: Scope, backup: Backup) -> Iterator[Callable[[], Any]]:
        """One call; gone already is fine."""

        def delete() -> None:
            with gone_is_fine(GONE):
                scope.client("rds", region=backup.region).delete_db_snapshot(DBSnapshotIdentifier=name_of(backup.id))

        yield delete

    def in_use(self, scope: Scope, beside: Collection[str]) -> Mapping[str, str]:
        """What is being restored, and what is being copied, by the tags which say what something is of."""
        used = {
            tags[RESTORED_FROM]: f"database {one['DBInstanceIdentifier']} is being made of it"
            for one in scope.pages("rds", "describe_db_instances", "DBInstances")
            if RESTORED_FROM in (tags := _tags(one)) and one["DBInstanceStatus"] == "creating"
        }
        for region in (scope.region, *beside):
            for one in self.listed(scope, Asked(), region):
                origin, _, id = (one.copy_of or "").partition("/")
                if one.state == "pending" and origin == scope.region:
                    used[id] = f"it is being copied to {name_of(one.id)} in {region}"
        return used

    def parts(self, scope: Scope, backup: Backup, wish: Wish) -> tuple[Part, ...]:
        """See the protocol."""
        return database_parts(scope, backup, wish)

    def proof_parts(self, scope: Scope, proof: Proof) -> tuple[Part, ...]:
        """See the protocol."""
        return database_proof_parts(proof, scope.region)

    def check(self, scope: Scope, proof: Proof, ids: Mapping[str, str]) -> str:
        """See the protocol."""
        return check_database(scope, proof, ids)

    def note(self, scope: Scope, backup: Backup, tags: Mapping[str, str]) -> None:
        """By its ARN."""
        with gone_is_fine(GONE):
            scope.client("rds", region=backup.region).add_tags_to_resource(ResourceName=backup.id, Tags=as_list(tags))


def hindered(status: str) -> str:
    """Why AWS takes no snapshot of a database in this state, with a way out; nothing where it does, or soon will."""
    if status in FAILED or status in WAYS_OUT:
        way_out = WAYS_OUT.get(status, "look at its events in RDS's console")
        return f"it is {status}, and AWS takes no snapshot of it then: {way_out}"
    return ""


def snapshot_name(environment: str, taking: Taking) -> str:
    """Derived from group, source and slot, so that it's the same for the same slot; as RDS wants names."""
    attempt = f"-{taking.attempt}" if taking.attempt > 1 else ""
    full = f"{environment}/{taking.name}/{taking.source.id}/{taking.slot}{attempt}"
    shown = f"{environment}-{taking.name}-{name_of(taking.source.id)}-{taking.slot}{attempt}".lower()
    shown = re.sub("[^a-z0-9]+", "-", shown).strip("-")
    shown = shown if shown[:1].isalpha() else f"castra-{shown}"
    return f"{shown[: LONGEST - 7].rstrip('-')}-{short_hash(full)}"


def _refuse_odd(taking: Taking) -> None:
    """RDS's tags take fewer characters than EC2's, and a label is in a tag."""
    if not re.fullmatch(r"[\w\s.:/=+@-]*", taking.slot):
        why = "its label has characters that RDS takes in no tag"
        raise CastraError(taking.source.name, why, "Write letters, digits, blanks and _.:/=+-@ only")


def _databases(scope: Scope) -> Iterator[dict[str, Any]]:
    for one in scope.pages("rds", "describe_db_instances", "DBInstances"):
        if RETIRED not in _tags(one):
            yield one


def _stands_alone(one: Mapping[str, Any]) -> bool:
    """Neither a replica, whose data are another one's, nor an instance of a cluster, whose data are the cluster's."""
    return not (is_replica(one) or one.get("DBClusterIdentifier"))


def _tags(one: Mapping[str, Any]) -> dict[str, str]:
    return as_dict(one.get("TagList"))


def _source(database: Mapping[str, Any], environment: str) -> Source:
    tags, name = _tags(database), database["DBInstanceIdentifier"]
    part = part_in(tags, environment)
    key = database.get("KmsKeyId", "") if KMS_KEY in tags else ""
    disk = Volume(id=database["DbiResourceId"], gib=database["AllocatedStorage"], type=database.get("StorageType", ""))
    return Source(
        id=database["DBInstanceArn"],
        name=f"{part} {name}" if part else name,
        part=part,
        volumes=(disk,),
        database=database_machine_of(database, key),
        hindered=hindered(database["DBInstanceStatus"]),
    )
