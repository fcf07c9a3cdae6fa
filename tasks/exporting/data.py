"""The sections `databases` and `caches`."""

from typing import Any

from blueprints.caches import CLUSTER_MODE, NEWEST
from blueprints.databases import PORTS, TLS
from tasks.exporting.standing import Section, Standing, said


def databases(standing: Standing) -> dict[str, Section]:
    """Each, by name. Its password is RDS's own, and nowhere here."""
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
    )


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
