"""Each quota is told when a plan would pass it, with its code and AWS's page, and not before."""

from collections.abc import Callable
from typing import Any

import pytest

from blueprints.reading import build
from tasks.doctor.finding import Finding
from tasks.doctor.quotas import PAGES, QUOTAS, quotas
from tasks.scope import Scope
from tests.physics import Physics
from tests.physics.gaps.quotas import DEFAULTS
from tests.tasks.diagnosing.conftest import EXAMPLES

NETWORK = {"cidr": "10.0.0.0/16", "zones": 2, "nat": "one"}
REGION = "eu-west-1"
POSTGRES = {"engine": "postgres", "version": "17"}
GREET = {"code": str(EXAMPLES / "functions"), "handler": "app.take", "concurrency": 30}
DOCUMENT: dict[str, Any] = {
    "network": NETWORK,
    "databases": {"main": POSTGRES, "other": POSTGRES},
    "caches": {
        "sessions": {"parameters": {"maxmemory-policy": "allkeys-lru"}},
        "events": {"node_type": "cache.r7g.large", "shards": 3, "replicas": 1},
        "pages": {"engine": "memcached", "nodes": 2},
    },
    "functions": {"greet": GREET},
}


def nat_gateway(client: Callable[[str], Any]) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)  # without one, NAT gateways fail
    for zone in "ab":
        cidr = f"10.9.{ord(zone)}.0/24"
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        ec2.create_nat_gateway(SubnetId=made["SubnetId"], AllocationId=address)


def database(client: Callable[[str], Any]) -> None:
    client("rds").create_db_instance(
        DBInstanceIdentifier="hers", DBInstanceClass="db.t4g.micro", Engine="mysql", AllocatedStorage=20
    )


def database_groups(client: Callable[[str], Any]) -> None:
    subnets = client("ec2").describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    ids = [one["SubnetId"] for one in subnets]
    rds = client("rds")
    rds.create_db_subnet_group(DBSubnetGroupName="hers", DBSubnetGroupDescription="by hand", SubnetIds=ids)
    rds.create_db_parameter_group(
        DBParameterGroupName="hers", DBParameterGroupFamily="postgres17", Description="by hand"
    )


def cache(client: Callable[[str], Any]) -> None:
    caches = client("elasticache")
    subnets = client("ec2").describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    ids = [one["SubnetId"] for one in subnets]
    caches.create_cache_subnet_group(CacheSubnetGroupName="hers", CacheSubnetGroupDescription="", SubnetIds=ids)
    caches.create_cache_parameter_group(
        CacheParameterGroupName="hers", CacheParameterGroupFamily="valkey8", Description="by hand"
    )
    caches.create_cache_cluster(
        CacheClusterId="hers",
        Engine="memcached",
        CacheNodeType="cache.t4g.micro",
        NumCacheNodes=3,
        CacheSubnetGroupName="hers",
    )


def told(scope: Scope) -> dict[tuple[str, str], Finding]:
    """By its name and where it counts."""
    parts = build({"name": str(scope.environment), "region": REGION, **DOCUMENT}).parts()
    return {(one.what, one.why.rpartition(" in ")[2]): one for one in quotas(parts, parts, scope)}


@pytest.mark.parametrize(
    ("code", "name", "place", "by_hand", "makes", "stands"),
    [
        ("L-FE5A380F", "NAT gateways", f"{REGION}a", nat_gateway, 1, 1),
        ("L-7B6409FD", "databases", REGION, database, 2, 1),
        ("L-48C6BF61", "subnet groups of databases", REGION, database_groups, 1, 1),
        ("L-DE55804A", "parameter groups of databases", REGION, database_groups, 2, 1),
        ("L-DFE45DF3", "nodes of caches", REGION, cache, 10, 3),
        ("L-3E7F7726", "subnet groups of caches", REGION, cache, 3, 1),
        ("L-3F15A733", "parameter groups of caches", REGION, cache, 1, 1),
    ],
)
def test_a_quota_is_told_once_the_plan_passes_it_and_not_before(
    physics: Physics,
    strict: Scope,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    name: str,
    place: str,
    by_hand: Callable[[Callable[[str], Any]], None],
    makes: int,
    stands: int,
) -> None:
    by_hand(physics.client)
    monkeypatch.setitem(DEFAULTS, code, (name, makes + stands))
    enough = told(strict)[name, place]
    assert (enough.verdict, enough.why) == (
        "good",
        f"{stands} stand, the plan makes {makes}, {makes + stands} are allowed in {place}",
    )
    monkeypatch.setitem(DEFAULTS, code, (name, makes + stands - 1))
    strict.look_afresh()
    lacking = told(strict)[name, place]
    (quota,) = [one for one in QUOTAS if one.code == code]
    assert lacking.verdict == "lacking"
    assert code in lacking.way_out
    assert PAGES[quota.service] in lacking.way_out


def test_executions_that_a_function_has_to_itself_leave_a_hundred_to_the_others(
    physics: Physics, strict: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "executions of functions at once"
    good = told(strict)[name, REGION]
    assert (good.verdict, good.why) == ("good", f"0 stand, the plan makes 30, 900 are allowed in {REGION}")
    monkeypatch.setattr("tests.physics.gaps.quotas.AT_ONCE", 129)
    lacking = told(strict)[name, REGION]
    assert (lacking.verdict, "L-B99A9384" in lacking.way_out) == ("lacking", True)


def test_every_quota_has_a_code_of_its_own_and_a_page() -> None:
    assert len({one.code for one in QUOTAS}) == len(QUOTAS)
    assert all(PAGES[one.service].startswith("https://docs.aws.amazon.com/") for one in QUOTAS)
