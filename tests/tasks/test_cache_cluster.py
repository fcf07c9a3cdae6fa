"""What is particular to caches of Memcached: nodes that come and go, and waits."""

from typing import Any

import pytest

from blueprints.reading import build
from tasks.errors import Invalid, NeedsReplacing
from tasks.kind import Found
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.conftest import Weather
from tests.tasks.rows.caches import GROUPS, MEMCACHED, PLACE, SPREAD, SUBNETS, VPC
from tests.tasks.rows.network import but

KIND = KINDS["cache-cluster"]
NEEDS = (VPC, *SUBNETS, *GROUPS, PLACE, SPREAD)


def found(scope: Scope, name: str = "main") -> Found[Any]:
    (one,) = look(scope, KIND, name)
    return one


def test_nodes_come_and_go_and_the_last_ones_go_first(physics: Physics, strict: Scope) -> None:
    for nodes in (2, 4, 1):
        parts = (*NEEDS, but(MEMCACHED, nodes=nodes))
        raise_all(strict, parts)
        assert look_and_plan(strict, parts).settled
    grown, shrunk = [call.params for call in physics.writes() if call.operation == "ModifyCacheCluster"]
    assert (grown["NumCacheNodes"], grown["AZMode"], "CacheNodeIdsToRemove" in grown) == ("4", "cross-az", False)
    assert shrunk["CacheNodeIdsToRemove"] == ["0002", "0003", "0004"]
    assert "AZMode" not in shrunk


def test_a_lower_version_is_refused_and_one_that_aws_raised_by_itself_is_no_drift(strict: Scope) -> None:
    raise_all(strict, (*NEEDS, MEMCACHED))
    id = found(strict).id.rpartition(":")[2]
    strict.client("elasticache").modify_cache_cluster(CacheClusterId=id, EngineVersion="1.6.22", ApplyImmediately=True)
    assert look_and_plan(strict, (*NEEDS, MEMCACHED)).settled
    raise_all(strict, (*NEEDS, but(MEMCACHED, version="1.6.22")))
    with pytest.raises(NeedsReplacing, match="cache-cluster/main"):
        look_and_plan(strict, (*NEEDS, MEMCACHED))


def test_it_is_awaited_while_it_is_made_changed_and_deleted(weather: Weather) -> None:
    weather(scale=200, times={"cache_available": 300, "cache_modified": 100, "cache_deleted": 200})
    scope = Scope("slow", "eu-west-1", poll_seconds=0.05)
    raise_all(scope, NEEDS)
    id = KIND.create(scope, "main", KIND.wanted(MEMCACHED, look_and_plan(scope, NEEDS).ids))
    assert (found(scope).phase, found(scope).outputs) == ("pending", {})
    KIND.ready(scope, id)
    assert (found(scope).phase, found(scope).outputs["port"]) == ("standing", "11211")
    raise_all(scope, (*NEEDS, but(MEMCACHED, nodes=3)))
    assert found(scope).state.nodes == 3
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()


def test_what_only_others_have_is_told_with_its_place() -> None:
    network = {"cidr": "10.0.0.0/16"}
    cache = {"engine": "memcached", "replicas": 1, "version": "1.6"}
    with pytest.raises(Invalid) as raised:
        build({"name": "e", "region": "eu-west-1", "network": network, "caches": {"a": cache}}).parts()
    assert sorted(problem.path for problem in raised.value.problems) == ["caches.a.replicas", "caches.a.version"]
