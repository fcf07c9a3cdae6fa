"""Databases of RDS: PostgreSQL, MySQL and MariaDB."""

from collections.abc import Iterator, Mapping

from botocore.exceptions import ClientError

from blueprints.databases import Database
from tasks.data.database_changes import change
from tasks.data.database_instance import await_available, endpoint_of, note_of, phase_of
from tasks.data.database_listing import TaggedByRds, called, described, name_of, refuse_foreign, standing_databases
from tasks.data.database_password import asking_for, password_moved, secret_of
from tasks.data.database_removal import remove
from tasks.data.database_replicas import make_way
from tasks.data.database_settings import as_created, as_restored, settings
from tasks.data.database_state import PROTECTED, SECRET, DatabaseState, noted, told_state, wanted_state
from tasks.errors import code_of
from tasks.kind import Found
from tasks.retry import when_visible
from tasks.scope import ON_REMOVAL, Scope, as_dict, as_list

IN_TAGS = frozenset({"on_removal", "protected"})  # what AWS has no setting for


class DatabaseKind(TaggedByRds[Database, DatabaseState]):
    """Databases of RDS: PostgreSQL, MySQL and MariaDB."""

    name = "database"
    holds = "all data in it"
    goes_first = True  # AWS keeps one of a name
    actions = (
        "iam:CreateServiceLinkedRole",
        "kms:CreateGrant",
        "kms:DescribeKey",
        "rds:AddTagsToResource",
        "rds:CreateDBInstance",
        "rds:CreateDBSnapshot",
        "rds:DeleteDBInstance",
        "rds:DescribeDBInstances",
        "rds:ModifyDBInstance",
        "rds:RemoveTagsFromResource",
        "rds:RestoreDBInstanceFromDBSnapshot",
        "rds:StartDBInstance",
        "secretsmanager:CreateSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:TagResource",
    )

    def owned(self, scope: Scope) -> Iterator[Found[DatabaseState]]:
        """One listing, tags and all."""
        for database, tags in standing_databases(scope):
            if name := self.named_in(tags):
                snapshot = tags.get(ON_REMOVAL, "snapshot") == "snapshot"
                yield Found(
                    self.name,
                    name,
                    database["DBInstanceArn"],
                    told_state(database, tags),
                    tags,
                    phase_of(database),
                    outputs=endpoint_of(database) | secret_of(database, tags),
                    protected=PROTECTED in tags,
                    keeps=f"a last snapshot of {database['DBInstanceIdentifier']}" if snapshot else "",
                    loses="" if snapshot else "all data in it, and its backups,",
                    note=note_of(self.key(name), database),
                )

    def wanted(self, part: Database, ids: Mapping[str, str]) -> DatabaseState:
        """See the base."""
        return wanted_state(part, ids)

    def create(self, scope: Scope, name: str, wanted: DatabaseState) -> str:
        """Its name is unique, so it can't be made twice; one made by a call that got lost is taken.

        Its password goes from Secrets Manager to RDS, where RDS doesn't make it, and is kept nowhere here.
        """
        database = called(scope, name, variant=wanted.foundation)
        tags, rds = self.birth_tags(scope, name, wanted) | noted(wanted), scope.client("rds")
        call, how = rds.create_db_instance, as_created(wanted)
        if wanted.snapshot:
            call, how = rds.restore_db_instance_from_db_snapshot, as_restored(wanted)
        what, named = f"what database {name} stands in", {"DBInstanceIdentifier": database, "Tags": as_list(tags)}
        try:
            made = when_visible(what, call, **named, **how, **asking_for(scope, wanted))
            return str(made["DBInstance"]["DBInstanceArn"])
        except ClientError as error:
            if code_of(error) != "DBInstanceAlreadyExists":
                raise
        there = described(scope, database) or {}
        refuse_foreign(scope, self.key(name), f"a database {database}", as_dict(there.get("TagList")))
        return str(there["DBInstanceArn"])

    def ready(self, scope: Scope, id: str) -> None:
        """Five to ten minutes; longer with a second zone."""
        await_available(scope, id)

    def update(self, scope: Scope, id: str, wanted: DatabaseState, changed: frozenset[str]) -> None:
        """In one call, once no other change is under way; at once or in the maintenance window, as `apply` says."""
        name = name_of(id)
        if changed - IN_TAGS:
            make_way(scope, name, wanted, changed)
            change(scope, name, wanted, changed, told_state, lambda *asked: settings(scope, wanted, *asked))
            password_moved(scope, name, wanted, changed)
        tags = noted(wanted)
        self.tag(scope, id, tags, frozenset({PROTECTED, SECRET}) - tags.keys())

    def delete(self, scope: Scope, id: str) -> None:
        """With a last snapshot, unless it's to be wiped. AWS's protection of it, which is against hands, is ended."""
        remove(scope, name_of(id))
