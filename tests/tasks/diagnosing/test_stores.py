"""Databases and caches that don't run, and those who are told their address and can't get there."""

from typing import Any

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from blueprints.reading import build
from tests.conductor import raise_all
from tests.physics import Physics
from tests.tasks.diagnosing.conftest import REGION, Standing
from tests.tasks.diagnosing.test_network import deny, put, usual
from tests.tasks.diagnosing.test_ways import revoke


def database_is(camp: Standing, status: str, part: str = "database/main") -> None:
    """As RDS tells it by itself: no call of anybody's makes it so."""
    name = camp.ids()[part].rpartition(":")[2]
    get_backend("rds")[DEFAULT_ACCOUNT_ID][REGION].databases[name].status = status


def cache_is(aws: Physics, camp: Standing, part: str, status: str) -> None:
    """As ElastiCache tells it by itself."""
    caches = aws.world.memory[f"caches of {REGION}"]
    name = camp.ids()[part].rpartition(":")[2]
    {**caches.replication_groups, **caches.clusters}[name].status = status


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("status", "cause", "field", "fix"),
    [
        pytest.param(
            "storage-full",
            *("storage-full", ".storage", "`max_storage`"),
            marks=pytest.mark.breaks("storage-full"),
        ),
        pytest.param(
            "incompatible-network",
            *("incompatible-network", "", "Free addresses in its subnets"),
            marks=pytest.mark.breaks("incompatible-network"),
        ),
        pytest.param(
            "incompatible-parameters",
            *("incompatible-parameters", ".parameters", "Take back the `parameters`"),
            marks=pytest.mark.breaks("incompatible-parameters"),
        ),
        pytest.param(
            "incompatible-option-group",
            *("incompatible-option-group", "", "put back its option group"),
            marks=pytest.mark.breaks("incompatible-option-group"),
        ),
        pytest.param(
            "inaccessible-encryption-credentials-recoverable",
            *("key-inaccessible", ".kms_key", "Enable the key"),
            marks=pytest.mark.breaks("key-inaccessible"),
        ),
        pytest.param(
            "inaccessible-encryption-credentials",
            *("key-inaccessible", ".kms_key", "restore a snapshot"),
            marks=pytest.mark.breaks("key-inaccessible"),
        ),
        pytest.param(
            "insufficient-capacity",
            *("no-capacity", ".instance_class", "Name another `instance_class`"),
            marks=pytest.mark.breaks("no-capacity"),
        ),
        pytest.param(
            "incompatible-restore",
            *("restore-failed", "", "Restore another snapshot"),
            marks=pytest.mark.breaks("restore-failed"),
        ),
        pytest.param(
            "failed",
            *("database-failed", "", "restore-db-instance-to-point-in-time --source-db-instance-identifier camp-main"),
            marks=pytest.mark.breaks("database-failed"),
        ),
    ],
)
def test_a_database_that_cannot_serve_is_told_with_its_state(
    camp: Standing, status: str, cause: str, field: str, fix: str
) -> None:
    database_is(camp, status)
    found = camp.only(cause, "database/main", f"databases.main{field}")
    assert f"({status})" in found.why
    assert fix in found.fix
    assert "by hand" not in found.fix
    database_is(camp, "available")
    assert camp.told() == []


def test_a_replica_that_cannot_serve_is_told_where_it_stands_in_the_blueprint(aws: Physics) -> None:
    main = {"engine": "postgres", "version": "17", "password": "castra", "replicas": {"reports": {}}}
    camp = Standing(
        build({"name": "copied", "region": REGION, "network": {"cidr": "10.81.0.0/16"}, "databases": {"main": main}})
    )
    part = "database-replica/main-reports"
    database_is(camp, "storage-full", part)
    assert camp.told() == [("storage-full", part, "databases.main.replicas.reports.storage")]
    database_is(camp, "failed", part)
    (found,) = camp.diagnosis().findings
    assert found.fix.startswith("aws rds delete-db-instance --db-instance-identifier copied-main-reports-")
    database_is(camp, "available", part)
    assert camp.told() == []
    raise_all(camp.scope, ())


@pytest.mark.thorough
@pytest.mark.breaks("stopped")
def test_a_database_that_somebody_stopped_is_told_with_the_command_that_starts_it(camp: Standing) -> None:
    rds, name = camp.client("rds"), camp.ids()["database/main"].rpartition(":")[2]
    rds.stop_db_instance(DBInstanceIdentifier=name)
    found = camp.only("stopped", "database/main", "databases.main")
    assert f"aws rds start-db-instance --db-instance-identifier {name}" in found.fix
    rds.start_db_instance(DBInstanceIdentifier=name)
    assert camp.told() == []


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("part", "status", "told"),
    [
        pytest.param(
            "replication-group/sessions",
            "incompatible-network",
            ("incompatible-network", "replication-group/sessions", "caches.sessions"),
            marks=pytest.mark.breaks("incompatible-network"),
        ),
        pytest.param(
            "cache-cluster/pages",
            "restore-failed",
            ("restore-failed", "cache-cluster/pages", "caches.pages.from_snapshot"),
            marks=pytest.mark.breaks("restore-failed"),
        ),
        pytest.param(
            "replication-group/sessions",
            "create-failed",
            ("failed", "replication-group/sessions", "caches.sessions"),
            marks=pytest.mark.breaks("failed"),
        ),
    ],
)
def test_a_cache_that_cannot_serve_is_told(
    aws: Physics, camp: Standing, part: str, status: str, told: tuple[str, str, str]
) -> None:
    cache_is(aws, camp, part, status)
    assert camp.told() == [told]
    cache_is(aws, camp, part, "available")
    assert camp.told() == []


@pytest.mark.breaks("store-admits-no-client")
def test_a_database_whose_rules_are_gone_is_named_for_each_who_is_told_its_address(camp: Standing) -> None:
    assert camp.told() == []
    revoke("database-main", "ingress")(camp)
    place = ("store-admits-no-client", "firewall/database-main", "databases.main.admits")
    assert camp.told() == [place, place]
    whys = sorted(one.why for one in camp.diagnosis().findings)
    assert ["functions.clerk" in whys[0], "servers.app" in whys[1]] == [True, True]
    assert all("by tcp on port 5432" in why for why in whys)
    camp.mend()
    assert camp.told() == []


@pytest.mark.thorough
@pytest.mark.parametrize("cache", ["sessions", "pages"])
@pytest.mark.breaks("store-admits-no-client")
def test_a_cache_whose_rules_are_gone_is_named(camp: Standing, cache: str) -> None:
    revoke(f"cache-{cache}", "ingress")(camp)
    assert camp.told() == [("store-admits-no-client", f"firewall/cache-{cache}", f"caches.{cache}.admits")]
    camp.mend()
    assert camp.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("client-sends-nothing")
def test_a_client_that_may_speak_to_nobody_is_named(camp: Standing) -> None:
    revoke("function-clerk", "egress")(camp)
    found = camp.only("client-sends-nothing", "firewall/function-clerk", "functions.clerk")
    assert "database/main" in found.why
    camp.mend()
    assert camp.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("acl-denies")
@pytest.mark.parametrize(
    ("port", "egress", "words"),
    [
        (5432, True, "denies tcp on port 5432 to 10.80."),
        (6379, False, "denies tcp on port 6379 from 10.80."),
        (443, True, "denies tcp on port 443 to anywhere"),
        (32768, False, "denies answers on ports from 32768 on from 10.80."),
    ],
)
def test_an_acl_between_servers_and_their_data_or_the_internet_is_named(
    camp: Standing, port: int, egress: bool, words: str
) -> None:
    deny(camp, "subnet/private-a", port, egress=egress)
    found = camp.diagnosis().findings
    assert {(one.cause, one.place) for one in found} == {("acl-denies", "network")}
    assert any(words in one.why for one in found), [one.why for one in found]
    put(camp, "subnet/private-a", usual(camp))
    assert camp.told() == []


@pytest.mark.thorough
def test_an_acl_that_lets_chosen_parts_of_the_internet_through_is_no_cause(camp: Standing) -> None:
    """Somebody chose whom servers may reach; that all others are denied is as it should be."""
    ec2, ids = camp.client("ec2"), camp.ids()
    acl = ec2.create_network_acl(VpcId=ids["vpc/main"])["NetworkAcl"]["NetworkAclId"]
    common: dict[str, Any] = {"NetworkAclId": acl, "RuleAction": "allow", "Protocol": "-1"}
    for number, cidr in ((100, "10.80.0.0/16"), (110, "52.95.0.0/16")):
        for out in (True, False):
            ec2.create_network_acl_entry(**common, RuleNumber=number, CidrBlock=cidr, Egress=out)
    put(camp, "subnet/private-a", acl)
    assert camp.told() == []
    put(camp, "subnet/private-a", usual(camp))
