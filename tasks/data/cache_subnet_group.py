"""Subnet groups of ElastiCache: where caches may stand."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.caching import CacheSubnetGroup
from tasks.data.cache_listing import (
    TAGGING,
    TaggedByElastiCache,
    called,
    name_of,
    one_named,
    ours,
    with_tags,
)
from tasks.errors import code_of, gone_is_fine
from tasks.kind import Fixed, Found, State, Unordered
from tasks.retry import when_released, when_visible
from tasks.scope import Scope, as_list

LONGEST = 255


class CacheSubnetGroupState(State):
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/SubnetGroups.html"""

    vpc: Fixed[str]
    subnets: Unordered[str]


class CacheSubnetGroupKind(TaggedByElastiCache[CacheSubnetGroup, CacheSubnetGroupState]):
    """Subnet groups of ElastiCache."""

    name = "cache-subnet-group"
    actions = tuple(
        sorted(
            (
                "elasticache:CreateCacheSubnetGroup",
                "elasticache:DeleteCacheSubnetGroup",
                "elasticache:DescribeCacheSubnetGroups",
                "elasticache:ModifyCacheSubnetGroup",
                *TAGGING,
            )
        )
    )

    def owned(self, scope: Scope) -> Iterator[Found[CacheSubnetGroupState]]:
        """DescribeCacheSubnetGroups, and a call each for the tags."""
        listed = scope.pages("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups")
        for group, tags in with_tags(scope, listed):
            if name := self.named_in(tags):
                yield Found(self.name, name, group["ARN"], _state(group), tags)

    def wanted(self, part: CacheSubnetGroup, ids: Mapping[str, str]) -> CacheSubnetGroupState:
        """See the base."""
        return CacheSubnetGroupState(vpc=ids[part.vpc], subnets=tuple(ids[one] for one in part.subnets))

    def create(self, scope: Scope, name: str, wanted: CacheSubnetGroupState) -> str:
        """Its name is unique, so it can't be made twice; one made by a call that got lost is taken."""
        group = called(scope, name, LONGEST, wanted.foundation)
        try:
            made = when_visible(
                f"the subnets of {group}",
                scope.client("elasticache").create_cache_subnet_group,
                CacheSubnetGroupName=group,
                CacheSubnetGroupDescription=f"{scope.environment}: {name}",
                SubnetIds=list(wanted.subnets),
                Tags=as_list(self.birth_tags(scope, name, wanted)),
            )
            return str(made["CacheSubnetGroup"]["ARN"])
        except ClientError as error:
            if code_of(error) != "CacheSubnetGroupAlreadyExists":
                raise
        there = one_named(scope, "describe_cache_subnet_groups", "CacheSubnetGroups", "CacheSubnetGroupName", group)
        return ours(scope, self.key(name), f"a subnet group {group}", there)

    def update(self, scope: Scope, id: str, wanted: CacheSubnetGroupState, changed: frozenset[str]) -> None:
        """One in which a node stands can't be taken out."""
        new: dict[str, Any] = {"CacheSubnetGroupName": name_of(id), "SubnetIds": list(wanted.subnets)}
        scope.client("elasticache").modify_cache_subnet_group(**new)

    def delete(self, scope: Scope, id: str) -> None:
        """Once no cache stands in it."""
        drop = scope.client("elasticache").delete_cache_subnet_group
        with gone_is_fine("CacheSubnetGroupNotFoundFault"):
            when_released(f"subnet group {name_of(id)} to be free", drop, CacheSubnetGroupName=name_of(id))


def _state(group: Mapping[str, Any]) -> CacheSubnetGroupState:
    subnets = tuple(one["SubnetIdentifier"] for one in group["Subnets"])
    return CacheSubnetGroupState(vpc=group["VpcId"], subnets=subnets)
