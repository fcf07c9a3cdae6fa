"""The section `databases`: what it unfolds into, and what doesn't fit."""

from typing import Any

import pytest

from blueprints.databases import Database, DatabaseParameterGroup
from blueprints.firewalls import Firewall
from blueprints.problem import Invalid
from blueprints.reading import build
from blueprints.replicas import DatabaseReplica
from blueprints.secrets import Secret

LOGIN = "secret/database-main"
IMAGE = {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}


def document(*, network: Any = None, more: Any = None, **database: Any) -> dict[str, Any]:
    network = network if network is not None else {"cidr": "10.0.0.0/16"}
    main = {"engine": "postgres", "version": 17, **database}
    given: dict[str, Any] = {"name": "shop", "region": "eu-west-1", "databases": {"main": main}, **(more or {})}
    return given | ({"network": network} if network else {})


def copied(replica: Any = None, number: int = 1, **database: Any) -> dict[str, Any]:
    replicas = {f"copy-{index}": replica or {} for index in range(number)}
    return document(password="castra", replicas=replicas, **database)


def problems(given: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        build(given).parts()
    return {problem.path: problem.why for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("engine", "version", "family", "setting", "port"),
    [
        ("postgres", 17, "postgres17", "rds.force_ssl", 5432),
        ("mysql", "8.4", "mysql8.4", "require_secure_transport", 3306),
        ("mariadb", "11.4", "mariadb11.4", "require_secure_transport", 3306),
    ],
)
def test_each_engine_has_its_settings_port_and_tls(
    engine: str, version: Any, family: str, setting: str, port: int
) -> None:
    parts = build(document(engine=engine, version=version, parameters={"work": "1"})).parts()
    (settings,) = [part for part in parts if isinstance(part, DatabaseParameterGroup)]
    (database,) = [part for part in parts if isinstance(part, Database)]
    assert (settings.family, settings.parameters) == (family, {setting: "1", "work": "1"})
    assert database.port == port


def test_it_admits_only_those_named_on_its_port_and_lets_nothing_out() -> None:
    admits = {"servers": ["app"], "networks": ["10.9.0.0/16"]}
    given = document(port=6000, admits=admits, more={"servers": {"app": {"image": IMAGE}}})
    (firewall,) = [part for part in build(given).parts() if part.key == "firewall/database-main"]
    assert isinstance(firewall, Firewall)
    assert [(rule.ports, str(rule.peer)) for rule in firewall.inbound] == [
        ((6000, 6000), "10.9.0.0/16"),
        ((6000, 6000), "security-group/servers-app"),
    ]
    assert firewall.outbound == ()


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (document(network={}), "network"),
        (document(network={"cidr": "10.0.0.0/16", "zones": 1}), "network.zones"),
        (document(admits={"servers": ["app"]}), "databases.main.admits.servers.0"),
        (document(admits={"functions": ["app"]}), "databases.main.admits.functions.0"),
        (document(version="17.4"), "databases.main"),
        (document(version=17.4), "databases.main.version"),
        (document(user="admin"), "databases.main"),
        (document(max_storage=21), "databases.main"),
        (document(backup_window="03:00-03:10"), "databases.main.backup_window"),
        (
            document(backup_window="23:45-00:30", maintenance_window="mon:00:00-mon:01:00"),
            "databases.main.backup_window",
        ),
        (document(maintenance_window="sun:23:00-mon:23:30"), "databases.main.maintenance_window"),
        (document(password="secret"), "databases.main.password"),
        (document(replicas={"reports": {}}), "databases.main.replicas"),
        (copied(number=16), "databases.main.replicas"),
        (copied(backup_retention=0), "databases.main.backup_retention"),
        (copied({"storage": 50}, storage=60), "databases.main.replicas.copy-0.storage"),
        (copied({"storage": 60}, max_storage=61), "databases.main.replicas.copy-0.max_storage"),
        (copied({"zone": "c"}), "databases.main.replicas.copy-0.zone"),
        (copied({"zone": "b", "multi_zone": True}), "databases.main.replicas.copy-0.zone"),
        (copied(more={"secrets": {"database-main": {}}}), "secrets.database-main"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(given: dict[str, Any], path: str) -> None:
    assert path in problems(given)


def test_windows_that_only_touch_are_fine() -> None:
    assert build(document(backup_window="23:30-00:00", maintenance_window="mon:00:00-mon:00:30")).parts()


def test_a_function_is_told_its_address_once_it_is_ready_and_its_secret_as_soon_as_that_is_known() -> None:
    clerk = {"code": ".", "handler": "app.handler", "runtime": "provided.al2023", "vpc": True}
    clerk |= {"names": {"HOST": "database/main"}, "secrets": {"LOGIN": "database/main"}}
    given = document(admits={"functions": ["clerk"]}, more={"functions": {"clerk": clerk}})
    by_key = {part.key: part for part in build(given).parts()}
    function, role = by_key["function/clerk"], by_key["role/function-clerk"]
    assert set(function.outputs) == {"database/main.address", "database/main.secret"}
    assert "database/main" in function.needs
    assert "database/main" in function.awaits
    assert (role.outputs, role.awaits) == (("database/main.secret",), ())


def test_a_database_that_is_named_and_not_there_is_told() -> None:
    clerk = {"code": ".", "handler": "app.handler", "runtime": "provided.al2023", "can": [{"read": "database/other"}]}
    clerk |= {"names": {"HOST": "database/other"}, "secrets": {"LOGIN": "database/other"}}
    found = problems(document(more={"functions": {"clerk": clerk}}))
    where = "functions.clerk."
    assert {f"{where}can.0.read", f"{where}names.HOST", f"{where}secrets.LOGIN"} <= found.keys()


def test_a_replica_is_as_its_database_where_nothing_else_is_said() -> None:
    given = copied({"zone": "b", "storage": 50}, storage=30, max_storage=100, port=6000, apply="now")
    by_key = {part.key: part for part in build(given).parts()}
    replica, database, secret = by_key["database-replica/main-copy-0"], by_key["database/main"], by_key[LOGIN]
    assert isinstance(replica, DatabaseReplica)
    assert isinstance(database, Database)
    assert isinstance(secret, Secret)
    assert (database.secret, secret.username, secret.random.length) == (LOGIN, "castra", 32)
    assert (replica.source, replica.zone, replica.storage) == ("database/main", "eu-west-1b", 50)
    same = ("version", "instance_class", "max_storage", "groups", "subnet_group", "parameter_group", "port", "apply")
    assert [getattr(replica, field) for field in same] == [getattr(database, field) for field in same]
    assert "database/main" in replica.awaits


def test_a_replica_is_named_beside_its_database_and_its_secret_is_the_databases() -> None:
    clerk = {"code": ".", "handler": "app.handler", "runtime": "provided.al2023"}
    clerk |= {
        "names": {"HOST": "database/main", "READS": "database/main/copy-0"},
        "secrets": {"LOGIN": "database/main"},
    }
    by_key = {part.key: part for part in build(copied(more={"functions": {"clerk": clerk}})).parts()}
    told = {"database/main.address", "database-replica/main-copy-0.address", "database/main.secret"}
    assert set(by_key["function/clerk"].outputs) == told
    clerk |= {"names": {"READS": "database/main/other"}}
    assert "functions.clerk.names.READS" in problems(copied(more={"functions": {"clerk": clerk}}))
    reads = {"can": [{"read": "secret/database-main"}]}
    assert build(copied(more={"functions": {"clerk": {**clerk, "names": {}, **reads}}})).parts()


def test_a_replica_that_is_nearly_full_is_told_of_by_its_own_share() -> None:
    alarms = {"alarms": {"to": "topic/ops", "database_storage": 20}, "topics": {"ops": {}}}
    by_key = {part.key: part for part in build(copied({"storage": 50}, more=alarms)).parts()}
    own, database = by_key["alarm/replica-main-copy-0-storage"], by_key["alarm/database-main-storage"]
    assert (own.threshold, database.threshold) == (10 * 1024**3, 4 * 1024**3)  # type: ignore[attr-defined]
    assert "database-replica/main-copy-0" in own.needs
