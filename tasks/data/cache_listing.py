"""What the kinds of ElastiCache have in common: names, tags, and listings."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from blueprints.part import Part
from tasks.each import each
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Kind, State
from tasks.retry import when_released
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict, as_list

P = TypeVar("P", bound=Part)
S = TypeVar("S", bound=State)
GONE = (
    "CacheClusterNotFound",
    "CacheParameterGroupNotFound",
    "CacheSubnetGroupNotFoundFault",
    "ReplicationGroupNotFoundFault",
    "SnapshotNotFoundFault",
)
BUSY = ("InvalidCacheClusterState", "InvalidReplicationGroupState")
TAGGING = (
    "elasticache:AddTagsToResource",
    "elasticache:ListTagsForResource",
    "elasticache:RemoveTagsFromResource",
    "tag:GetResources",
)


class TaggedByElastiCache(Kind[P, S]):
    """A kind of ElastiCache: its ARN is its id."""

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """AWS changes no tag of a cache that isn't available: that is waited for."""
        caches, what = scope.client("elasticache"), f"{name_of(id)} to be available"
        when_released(what, caches.add_tags_to_resource, ResourceName=id, Tags=as_list(tags))
        if dropped:
            when_released(what, caches.remove_tags_from_resource, ResourceName=id, TagKeys=sorted(dropped))


def called(scope: Scope, name: str, limit: int, variant: str = "") -> str:
    """A name in ElastiCache: it begins with a letter, and no two hyphens follow each other."""
    plain = scope.name(name, limit - 1, variant=variant, double_hyphens=False)
    return plain if plain[0].isalpha() else f"c{plain}"


def name_of(arn: str) -> str:
    """The name at the end of an ARN; what is none, such as default.valkey8, is a name."""
    return arn.rpartition(":")[2]


def beside(arn: str, kind: str, name: str) -> str:
    """The ARN of what stands in the same account and region."""
    return f"{arn.rsplit(':', 2)[0]}:{kind}:{name}"


def with_tags(scope: Scope, things: Iterable[Any]) -> Iterator[tuple[Any, dict[str, str]]]:
    """Those that are the scope's, each with its tags, by a call each: no listing of ElastiCache tells tags."""
    for thing, tags in each(lambda one: tags_of(scope, one["ARN"]), things):
        if scope.owns(tags):
            yield thing, tags


def tags_of(scope: Scope, arn: str, region: str = "") -> dict[str, str]:
    """None, if it has gone. ElastiCache tells those of what's available only; of others, the tagging API does.

    `region` is another one than the scope's.
    """
    try:
        return as_dict(scope.client("elasticache", region=region).list_tags_for_resource(ResourceName=arn)["TagList"])
    except ClientError as error:
        if code_of(error) in GONE:
            return {}
        if code_of(error) not in BUSY:
            raise
    tagging = scope.client("resourcegroupstaggingapi", region=region)
    told = tagging.get_resources(ResourceARNList=[arn])["ResourceTagMappingList"]
    return {key: value for one in told for key, value in as_dict(one["Tags"]).items()}


def one_named(scope: Scope, operation: str, result: str, field: str, name: str) -> Any:
    """What DescribeX tells of this one, or None."""
    with gone_is_fine(*GONE):
        return getattr(scope.client("elasticache"), operation)(**{field: name})[result][0]
    return None


def ours(scope: Scope, key: str, what: str, there: Mapping[str, Any]) -> str:
    """The ARN of what has a part's name. Raises CastraError if its tags are nobody's, or another part's."""
    arn = str(there["ARN"])
    tags = tags_of(scope, arn)
    if not scope.owns(tags) or tags.get(PART) != key:
        wanted = f"{ENVIRONMENT}={scope.environment} and {PART}={key}"
        raise CastraError(key, f"there is {what} that doesn't carry its tags", f"Delete it, or tag it with {wanted}")
    return arn
