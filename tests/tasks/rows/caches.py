"""Rows of the kinds of caches in tasks/data."""

from blueprints.caching import CacheCluster, CacheParameterGroup, CacheSubnetGroup, ReplicationGroup
from blueprints.firewalls import SecurityGroup
from blueprints.network import Subnet, Vpc
from blueprints.part import Part
from blueprints.secrets import Random, Secret
from tasks.data.cache_listing import name_of
from tasks.scope import ENVIRONMENT, PART, Scope, as_list
from tests.tasks.rows.network import but
from tests.tasks.rows.row import Row

VPC = Vpc(name="main", cidr="10.0.0.0/16")
SUBNETS = tuple(
    Subnet(name=f"private-{letter}", vpc="vpc/main", zone=f"eu-west-1{letter}", cidr=f"10.0.{number}.0/24")
    for number, letter in enumerate("abc")
)
PLACE = CacheSubnetGroup(name="main", vpc="vpc/main", subnets=("subnet/private-a", "subnet/private-b"))
SETTINGS = CacheParameterGroup(name="main", family="valkey8", parameters={"maxmemory-policy": "allkeys-lru"})
GROUPS = tuple(SecurityGroup(name=name, vpc="vpc/main") for name in ("cache-main", "other"))
TOKEN = Secret(name="cache-main", random=Random(length=64), on_removal="wipe", recovery=0)
CACHE = ReplicationGroup(
    name="main",
    version="8.0",
    node_type="cache.t4g.small",
    subnet_group="cache-subnet-group/main",
    groups=("security-group/cache-main",),
    parameter_group="default.valkey8",
    token="secret/cache-main",
    on_removal="wipe",
)
SPREAD = CacheParameterGroup(name="main", family="memcached1.6", parameters={"max_item_size": "2097152"})
MEMCACHED = CacheCluster(
    name="main",
    version="1.6.17",
    node_type="cache.t4g.small",
    nodes=2,
    spread=True,
    subnet_group="cache-subnet-group/main",
    groups=("security-group/cache-main",),
    parameter_group="default.memcached1.6",
)
ALL: tuple[Part, ...] = (VPC, *SUBNETS, *GROUPS, PLACE, SETTINGS, TOKEN)


def tags_of(scope: Scope, key: str) -> list[dict[str, str]]:
    return as_list({ENVIRONMENT: str(scope.environment), PART: key})


def first_subnet_only(scope: Scope, id: str) -> None:
    caches, name = scope.client("elasticache"), name_of(id)
    (group,) = caches.describe_cache_subnet_groups(CacheSubnetGroupName=name)["CacheSubnetGroups"]
    caches.modify_cache_subnet_group(CacheSubnetGroupName=name, SubnetIds=[group["Subnets"][0]["SubnetIdentifier"]])


def twin_place(scope: Scope, key: str) -> None:
    (group, *_) = scope.client("elasticache").describe_cache_subnet_groups()["CacheSubnetGroups"]
    scope.client("elasticache").create_cache_subnet_group(
        CacheSubnetGroupName=f"by-hand-{scope.environment}",
        CacheSubnetGroupDescription="by hand",
        SubnetIds=[one["SubnetIdentifier"] for one in group["Subnets"]],
        Tags=tags_of(scope, key),
    )


def set_by_hand(scope: Scope, id: str) -> None:
    rows = [{"ParameterName": "timeout", "ParameterValue": "60"}]
    scope.client("elasticache").modify_cache_parameter_group(
        CacheParameterGroupName=name_of(id), ParameterNameValues=rows
    )


def twin_settings(scope: Scope, key: str) -> None:
    scope.client("elasticache").create_cache_parameter_group(
        CacheParameterGroupName=f"by-hand-{scope.environment}",
        CacheParameterGroupFamily="valkey8",
        Description="by hand",
        Tags=tags_of(scope, key),
    )


ROWS = (
    Row(
        part=PLACE,
        needs=(VPC, *SUBNETS),
        changed=but(PLACE, subnets=tuple(f"subnet/{one.name}" for one in SUBNETS)),
        by_hand=first_subnet_only,
        vanish=lambda scope, id: scope.client("elasticache").delete_cache_subnet_group(
            CacheSubnetGroupName=name_of(id)
        ),
        twin=twin_place,
    ),
    Row(
        part=SETTINGS,
        changed=but(SETTINGS, parameters={"timeout": "30"}),
        moved=but(SETTINGS, family="valkey7"),
        by_hand=set_by_hand,
        vanish=lambda scope, id: scope.client("elasticache").delete_cache_parameter_group(
            CacheParameterGroupName=name_of(id)
        ),
        twin=twin_settings,
    ),
    Row(
        part=CACHE,
        needs=ALL,
        changed=but(
            CACHE,
            version="8.1",
            node_type="cache.r7g.large",
            replicas=2,
            failover=True,
            groups=("security-group/other",),
            parameter_group="cache-parameter-group/main",
            snapshots=7,
            snapshot_window="03:00-04:00",
            maintenance="sun:05:00-sun:06:00",
            minor_upgrades=False,
        ),
        moved=but(CACHE, port=6380, encrypted=False),
        by_hand=lambda scope, id: scope.client("elasticache").modify_replication_group(
            ReplicationGroupId=name_of(id), CacheNodeType="cache.t4g.medium", ApplyImmediately=True
        ),
        vanish=lambda scope, id: scope.client("elasticache").delete_replication_group(ReplicationGroupId=name_of(id)),
    ),
    Row(
        part=MEMCACHED,
        needs=(VPC, *SUBNETS, *GROUPS, PLACE, SPREAD),
        changed=but(
            MEMCACHED,
            version="1.6.22",
            nodes=3,
            groups=("security-group/other",),
            parameter_group="cache-parameter-group/main",
            maintenance="sun:05:00-sun:06:00",
            minor_upgrades=False,
        ),
        moved=but(MEMCACHED, port=11212, node_type="cache.t4g.medium"),
        by_hand=lambda scope, id: scope.client("elasticache").modify_cache_cluster(
            CacheClusterId=name_of(id), NumCacheNodes=5, ApplyImmediately=True
        ),
        vanish=lambda scope, id: scope.client("elasticache").delete_cache_cluster(CacheClusterId=name_of(id)),
    ),
)
