"""Parameter groups of RDS: settings of a database's engine."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.databases import DatabaseParameterGroup
from tasks.data.database_listing import TaggedByRds, called, name_of, owned_groups, refuse_foreign, tags_of
from tasks.each import batches
from tasks.errors import code_of, gone_is_fine
from tasks.kind import Fixed, Found, State
from tasks.retry import when_released
from tasks.scope import Scope, as_list

LONGEST = 255  # characters of a name
AT_ONCE = 20  # parameters that a call takes
GONE = "DBParameterGroupNotFound"


class DatabaseParameterGroupState(State):
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html"""

    family: Fixed[str]
    parameters: dict[str, str]


class DatabaseParameterGroupKind(TaggedByRds[DatabaseParameterGroup, DatabaseParameterGroupState]):
    """Parameter groups of RDS: settings of a database's engine."""

    name = "database-parameter-group"
    whole_at_birth = False
    actions = (
        "rds:AddTagsToResource",
        "rds:CreateDBParameterGroup",
        "rds:DeleteDBParameterGroup",
        "rds:DescribeDBParameterGroups",
        "rds:DescribeDBParameters",
        "rds:ListTagsForResource",
        "rds:ModifyDBParameterGroup",
        "rds:RemoveTagsFromResource",
        "rds:ResetDBParameterGroup",
    )

    def owned(self, scope: Scope) -> Iterator[Found[DatabaseParameterGroupState]]:
        """By the beginning of the name, and then by tags; and a call a group for what isn't as the engine has it."""
        of = ("describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName", "DBParameterGroupArn")
        for group, tags in owned_groups(scope, *of):
            if name := self.named_in(tags):
                with gone_is_fine(GONE):
                    parameters = _set(scope, group["DBParameterGroupName"])
                    state = DatabaseParameterGroupState(family=group["DBParameterGroupFamily"], parameters=parameters)
                    yield Found(self.name, name, group["DBParameterGroupArn"], state, tags)

    def wanted(self, part: DatabaseParameterGroup, ids: Mapping[str, str]) -> DatabaseParameterGroupState:
        """See the base."""
        return DatabaseParameterGroupState(family=part.family, parameters=dict(sorted(part.parameters.items())))

    def create(self, scope: Scope, name: str, wanted: DatabaseParameterGroupState) -> str:
        """Its name is unique, so it can't be made twice; one made by a call that got lost is taken, and finished."""
        group, rds = called(scope, name, LONGEST, wanted.foundation), scope.client("rds")
        try:
            made = rds.create_db_parameter_group(
                DBParameterGroupName=group,
                DBParameterGroupFamily=wanted.family,
                Description=f"Database {name} of {scope.environment}",
                Tags=as_list(self.birth_tags(scope, name, wanted)),
            )["DBParameterGroup"]
        except ClientError as error:
            if code_of(error) != "DBParameterGroupAlreadyExists":
                raise
            (made,) = rds.describe_db_parameter_groups(DBParameterGroupName=group)["DBParameterGroups"]
            tags = tags_of(scope, made["DBParameterGroupArn"]) or {}
            refuse_foreign(scope, self.key(name), f"a parameter group {group}", tags)
        id = str(made["DBParameterGroupArn"])
        self.update(scope, id, wanted, frozenset({"parameters"}))
        return id

    def update(self, scope: Scope, id: str, wanted: DatabaseParameterGroupState, changed: frozenset[str]) -> None:
        """Those that AWS can change while the database runs are in force at once, the others after its next restart."""
        group, rds = name_of(id), scope.client("rds")
        before = _set(scope, group)
        set_, reset = wanted.parameters.items() - before.items(), before.keys() - wanted.parameters.keys()
        how = _ways(scope, group, {name for name, _ in set_} | reset) if set_ or reset else {}
        for several in batches(sorted(set_), AT_ONCE):
            told = [
                {"ParameterName": name, "ParameterValue": value, "ApplyMethod": how[name]} for name, value in several
            ]
            rds.modify_db_parameter_group(DBParameterGroupName=group, Parameters=told)
        for names in batches(sorted(reset), AT_ONCE):
            told = [{"ParameterName": name, "ApplyMethod": how[name]} for name in names]
            rds.reset_db_parameter_group(DBParameterGroupName=group, Parameters=told)

    def delete(self, scope: Scope, id: str) -> None:
        """Waits until no database uses it."""
        with gone_is_fine(GONE):
            delete = scope.client("rds").delete_db_parameter_group
            when_released(f"databases with {name_of(id)} to go", delete, DBParameterGroupName=name_of(id))


def _set(scope: Scope, group: str) -> dict[str, str]:
    """The parameters that somebody has set, sorted."""
    told = _described(scope, group, Source="user")
    return dict(sorted((one["ParameterName"], str(one.get("ParameterValue", ""))) for one in told))


def _ways(scope: Scope, group: str, names: Iterable[str]) -> dict[str, str]:
    """How each of these is applied: AWS refuses to change at once what needs a restart."""
    dynamic = {one["ParameterName"] for one in _described(scope, group) if one.get("ApplyType") == "dynamic"}
    return {name: "immediate" if name in dynamic else "pending-reboot" for name in names}


def _described(scope: Scope, group: str, **more: str) -> Iterator[dict[str, Any]]:
    return scope.pages("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=group, **more)
