"""The sections `databases` and `caches`."""

from typing import Any

from blueprints.caches import CLUSTER_MODE, NEWEST
from blueprints.databases import PORTS, TLS
from tasks.exporting.standing import Section, Standing, said


def databases(standing: Standing) -> dict[str, Section]:
    """Each, by name, with its replicas. Passwords stay where they are."""
    return {name: _database(standing, name, one.state) for name, one in standing.of("database").items()}


def _database(standing: Standing, name: str, state: Any) -> Section:
    asked = {"engine", "version", "instance_class", "storage", "max_storage", "multi_zone", "user", "backup_retention"}
    return said(
        **state.model_dump(include=asked | {"minor_upgrades", "on_removal"}),
        database=state.database or None,
        port=None if state.port == PORTS.get(state.engine) else state.port,
        admits=_admits(standing, f"database-{name}", state.port),
        parameters=_parameters(standing, "database-parameter-group", name, {TLS.get(state.engine): "1"}),
        kms_key=state.kms_key or None,
        backup_window=state.backup_window or None,
        maintenance_window=state.maintenance_window or None,
        deletion_protection=state.protected,
        password="castra" if state.secret else None,
        replicas=_replicas(standing, name, state) or None,
    )


def _replicas(standing: Standing, name: str, database: Any) -> dict[str, Section]:
    """Those that follow a database, with what isn't as that has it."""
    told = {one.name: one.state for one in standing.of("database-replica").values()}
    mine = {called: state for called, state in told.items() if state.source == standing.ids[f"database/{name}"]}
    return {called.removeprefix(f"{name}-"): _replica(state, database) for called, state in mine.items()}


def _replica(state: Any, database: Any) -> Section:
    own = ("instance_class", "storage", "max_storage")
    differing = {field: told for field in own if (told := getattr(state, field)) != getattr(database, field)}
    return said(**differing, zone=None if state.multi_zone else state.zone, multi_zone=state.multi_zone or None)


def caches(standing: Standing) -> dict[str, Section]:
    """Each, of whatever engine, by name."""
    told = {name: _cache(standing, name, one.state) for name, one in standing.of("replication-group").items()}
    return told | {name: _memcached(standing, name, one.state) for name, one in standing.of("cache-cluster").items()}


def _cache(standing: Standing, name: str, state: Any) -> Section:
    usual = state.cluster or state.failover == (state.replicas > 0)
    same = {"engine", "node_type", "replicas", "tls", "encrypted", "snapshots", "minor_upgrades", "on_removal", "port"}
    return said(
        **state.model_dump(include=same),
        version=None if state.version == NEWEST.get(state.engine) else state.version,
        shards=state.shards if state.cluster else None,
        failover=None if usual else state.failover,
        token=bool(state.token),
        kms_key=state.kms_key or None,
        admits=_admits(standing, f"cache-{name}", state.port),
        parameters=_parameters(standing, "cache-parameter-group", name, {CLUSTER_MODE: "yes"}),
        snapshot_window=state.snapshot_window or None,
        maintenance=state.maintenance or None,
    )


def _memcached(standing: Standing, name: str, state: Any) -> Section:
    return said(
        engine="memcached",
        **state.model_dump(include={"version", "node_type", "nodes", "port", "tls", "minor_upgrades"}),
        admits=_admits(standing, f"cache-{name}", state.port),
        parameters=_parameters(standing, "cache-parameter-group", name, {}),
        maintenance=state.maintenance or None,
    )


def _parameters(standing: Standing, kind: str, name: str, usual: dict[Any, str]) -> dict[str, str] | None:
    """Settings of the engine, but for those that Castra makes by itself."""
    group = standing.state(kind, name)
    told = group.parameters.items() if group else ()
    return {key: value for key, value in told if usual.get(key) != value} or None


def _admits(standing: Standing, group: str, port: int) -> Section | None:
    """Who is let in on its port; other rules, no section says."""
    wall, told = standing.state("firewall", group), dict[str, list[str]]()
    for rule in wall.inbound if wall else ():
        if (rule.protocol, rule.ports) == ("tcp", (port, port)) and (named := standing.peer(rule)):
            told.setdefault(named[0], []).append(named[1])
    return told or None
