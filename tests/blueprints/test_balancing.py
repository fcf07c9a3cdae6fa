"""What people write of load balancers: every wrong combination has its place and a way out."""

import re
from typing import Any

import pytest

from blueprints.balancing import LoadBalancer
from blueprints.environment import Environment, build
from blueprints.listening import TLS_POLICY, Forward, Listener, ListenerRule, Redirect, Response
from blueprints.part import Part
from blueprints.problem import Invalid

HERE = "arn:aws:acm:eu-west-1:123456789012:certificate/00000000-0000-4000-8000-00000000000"
SERVERS = {"image": {"id": "ami-0"}, "port": 8080}


def document(*listeners: dict[str, Any], servers: Any = ("app", "canary"), **settings: Any) -> dict[str, Any]:
    return {
        "name": "x",
        "region": "eu-west-1",
        "network": {"cidr": "10.0.0.0/16", "zones": 2},
        "balancers": {"front": {"listeners": list(listeners), **settings}},
        "servers": {name: dict(SERVERS) for name in servers} if isinstance(servers, tuple) else servers,
    }


def read(*listeners: dict[str, Any], **settings: Any) -> Environment:
    return build(document(*listeners, **settings))


def problems(*listeners: dict[str, Any], **settings: Any) -> dict[str, str]:
    """Path of each problem below the balancer, to all that's said."""
    with pytest.raises(Invalid) as caught:
        read(*listeners, **settings)
    told = {one.path: f"{one.why}. {one.way_out}" for one in caught.value.problems}
    assert all(path.startswith(("balancers.front", "servers.")) for path in told), told
    return {path.removeprefix("balancers.front."): said for path, said in told.items()}


def part(environment: Environment, key: str) -> Part:
    (one,) = [part for part in environment.parts() if part.key == key]
    return one


def test_a_secure_listener_speaks_modern_tls_and_plain_http_is_sent_there_in_one_word() -> None:
    environment = read(
        {"port": 443, "protocol": "HTTPS", "certificate": [f"{HERE}1", f"{HERE}2"], "to": "app"},
        {"port": 80, "redirect": "https"},
    )
    secure, plain = part(environment, "listener/front-443"), part(environment, "listener/front-80")
    assert isinstance(secure, Listener)
    assert isinstance(plain, Listener)
    assert (secure.certificates, secure.ssl_policy) == ((f"{HERE}1", f"{HERE}2"), TLS_POLICY)
    assert (plain.action, plain.certificates, plain.ssl_policy) == (Redirect(protocol="HTTPS", port=443), (), None)


def test_weights_share_requests_and_each_target_is_reached() -> None:
    environment = read({"port": 80, "to": {"app": 90, "canary": 10}})
    listener = part(environment, "listener/front-80")
    assert isinstance(listener, Listener)
    assert isinstance(listener.action, Forward)
    shares = {str(one.target_group): one.weight for one in listener.action.shares}
    assert shares == {"target-group/front-app": 90, "target-group/front-canary": 10}
    assert {part.key for part in environment.parts()} >= shares.keys()
    assert isinstance(part(environment, "load-balancer/front"), LoadBalancer)


def test_rules_redirect_and_respond_and_ask_for_more_than_paths() -> None:
    rules = [
        {"path": "/old/*", "redirect": {"path": "/new/#{path}", "permanent": False}},
        {"path": "/down", "respond": {"code": 503, "body": "Back soon"}},
        {"header": {"x-beta": ["yes", "ja"]}, "method": "GET", "query": {"v": "2"}, "to": "canary"},
    ]
    environment = read({"port": 80, "respond": {"code": 404}, "rules": rules})
    told = [part(environment, f"listener-rule/front-80-{number}") for number in (1, 2, 3)]
    assert all(isinstance(one, ListenerRule) for one in told)
    assert told[0].action == Redirect(path="/new/#{path}", permanent=False)
    assert told[1].action == Response(code=503, body="Back soon")
    assert [(one.name, one.values) for one in told[2].headers] == [("x-beta", ("yes", "ja"))]
    assert (told[2].methods, told[2].queries[0].key) == (("GET",), "v")


@pytest.mark.parametrize(
    ("listener", "path", "said"),
    [
        ({"port": 443, "protocol": "HTTPS", "to": "app"}, "certificate", "needs a certificate.*arn:aws:acm:eu-west-1"),
        ({"port": 443, "certificate": f"{HERE}1", "to": "app"}, "certificate", "speaks HTTP.*protocol: HTTPS"),
        ({"port": 80, "ssl_policy": "ELBSecurityPolicy-x", "to": "app"}, "ssl_policy", "speaks HTTP"),
        (
            {
                "port": 443,
                "protocol": "HTTPS",
                "certificate": f"{HERE}1".replace("eu-west-1", "us-east-1"),
                "to": "app",
            },
            "certificate",
            "certificate of us-east-1.*Ask ACM for one in eu-west-1",
        ),
        (
            {"port": 443, "protocol": "HTTPS", "certificate": [f"{HERE}1", f"{HERE}1"], "to": "app"},
            "certificate.1",
            "named twice",
        ),
        ({"port": 443, "protocol": "HTTPS", "certificate": "mine", "to": "app"}, "certificate", "form"),
        (
            {"port": 443, "protocol": "HTTPS", "certificate": f"{HERE}1", "redirect": "https"},
            "redirect",
            "leads back",
        ),
        ({"port": 80, "redirect": {"query": "a=b"}}, "redirect", "leads back"),
        ({"port": 80, "redirect": "http"}, "redirect", "the word https"),
        ({"port": 80, "to": {"app": 0, "canary": 0}}, "to", "nobody would get a request"),
        ({"port": 80, "to": {}}, "to", "1 to 5"),
        ({"port": 80, "to": {"app": 1000}}, "to.app", "999"),
        ({"port": 80, "to": {"app": 1, "nobody": 1}}, "to.nobody", "no servers nobody"),
        ({"port": 80, "respond": {"code": 302}}, "respond", "for a 3xx write redirect"),
    ],
)
def test_what_does_not_fit_is_told_where_it_stands(listener: dict[str, Any], path: str, said: str) -> None:
    told = problems(listener)
    assert list(told) == [f"listeners.0.{path}"]
    assert re.search(said, told[f"listeners.0.{path}"])


def test_a_listener_does_one_thing() -> None:
    assert "one of to, redirect and respond, not none" in problems({"port": 80})["listeners.0"]
    both = problems({"port": 80, "to": "app", "redirect": "https"})["listeners.0"]
    assert "not to and redirect" in both
    rule = problems({"port": 80, "to": "app", "rules": [{"path": "/x"}]})
    assert list(rule) == ["listeners.0.rules.0"]


def test_a_rule_asks_for_something_and_not_for_too_much() -> None:
    assert "for which path" in problems({"port": 80, "to": "app", "rules": [{"to": "app"}]})["listeners.0.rules.0"]
    many = {"path": ["/a", "/b", "/c"], "header": {"x": ["1", "2", "3"]}, "to": "app"}
    assert "6 conditions" in problems({"port": 80, "to": "app", "rules": [many]})["listeners.0.rules.0"]
