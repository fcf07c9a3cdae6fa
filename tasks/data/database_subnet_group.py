"""Subnet groups of RDS: where databases may stand."""

from collections.abc import Iterator, Mapping

from botocore.exceptions import ClientError

from blueprints.databases import DatabaseSubnetGroup
from tasks.data.database_listing import TaggedByRds, called, name_of, owned_groups, refuse_foreign, tags_of
from tasks.errors import code_of, gone_is_fine
from tasks.kind import Fixed, Found, State, Unordered
from tasks.retry import when_released, when_visible
from tasks.scope import Scope, as_list

LONGEST = 255  # characters of a name


class DatabaseSubnetGroupState(State):
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html"""

    vpc: Fixed[str]
    subnets: Unordered[str]


class DatabaseSubnetGroupKind(TaggedByRds[DatabaseSubnetGroup, DatabaseSubnetGroupState]):
    """Subnet groups of RDS: where databases may stand."""

    name = "database-subnet-group"
    actions = (
        "rds:AddTagsToResource",
        "rds:CreateDBSubnetGroup",
        "rds:DeleteDBSubnetGroup",
        "rds:DescribeDBSubnetGroups",
        "rds:ListTagsForResource",
        "rds:ModifyDBSubnetGroup",
        "rds:RemoveTagsFromResource",
    )

    def owned(self, scope: Scope) -> Iterator[Found[DatabaseSubnetGroupState]]:
        """By the beginning of the name, and then by tags."""
        of = ("describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName", "DBSubnetGroupArn")
        for group, tags in owned_groups(scope, *of):
            if name := self.named_in(tags):
                subnets = tuple(subnet["SubnetIdentifier"] for subnet in group["Subnets"])
                state = DatabaseSubnetGroupState(vpc=group["VpcId"], subnets=subnets)
                yield Found(self.name, name, group["DBSubnetGroupArn"], state, tags)

    def wanted(self, part: DatabaseSubnetGroup, ids: Mapping[str, str]) -> DatabaseSubnetGroupState:
        """See the base."""
        return DatabaseSubnetGroupState(vpc=ids[part.vpc], subnets=tuple(ids[one] for one in part.subnets))

    def create(self, scope: Scope, name: str, wanted: DatabaseSubnetGroupState) -> str:
        """Its name is unique, so it can't be made twice; one made by a call that got lost is taken."""
        group, rds = called(scope, name, LONGEST, wanted.foundation), scope.client("rds")
        try:
            made = when_visible(
                f"subnets of database subnet group {name}",
                rds.create_db_subnet_group,
                DBSubnetGroupName=group,
                DBSubnetGroupDescription=f"Databases of {scope.environment}",
                SubnetIds=list(wanted.subnets),
                Tags=as_list(self.birth_tags(scope, name, wanted)),
            )
            return str(made["DBSubnetGroup"]["DBSubnetGroupArn"])
        except ClientError as error:
            if code_of(error) != "DBSubnetGroupAlreadyExists":
                raise
        (there,) = rds.describe_db_subnet_groups(DBSubnetGroupName=group)["DBSubnetGroups"]
        arn = str(there["DBSubnetGroupArn"])
        refuse_foreign(scope, self.key(name), f"a subnet group {group}", tags_of(scope, arn) or {})
        return arn

    def update(self, scope: Scope, id: str, wanted: DatabaseSubnetGroupState, changed: frozenset[str]) -> None:
        """AWS refuses to take away a subnet in which a database stands."""
        modify = scope.client("rds").modify_db_subnet_group
        what = f"subnets of {name_of(id)}"
        when_visible(what, modify, DBSubnetGroupName=name_of(id), SubnetIds=list(wanted.subnets))

    def delete(self, scope: Scope, id: str) -> None:
        """Waits until no database is in it."""
        with gone_is_fine("DBSubnetGroupNotFoundFault"):
            delete = scope.client("rds").delete_db_subnet_group
            when_released(f"databases in {name_of(id)} to go", delete, DBSubnetGroupName=name_of(id))
