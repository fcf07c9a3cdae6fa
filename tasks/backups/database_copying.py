"""Copies of RDS's snapshots: asked for in the region that they go to, under a name that is the original's."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from tasks.backups.carrier import SHARED, Copied, copy_tags
from tasks.backups.copying import There, Wanted
from tasks.backups.database_listing import databases_in, states
from tasks.backups.record import COPY_OF
from tasks.backups.store import Asked
from tasks.data.database_listing import name_of
from tasks.errors import CastraError, gone_is_fine
from tasks.scope import Scope, as_list

DEFAULT_KEY = "alias/aws/rds"  # the account's own, in each region
GONE = "DBSnapshotNotFound"


class DatabaseCarrier:
    """One snapshot. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html"""

    taken_names = frozenset({"DBSnapshotAlreadyExists"})

    def there(self, scope: Scope, region: str, environment: str, policy: str) -> There:
        """One listing."""
        told = databases_in(scope, Asked(environment, policy), region)
        shared = {one.id: frozenset(tags[SHARED].split()) for one, tags in told if SHARED in tags}
        encrypted = frozenset(one.id for one, _ in told if one.database and one.database.encrypted)
        return There([one for one, _ in told], shared, encrypted)

    def send(self, scope: Scope, wanted: Wanted) -> str:
        """A key is of one region: what is encrypted gets one of the region that it goes to."""
        home, origin = wanted.home, wanted.backup.region
        encrypted = wanted.backup.database is not None and wanted.backup.database.encrypted
        key = home.key or (DEFAULT_KEY if encrypted and home.region != origin else "")
        asked: dict[str, Any] = {"KmsKeyId": key} if key else {}
        answer = scope.client("rds", region=home.region).copy_db_snapshot(
            SourceDBSnapshotIdentifier=wanted.id,
            TargetDBSnapshotIdentifier=copy_name(wanted),
            Tags=as_list(copy_tags(wanted, datetime.now(UTC))),
            SourceRegion=origin,
            **asked,
        )
        return str(answer["DBSnapshot"]["DBSnapshotArn"])

    def copies(self, scope: Scope, wanted: Wanted) -> Iterable[Copied]:
        """By the tag that says what they are of."""
        told = databases_in(scope, Asked(wanted.backup.environment, wanted.backup.policy), wanted.home.region)
        return [(one.id, tags[COPY_OF], one.state) for one, tags in told if tags.get(COPY_OF) == wanted.place]

    def clear(self, scope: Scope, wanted: Wanted, id: str) -> None:
        """Its name would be taken."""
        with gone_is_fine(GONE):
            scope.client("rds", region=wanted.home.region).delete_db_snapshot(DBSnapshotIdentifier=name_of(id))

    def under_way(self, scope: Scope, wanted: Wanted) -> frozenset[str]:
        """See the protocol."""
        region = wanted.home.region

        def listing() -> frozenset[str]:
            return frozenset(id for id, (state, _) in states(scope, region).items() if state == "pending")

        return scope.polled(f"databases being copied to {region}", float("-inf"), listing)

    def state(self, scope: Scope, wanted: Wanted, id: str) -> tuple[str, str]:
        """See the protocol."""
        found = states(scope, wanted.home.region, name_of(id))
        if id not in found:
            raise CastraError(wanted.name, "its copy is gone", "Run again: another one is made")
        return found[id]

    def share(self, scope: Scope, wanted: Wanted, id: str) -> None:
        """By the permission to restore it. The other account needs its key, too."""
        accounts, client = list(wanted.home.accounts), scope.client("rds", region=wanted.home.region)
        client.modify_db_snapshot_attribute(
            DBSnapshotIdentifier=name_of(id), AttributeName="restore", ValuesToAdd=accounts
        )
        client.add_tags_to_resource(ResourceName=id, Tags=as_list({SHARED: " ".join(accounts)}))


def copy_name(wanted: Wanted) -> str:
    """Of the original's, so that it's the same for the same one; in one region, no two have one name."""
    return f"{name_of(wanted.id)}-copy"
