"""Forecasts and requests as people write them."""

from typing import Any

import pytest

from blueprints.problem import Invalid
from blueprints.reading import build
from blueprints.scaling import PredictivePolicy, Requests, TargetTracking
from blueprints.servers import ScalingGroup


def document(scaling: dict[str, Any], **more: Any) -> dict[str, Any]:
    app = {"image": {"id": "ami-1"}, "port": 80, "count": {"min": 1, "max": 4}, "scaling": scaling}
    whole = {"name": "web", "region": "eu-west-1", "network": {"cidr": "10.0.0.0/16"}, "servers": {"app": app}}
    return whole | more


def front(**more: Any) -> dict[str, Any]:
    return {"listeners": [{"port": 80, "to": "app", **more}]}


def parts_of(kind: Any, data: dict[str, Any]) -> list[Any]:
    return [part for part in build(data).parts() if isinstance(part, kind)]


def told(data: dict[str, Any]) -> list[str]:
    with pytest.raises(Invalid) as caught:
        build(data)
    return [str(problem).removeprefix("servers.app.scaling.") for problem in caught.value.problems]


def test_a_forecast_only_tells_by_default_and_moves_no_bound() -> None:
    data = document({"predictive": {"target": 50}})
    (policy,) = parts_of(PredictivePolicy, data)
    assert policy == PredictivePolicy(
        name="app-cpu",
        where="servers.app.scaling.predictive",
        group="scaling-group/app",
        metric="ASGCPUUtilization",
        target=50,
        scale=False,
        ahead=300,
    )
    assert parts_of(ScalingGroup, data)[0].moved == ()


def test_a_forecast_that_may_raise_the_maximum_moves_it() -> None:
    data = document({"predictive": {"target": 50, "scale": True, "above_max": 0, "ahead": "10 minutes"}})
    (policy,) = parts_of(PredictivePolicy, data)
    assert (policy.above_max, policy.ahead) == (0, 600)
    assert parts_of(ScalingGroup, data)[0].moved == ("max",)


def test_forecast_requests_are_those_of_the_balancer_in_front_with_the_listeners_that_send_them() -> None:
    rules = [{"path": "/api/*", "to": "app"}]
    servers = document({})["servers"]
    servers["app"]["scaling"] = {"predictive": {"metric": "requests", "target": 1000}}
    servers["other"] = {"image": {"id": "ami-1"}, "port": 80}
    listeners = [{"port": 80, "to": "app"}, {"port": 81, "to": "other", "rules": rules}, {"port": 82, "to": "other"}]
    (policy,) = parts_of(PredictivePolicy, document({}, servers=servers, balancers={"front": {"listeners": listeners}}))
    assert policy.requests == Requests(
        load_balancer="load-balancer/front",
        target_group="target-group/front-app",
        sent_by=("listener/front-80", "listener-rule/front-81-1"),
    )


def test_of_several_balancers_the_one_that_is_named_counts() -> None:
    scaling = {"predictive": {"metric": "requests", "target": 1000}, "requests_at": "inner"}
    (policy,) = parts_of(PredictivePolicy, document(scaling, balancers={"front": front(), "inner": front()}))
    assert policy.requests.load_balancer == "load-balancer/inner"


REQUESTS = {"predictive": {"metric": "requests", "target": 1000}}


@pytest.mark.parametrize(
    ("scaling", "balancers", "why"),
    [
        (
            REQUESTS,
            {},
            "predictive.metric: no application load balancer sends them requests. "
            "Send them some in `balancers`, or follow another metric.",
        ),
        (
            REQUESTS,
            {"front": front(), "inner": front()},
            "predictive.metric: front and inner send them requests, and one's count alone can be followed. "
            "Say whose in scaling.requests_at.",
        ),
        (
            REQUESTS | {"requests_at": "outer"},
            {"front": front()},
            "requests_at: outer is no application load balancer that sends them requests. Name one of: front.",
        ),
        (
            {"target_cpu": 50, "requests_at": "front"},
            {"front": front()},
            "requests_at: is said, but no requests are followed. Take it out.",
        ),
        (
            {"predictive": {"target": 120}},
            {},
            "predictive: has a target of 120 per cent of CPU; at most 100 are there.",
        ),
        (
            {"predictive": {"target": 50, "above_max": 10}},
            {},
            "predictive: has above_max, but starts no servers: set scale: true, or take it out.",
        ),
    ],
)
def test_what_does_not_fit_together_is_told(scaling: Any, balancers: Any, why: str) -> None:
    assert told(document(scaling, balancers=balancers)) == [why]


def test_requests_a_server_are_followed_at_the_balancer_in_front() -> None:
    data = document({"target_requests": 1000, "target_cpu": 60, "warmup": 90}, balancers={"front": front()})
    cpu, requests = parts_of(TargetTracking, data)
    assert (cpu.name, cpu.requests) == ("app-cpu", None)
    assert requests == TargetTracking(
        name="app-requests",
        where="servers.app.scaling",
        group="scaling-group/app",
        metric="ALBRequestCountPerTarget",
        target=1000,
        warmup=90,
        requests=Requests(
            load_balancer="load-balancer/front", target_group="target-group/front-app", sent_by=("listener/front-80",)
        ),
    )


@pytest.mark.parametrize("kind", ["network", "classic"])
def test_requests_that_no_application_balancer_counts_are_told(kind: str) -> None:
    in_front = {"kind": kind, "listeners": [{"port": 80, "to": "app"}]}
    why = "target_requests: no application load balancer sends them requests. "
    assert told(document({"target_requests": 1000}, balancers={"front": in_front})) == [
        why + "Send them some in `balancers`, or follow another metric."
    ]
