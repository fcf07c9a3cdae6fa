"""What stands in front is chosen by what's needed, and what can't do it never is."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from blueprints import front_door
from blueprints.front_door import OPTIONS, QUICKEST, RULES, Needs, choose, cost, objections
from blueprints.problem import Invalid
from blueprints.reading import build
from tasks.decide import make_plan
from tasks.plan import Seen
from tasks.registry import KINDS

booleans = ("websockets", "rate_limit", "templates", "validation", "caching", "addresses")
needs = some.builds(
    Needs,
    **{field: some.booleans() for field in booleans},
    authentication=some.sampled_from(["none", "login", "jwt", "cognito", "iam", "function", "api_key"]),
    payload=some.floats(0.01, 50),
    timeout=some.floats(0.1, 5000),
    requests=some.floats(0.001, 5000),
    latency=some.sampled_from(["usual", "low"]),
)
behind = some.sampled_from(["function", "servers"])


@given(needs, behind)
def test_what_is_chosen_can_do_all_that_is_needed_and_there_is_none_only_if_nothing_can(asked: Needs, to: Any) -> None:
    choice = choose(asked, to)
    able = [option for option in OPTIONS if not objections(asked, to, option)]
    assert (choice.option in able) if able else choice.option is None
    assert set(choice.ruled_out) == set(OPTIONS) - set(able)
    assert choice.reasons


@given(needs, behind)
def test_no_other_that_can_do_it_is_cheaper_or_quicker_where_that_counts(asked: Needs, to: Any) -> None:
    choice = choose(asked, to)
    for option in OPTIONS:
        if choice.option and not objections(asked, to, option):
            if asked.latency == "low":
                assert QUICKEST.index(choice.option) <= QUICKEST.index(option)
            else:
                assert cost(asked, choice.option) <= cost(asked, option)


@given(needs, behind, some.sampled_from(["rate_limit", "templates", "validation", "caching", "addresses"]))
def test_whoever_needs_more_has_no_more_to_choose_from(asked: Needs, to: Any, field: str) -> None:
    more = asked.model_copy(update={field: True, "payload": asked.payload * 2, "timeout": asked.timeout * 2})
    for option in OPTIONS:
        if objections(asked, to, option):
            assert objections(more, to, option)


@pytest.mark.parametrize(
    ("asked", "to", "option"),
    [
        ({}, "function", "http"),
        ({"requests": 100}, "servers", "balancer"),
        ({"requests": 100, "rate_limit": True}, "servers", "http"),
        ({"websockets": True}, "function", "websocket"),
        ({"websockets": True}, "servers", "websocket"),
        ({"websockets": True, "timeout": 300}, "servers", "balancer"),
        ({"authentication": "login"}, "servers", "balancer"),
        ({"authentication": "jwt", "latency": "low"}, "servers", "balancer"),
        ({"authentication": "api_key"}, "function", "rest"),
        ({"caching": True}, "function", "rest"),
        ({"timeout": 60}, "function", "balancer"),
        ({"timeout": 60, "payload": 2}, "function", None),
        ({"payload": 100}, "servers", "balancer"),
    ],
)
def test_what_is_chosen_for_what(asked: dict[str, Any], to: Any, option: str | None) -> None:
    assert choose(Needs(**asked), to).option == option


def test_each_rule_names_its_page() -> None:
    for rule in (*RULES, cost):
        assert re.search(r"https://(docs\.)?aws\.amazon\.com/", rule.__doc__ or ""), rule.__name__


# ---------------------------------------------------------------------- the section

JWT = {"kind": "jwt", "issuer": "https://login.example.com", "audience": ["shop"]}


def document(**door: Any) -> dict[str, Any]:
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/things:1"
    return {
        "name": "e",
        "region": "eu-west-1",
        "network": {"cidr": "10.0.0.0/16"},
        "functions": {"things": {"image": image}},
        "servers": {"app": {"image": {"id": "ami-0123456789abcdef0"}, "port": 80}},
        "front_doors": {"shop": door},
    }


@pytest.mark.parametrize(
    ("door", "key"),
    [
        ({"to": "function/things"}, "http-api/shop"),
        ({"to": "function/things", "use": "rest"}, "rest-api/shop"),
        ({"to": "function/things", "needs": {"websockets": True}}, "http-api/shop"),
        ({"to": "function/things", "needs": {"authentication": "jwt"}, "authorizer": JWT}, "http-api/shop"),
        ({"to": "app"}, "load-balancer/shop"),
    ],
)
def test_the_reasons_stand_in_the_plan(door: dict[str, Any], key: str) -> None:
    parts = build(document(**door)).parts()
    plan = make_plan(parts, Seen("e", "eu-west-1"), KINDS)
    (step,) = (step for step in plan.steps if step.part == key)
    said = front_door.NAMES["websocket"] if door.get("needs", {}).get("websockets") else ""
    assert step.because.startswith(f"not there yet; {said}")
    assert "chosen by hand" in step.because if "use" in door else " " in step.because.partition("; ")[2]
    assert {part.where for part in parts if part.name == "shop"} == {"front_doors.shop"}


@pytest.mark.parametrize(
    ("door", "place", "why"),
    [
        ({"to": "function/no"}, "shop.to", "no function/no"),
        ({"to": "no"}, "shop.to", "no servers 'no'"),
        (
            {"to": "function/things", "use": "http", "needs": {"caching": True}},
            "shop.use",
            "it keeps no answers. Use a",
        ),
        ({"to": "app", "use": "http"}, "shop.use", "in front of functions only. Use an application load balancer"),
        ({"to": "app", "needs": {"rate_limit": True}}, "shop.needs", "no rate limit without WAF. An HTTP API could"),
        ({"to": "function/things", "needs": {"authentication": "jwt"}}, "shop.authorizer", "Add one of kind jwt"),
        ({"to": "function/things", "authorizer": JWT}, "shop.authorizer", "the authorizer is jwt. Take it out"),
        ({"to": "app", "needs": {"authentication": "login"}}, "shop.needs.authentication", "ask nobody who they are"),
        ({"to": "function/things", "needs": {"caching": True}}, "shop.needs", "Write it under apis with kind: rest"),
        ({"to": "function/things", "needs": {"payload": 50}}, "shop.needs", "nothing will do"),
    ],
)
def test_what_cant_be_is_told_with_its_place(door: dict[str, Any], place: str, why: str) -> None:
    with pytest.raises(Invalid) as caught:
        build(document(**door))
    assert f"front_doors.{place}" in str(caught.value)
    assert why in str(caught.value)


def test_a_problem_of_what_it_unfolds_into_is_told_at_the_door() -> None:
    one_zone = document(to="app") | {"network": {"cidr": "10.0.0.0/16", "zones": 1}}
    with pytest.raises(Invalid, match=r"front_doors\.shop: an application load balancer needs two zones"):
        build(one_zone)
