"""Databases and what they need, as RDS lists, names and tags it."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.each import each
from tasks.errors import CastraError, gone_is_fine
from tasks.kind import Kind, P, S
from tasks.scope import ENVIRONMENT, PART, RETIRED, Scope, as_dict, as_list
from tasks.waiting import wait_until

Listed = tuple[dict[str, Any], dict[str, str]]
"""A resource as RDS describes it, and its tags."""

LONGEST = 63  # characters of a database's name; groups may have more
STANDING = frozenset({"available", "backing-up", "storage-full", "storage-optimization", "stopped"})
FAILED = frozenset(
    {
        *("failed", "incompatible-network", "incompatible-option-group", "incompatible-parameters"),
        *("incompatible-restore", "inaccessible-encryption-credentials", "insufficient-capacity"),
    }
)
"""States that end by themselves never. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html"""
LEAVING = "deleting"
SETTLES_WITHIN = 3600.0  # seconds; a large one with a second zone is changed in half of that
GONE = "DBInstanceNotFound"


class TaggedByRds(Kind[P, S]):
    """A kind whose resources RDS tags by ARN."""

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """See the base."""
        rds = scope.client("rds")
        rds.add_tags_to_resource(ResourceName=id, Tags=as_list(tags))
        if dropped:
            rds.remove_tags_from_resource(ResourceName=id, TagKeys=sorted(dropped))


def called(scope: Scope, key: str, limit: int = LONGEST, variant: str = "") -> str:
    """The name of a part in RDS, which wants a letter first, and no two hyphens in a row."""
    name = scope.name(key, limit, variant=variant, double_hyphens=False)
    return name if name[0].isalpha() else f"castra-{name}"[:limit].rstrip("-")


def name_of(arn: str) -> str:
    """What RDS calls a thing, from its ARN."""
    return arn.split(":")[6]


def beside(arn: str, what: str, name: str) -> str:
    """The ARN of another thing of RDS's, such as a `subgrp` or a `pg`, in the same account and region."""
    return ":".join([*arn.split(":")[:5], what, name])


def standing_databases(scope: Scope) -> list[Listed]:
    """The scope's databases. DescribeDBInstances tells tags too, but can't filter by them."""
    return scope.listed("databases", lambda: list(_databases(scope)))


def owned_groups(scope: Scope, operation: str, key: str, name: str, arn: str) -> Iterator[Listed]:
    """Groups of RDS's whose names begin like the scope's; a call for each, as no listing tells tags."""
    start = tuple(f"{begin}{scope.environment}-" for begin in ("", "castra-")) if scope.environment else ""
    listed = scope.pages("rds", operation, key)
    ours = [group for group in listed if str(group[name]).startswith(start) and not str(group[name]).startswith("def")]
    for group, tags in each(lambda group: tags_of(scope, str(group[arn])), ours):
        if tags is not None and scope.owns(tags):
            yield group, tags


def tags_of(scope: Scope, arn: str) -> dict[str, str] | None:
    """The tags of a group; None if it has gone since it was listed."""
    with gone_is_fine("DBSubnetGroupNotFoundFault", "DBParameterGroupNotFound"):
        return as_dict(scope.client("rds").list_tags_for_resource(ResourceName=arn)["TagList"])
    return None


def refuse_foreign(scope: Scope, key: str, what: str, tags: Mapping[str, str]) -> None:
    """Raise CastraError if what stands under a part's name isn't the part's."""
    if not (scope.owns(tags) and tags.get(PART) == key) or RETIRED in tags:
        ours = f"{ENVIRONMENT}={scope.environment} and {PART}={key}"
        raise CastraError(key, f"there is {what} that doesn't carry its tags", f"Delete it, or tag it with {ours}")


def described(scope: Scope, name: str) -> dict[str, Any] | None:
    """One database as it is now; None if there's none."""
    with gone_is_fine(GONE):
        found: dict[str, Any] = scope.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
        return found
    return None


def settled(scope: Scope, name: str, among: frozenset[str] = STANDING | FAILED | {LEAVING}) -> dict[str, Any] | None:
    """A database once it's in one of these states; None if there's none (any more)."""
    told: list[dict[str, Any] | None] = []

    def done() -> bool:
        told[:] = [described(scope, name)]
        return told[0] is None or told[0]["DBInstanceStatus"] in among

    wait_until(scope, done, f"database {name}", SETTLES_WITHIN, lambda: f"it is {_status(told)}")
    return told[0]


def _status(told: list[dict[str, Any] | None]) -> str:
    return str(told[0]["DBInstanceStatus"]) if told and told[0] else "gone"


def _databases(scope: Scope) -> Iterator[Listed]:
    for database in scope.pages("rds", "describe_db_instances", "DBInstances"):
        tags = as_dict(database.get("TagList"))
        if scope.owns(tags):
            yield database, tags
