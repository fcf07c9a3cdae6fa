"""Parameter groups of ElastiCache: how an engine is set."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.caching import CacheParameterGroup
from tasks.data.cache_listing import (
    GONE,
    TAGGING,
    TaggedByElastiCache,
    called,
    name_of,
    one_named,
    ours,
    with_tags,
)
from tasks.each import batches
from tasks.errors import code_of, gone_is_fine
from tasks.kind import Fixed, Found, State
from tasks.retry import when_released
from tasks.scope import Scope, as_list

LONGEST, AT_ONCE = 255, 20  # characters; parameters that one call changes


class CacheParameterGroupState(State):
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.html"""

    family: Fixed[str]
    parameters: dict[str, str]


class CacheParameterGroupKind(TaggedByElastiCache[CacheParameterGroup, CacheParameterGroupState]):
    """Parameter groups of ElastiCache. One for another family stands beside the old one until the cache has moved."""

    name = "cache-parameter-group"
    whole_at_birth = False
    actions = tuple(
        sorted(
            (
                "elasticache:CreateCacheParameterGroup",
                "elasticache:DeleteCacheParameterGroup",
                "elasticache:DescribeCacheParameterGroups",
                "elasticache:DescribeCacheParameters",
                "elasticache:ModifyCacheParameterGroup",
                "elasticache:ResetCacheParameterGroup",
                *TAGGING,
            )
        )
    )

    def owned(self, scope: Scope) -> Iterator[Found[CacheParameterGroupState]]:
        """DescribeCacheParameterGroups, a call each for the tags, and for what is set in those of ours."""
        listed = scope.pages("elasticache", "describe_cache_parameter_groups", "CacheParameterGroups")
        own = (group for group in listed if not group["CacheParameterGroupName"].startswith("default."))
        for group, tags in with_tags(scope, own):
            if name := self.named_in(tags):
                parameters = _parameters(scope, group["CacheParameterGroupName"])
                state = CacheParameterGroupState(family=group["CacheParameterGroupFamily"], parameters=parameters)
                yield Found(self.name, name, group["ARN"], state, tags)

    def wanted(self, part: CacheParameterGroup, ids: Mapping[str, str]) -> CacheParameterGroupState:
        """See the base."""
        return CacheParameterGroupState(family=part.family, parameters=dict(sorted(part.parameters.items())))

    def create(self, scope: Scope, name: str, wanted: CacheParameterGroupState) -> str:
        """Its name is unique, so it can't be made twice; one made by a call that got lost is taken."""
        group = called(scope, name, LONGEST, wanted.foundation)
        try:
            made = scope.client("elasticache").create_cache_parameter_group(
                CacheParameterGroupName=group,
                CacheParameterGroupFamily=wanted.family,
                Description=f"{scope.environment}: {name}",
                Tags=as_list(self.birth_tags(scope, name, wanted)),
            )
            id = str(made["CacheParameterGroup"]["ARN"])
        except ClientError as error:
            if code_of(error) != "CacheParameterGroupAlreadyExists":
                raise
            there = one_named(
                scope, "describe_cache_parameter_groups", "CacheParameterGroups", "CacheParameterGroupName", group
            )
            id = ours(scope, self.key(name), f"a parameter group {group}", there)
        self.update(scope, id, wanted, frozenset({"parameters"}))
        return id

    def update(self, scope: Scope, id: str, wanted: CacheParameterGroupState, changed: frozenset[str]) -> None:
        """Those that aren't named any more go back to the engine's own."""
        group, caches = name_of(id), scope.client("elasticache")
        standing = _parameters(scope, group)
        rows = [
            {"ParameterName": name, "ParameterValue": value}
            for name, value in wanted.parameters.items()
            if standing.get(name) != value
        ]
        for several in batches(rows, AT_ONCE):
            caches.modify_cache_parameter_group(CacheParameterGroupName=group, ParameterNameValues=several)
        gone = [{"ParameterName": name} for name in standing if name not in wanted.parameters]
        for several in batches(gone, AT_ONCE):
            caches.reset_cache_parameter_group(CacheParameterGroupName=group, ParameterNameValues=several)

    def delete(self, scope: Scope, id: str) -> None:
        """Once no cache uses it."""
        drop = scope.client("elasticache").delete_cache_parameter_group
        with gone_is_fine(*GONE):
            when_released(f"parameter group {name_of(id)} to be free", drop, CacheParameterGroupName=name_of(id))


def _parameters(scope: Scope, group: str) -> dict[str, str]:
    """What people have set in it; nothing, if it has gone."""
    asked: dict[str, Any] = {"CacheParameterGroupName": group, "Source": "user"}
    with gone_is_fine(*GONE):
        rows = list(scope.pages("elasticache", "describe_cache_parameters", "Parameters", **asked))
        return {row["ParameterName"]: row.get("ParameterValue", "") for row in rows}
    return {}
