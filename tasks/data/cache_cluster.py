"""Caches of Memcached: clusters of ElastiCache."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.caching import CacheCluster
from blueprints.part import Id
from tasks.data.cache_listing import (
    TAGGING,
    TaggedByElastiCache,
    beside,
    called,
    name_of,
    one_named,
    ours,
    with_tags,
)
from tasks.data.cache_notes import PHASES, chosen_in, notes, numbers, version_told
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import AtBirth, Fixed, Found, State, Unordered
from tasks.retry import when_released, when_visible
from tasks.scope import Scope, as_list
from tasks.waiting import wait_for

LONGEST = 50  # characters of its id
WITHIN = 3600.0  # seconds
ALONE: dict[str, Any] = {"ShowCacheClustersNotInReplicationGroups": True, "ShowCacheNodeInfo": True}


class CacheClusterState(State):
    """ARNs. https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CacheCluster.html"""

    version: str
    node_type: Fixed[str]
    nodes: int
    spread: AtBirth[bool]
    subnet_group: Fixed[str]
    groups: Unordered[str]
    parameter_group: str
    port: Fixed[int]
    tls: Fixed[bool]
    maintenance: str
    minor_upgrades: bool

    def immovable(self, found: "CacheClusterState") -> frozenset[str]:
        """A version can't be lowered."""
        return self.fixed() | ({"version"} if numbers(self.version) < numbers(found.version) else set())


class CacheClusterKind(TaggedByElastiCache[CacheCluster, CacheClusterState]):
    """Caches of Memcached: clusters of ElastiCache."""

    name = "cache-cluster"
    holds = "all that is in it"
    goes_first = True  # AWS keeps one of an id
    actions = tuple(
        sorted(
            (
                "elasticache:CreateCacheCluster",
                "elasticache:DeleteCacheCluster",
                "elasticache:DescribeCacheClusters",
                "elasticache:ModifyCacheCluster",
                *TAGGING,
            )
        )
    )

    def owned(self, scope: Scope) -> Iterator[Found[CacheClusterState]]:
        """DescribeCacheClusters, without those that replication groups are made of; a call each for the tags."""
        listed = scope.pages("elasticache", "describe_cache_clusters", "CacheClusters", **ALONE)
        for cluster, tags in with_tags(scope, (one for one in listed if not one.get("ReplicationGroupId"))):
            if name := self.named_in(tags):
                phase = PHASES.get(cluster["CacheClusterStatus"], "pending")
                state, outputs = _state(cluster, tags), _outputs(cluster)
                loses = "all that is in it"
                yield Found(self.name, name, cluster["ARN"], state, tags, phase, outputs=outputs, loses=loses)

    def wanted(self, part: CacheCluster, ids: Mapping[str, str]) -> CacheClusterState:
        """See the base."""
        own = part.parameter_group
        return CacheClusterState(
            version=part.version,
            node_type=part.node_type,
            nodes=part.nodes,
            spread=part.spread,
            subnet_group=ids[part.subnet_group],
            groups=tuple(ids[one] for one in part.groups),
            parameter_group=ids[own] if isinstance(own, Id) else own,
            port=part.port,
            tls=part.tls,
            maintenance=part.maintenance or "",
            minor_upgrades=part.minor_upgrades,
        )

    def create(self, scope: Scope, name: str, wanted: CacheClusterState) -> str:
        """Its id is unique, so it can't be made twice; one made by a call that got lost is taken."""
        id = called(scope, name, LONGEST, wanted.foundation)
        try:
            made = when_visible(
                f"what cache {name} stands in",
                scope.client("elasticache").create_cache_cluster,
                CacheClusterId=id,
                Tags=as_list(self.birth_tags(scope, name, wanted) | _own_tags(wanted)),
                **_asked(wanted),
            )
            return str(made["CacheCluster"]["ARN"])
        except ClientError as error:
            if code_of(error) != "CacheClusterAlreadyExists":
                raise
        there = one_named(scope, "describe_cache_clusters", "CacheClusters", "CacheClusterId", id)
        return ours(scope, self.key(name), f"a cache {id}", there)

    def ready(self, scope: Scope, id: str) -> None:
        """Minutes."""
        _settled(scope, name_of(id))

    def update(self, scope: Scope, id: str, wanted: CacheClusterState, changed: frozenset[str]) -> None:
        """At once, in one call; of nodes that go, the last ones do."""
        name = name_of(id)
        _settled(scope, name)
        settings = _settings(wanted)
        asked = {key: value for field in sorted(changed & settings.keys()) for key, value in settings[field].items()}
        asked |= _nodes(scope, name, wanted) if "nodes" in changed else {}
        if asked:
            change = scope.client("elasticache").modify_cache_cluster
            when_released(f"cache {name} to be available", change, CacheClusterId=name, ApplyImmediately=True, **asked)
            _settled(scope, name)
        self.tag(scope, id, _own_tags(wanted))

    def delete(self, scope: Scope, id: str) -> None:
        """With all that is in it."""
        name, caches = name_of(id), scope.client("elasticache")
        there = one_named(scope, "describe_cache_clusters", "CacheClusters", "CacheClusterId", name)
        if there is None:
            return
        if there["CacheClusterStatus"] != "deleting":
            with gone_is_fine("CacheClusterNotFound"):
                when_released(f"cache {name} to be available", caches.delete_cache_cluster, CacheClusterId=name)
        wait_for(scope, "elasticache", "cache_cluster_deleted", f"cache {name}", WITHIN, CacheClusterId=name)


def _settled(scope: Scope, name: str) -> None:
    """Wait until no change of it is under way. Raises CastraError if it's gone."""
    if one_named(scope, "describe_cache_clusters", "CacheClusters", "CacheClusterId", name) is None:
        raise CastraError(f"cache {name}", "it is gone", "Run again: it will be made")
    wait_for(scope, "elasticache", "cache_cluster_available", f"cache {name}", WITHIN, CacheClusterId=name)


def _nodes(scope: Scope, name: str, wanted: CacheClusterState) -> dict[str, Any]:
    asked = {"CacheClusterId": name, "ShowCacheNodeInfo": True}
    (there,) = scope.client("elasticache").describe_cache_clusters(**asked)["CacheClusters"]
    standing = sorted(node["CacheNodeId"] for node in there["CacheNodes"])
    going = {"CacheNodeIdsToRemove": standing[wanted.nodes :]} if len(standing) > wanted.nodes else {}
    return {"NumCacheNodes": wanted.nodes, **going, **_zones(wanted)}


def _zones(wanted: CacheClusterState) -> dict[str, str]:
    return {"AZMode": "cross-az"} if wanted.spread and wanted.nodes > 1 else {}


def _settings(wanted: CacheClusterState) -> dict[str, dict[str, Any]]:
    """By field, what AWS takes for it."""
    return {
        "version": {"EngineVersion": wanted.version},
        "parameter_group": {"CacheParameterGroupName": name_of(wanted.parameter_group)},
        "groups": {"SecurityGroupIds": list(wanted.groups)},
        "maintenance": {"PreferredMaintenanceWindow": wanted.maintenance} if wanted.maintenance else {},
        "minor_upgrades": {"AutoMinorVersionUpgrade": wanted.minor_upgrades},
    }


def _asked(wanted: CacheClusterState) -> dict[str, Any]:
    settings = {key: value for setting in _settings(wanted).values() for key, value in setting.items()}
    return {**settings, **_zones(wanted)} | {
        "Engine": "memcached",
        "CacheNodeType": wanted.node_type,
        "NumCacheNodes": wanted.nodes,
        "CacheSubnetGroupName": name_of(wanted.subnet_group),
        "Port": wanted.port,
        "TransitEncryptionEnabled": wanted.tls,
    }


def _own_tags(wanted: CacheClusterState) -> dict[str, str]:
    return notes(wanted.version, wanted.port, {"maintenance": wanted.maintenance})


def _state(cluster: Mapping[str, Any], tags: Mapping[str, str]) -> CacheClusterState:
    arn, used = cluster["ARN"], cluster.get("CacheParameterGroup", {}).get("CacheParameterGroupName", "")
    return CacheClusterState(
        version=version_told(cluster.get("EngineVersion", ""), tags),
        node_type=cluster.get("CacheNodeType", ""),
        nodes=cluster.get("NumCacheNodes", 1),
        spread=False,
        subnet_group=beside(arn, "subnetgroup", cluster.get("CacheSubnetGroupName", "")),
        groups=tuple(one["SecurityGroupId"] for one in cluster.get("SecurityGroups", ())),
        parameter_group=used if used.startswith("default.") else beside(arn, "parametergroup", used),
        port=int(tags.get("castra:port", "11211")),
        tls=cluster.get("TransitEncryptionEnabled", False),
        maintenance=cluster.get("PreferredMaintenanceWindow", "") if "maintenance" in chosen_in(tags) else "",
        minor_upgrades=cluster.get("AutoMinorVersionUpgrade", True),
    )


def _outputs(cluster: Mapping[str, Any]) -> dict[str, str]:
    front = cluster.get("ConfigurationEndpoint") or {}
    return {"address": front["Address"], "port": str(front["Port"])} if front.get("Address") else {}
