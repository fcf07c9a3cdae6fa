"""What people write of load balancers: every wrong combination has its place and a way out."""

import re
from typing import Any

import pytest

from blueprints.classic import CLASSIC_TLS_POLICY, ClassicBalancer
from blueprints.environment import Environment
from blueprints.firewalls import Firewall
from blueprints.health import AccessLogs
from blueprints.listening import TLS_POLICY, Forward, Listener, ListenerRule, Redirect, Response
from blueprints.load_balancers import LoadBalancer, TargetGroup
from blueprints.part import Part
from blueprints.problem import Invalid
from blueprints.reading import build
from blueprints.servers import ScalingGroup

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
        ({"port": 80, "to": dict.fromkeys("abcdef", 1)}, "to", "among 5 at most"),
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


# ---------------------------------------------------------------------- network load balancers


def test_a_network_balancer_speaks_tcp_checks_that_the_port_is_open_and_is_admitted_by_the_servers() -> None:
    environment = read({"port": 6379, "to": "app"}, kind="network")
    balancer, targets = part(environment, "load-balancer/front"), part(environment, "target-group/front-app")
    assert isinstance(balancer, LoadBalancer)
    assert isinstance(targets, TargetGroup)
    assert (balancer.type, balancer.cross_zone, balancer.idle_timeout) == ("network", None, None)
    assert (targets.protocol, targets.health_check.protocol, targets.port) == ("TCP", "TCP", 8080)
    firewall = part(environment, "firewall/servers-app")
    assert isinstance(firewall, Firewall)
    assert [(one.protocol, one.ports, str(one.peer)) for one in firewall.inbound] == [
        ("tcp", (8080, 8080), "security-group/balancer-front")
    ]


def test_a_path_that_servers_name_is_asked_for_by_a_network_balancer_too() -> None:
    servers = {"app": SERVERS | {"health_check": "/healthz"}}
    targets = part(read({"port": 80, "to": "app"}, kind="network", servers=servers), "target-group/front-app")
    assert isinstance(targets, TargetGroup)
    assert (targets.health_check.protocol, targets.health_check.path) == ("HTTP", "/healthz")


def test_udp_is_admitted_as_udp_and_its_check_as_tcp() -> None:
    servers = {"app": SERVERS | {"port": 53, "health_check": {"protocol": "TCP", "port": 8053}}}
    environment = read({"port": 53, "protocol": "UDP", "to": "app"}, kind="network", servers=servers)
    inside, outside = part(environment, "firewall/servers-app"), part(environment, "firewall/balancer-front")
    assert isinstance(inside, Firewall)
    assert isinstance(outside, Firewall)
    assert [(one.protocol, one.ports) for one in inside.inbound] == [("udp", (53, 53)), ("tcp", (8053, 8053))]
    assert [(one.protocol, one.ports) for one in outside.outbound] == [("udp", (53, 53)), ("tcp", (8053, 8053))]
    assert {(one.protocol, one.ports) for one in outside.inbound} == {("udp", (53, 53))}


def test_static_addresses_are_one_a_zone_and_tls_ends_at_the_balancer() -> None:
    tls = {"port": 443, "protocol": "TLS", "certificate": f"{HERE}1", "to": "app"}
    environment = read(tls, kind="network", public=True, static_addresses=True, sticky=False, access_logs="logs")
    balancer, targets = part(environment, "load-balancer/front"), part(environment, "target-group/front-app")
    assert isinstance(balancer, LoadBalancer)
    assert isinstance(targets, TargetGroup)
    assert balancer.addresses == ("address/balancer-front-a", "address/balancer-front-b")
    assert {part.key for part in environment.parts()} >= set(balancer.addresses)
    assert targets.protocol == "TCP"
    assert balancer.access_logs == AccessLogs(bucket="logs")


def test_cross_zone_is_an_application_balancers_target_groups_and_a_network_balancers_own() -> None:
    groups = [
        part(read({"port": 80, "to": "app"}, kind=kind, cross_zone=value), "target-group/front-app")
        for kind, value in (("application", False), ("application", True), ("network", True))
    ]
    assert [group.cross_zone for group in groups if isinstance(group, TargetGroup)] == [False, None, None]
    network = part(read({"port": 80, "to": "app"}, kind="network", cross_zone=True), "load-balancer/front")
    assert isinstance(network, LoadBalancer)
    assert network.cross_zone is True


@pytest.mark.parametrize(
    ("listener", "settings", "path", "said"),
    [
        ({"port": 80, "protocol": "HTTP", "to": "app"}, {}, "listeners.0.protocol", "isn't spoken by network"),
        ({"port": 80, "redirect": "https"}, {}, "listeners.0.redirect", "set kind: application"),
        ({"port": 80, "to": {"app": 1, "canary": 1}}, {}, "listeners.0.to", "same servers"),
        ({"port": 80, "to": "app", "rules": [{"path": "/", "to": "app"}]}, {}, "listeners.0.rules", "look into"),
        ({"port": 80, "to": "app"}, {"idle_timeout": 5}, "idle_timeout", "only application"),
        ({"port": 80, "to": "app"}, {"drop_invalid_headers": False}, "drop_invalid_headers", "only application"),
        ({"port": 80, "to": "app"}, {"static_addresses": True}, "static_addresses", "public: true"),
        ({"port": 80, "to": "app"}, {"access_logs": "logs"}, "access_logs", "logs TLS only"),
        ({"port": 80, "protocol": "UDP", "to": "app"}, {"preserve_client_ip": False}, "preserve_client_ip", "always"),
        (
            {"port": 443, "protocol": "TLS", "certificate": f"{HERE}1", "to": "app"},
            {"sticky": True},
            "sticky",
            "no stickiness",
        ),
    ],
)
def test_what_a_network_balancer_does_not_do_is_told(
    listener: dict[str, Any], settings: dict[str, Any], path: str, said: str
) -> None:
    told = problems(listener, kind="network", **settings)
    assert list(told) == [path]
    assert said in told[path]


def test_what_an_application_balancer_does_not_do_is_told() -> None:
    told = problems({"port": 80, "protocol": "TCP", "to": "app"}, sticky=True, static_addresses=True)
    assert set(told) == {"listeners.0.protocol", "sticky", "static_addresses"}
    servers = {"app": SERVERS | {"health_check": {"protocol": "TCP"}}}
    assert "by HTTP" in problems({"port": 80, "to": "app"}, servers=servers)["servers.app.health_check"]
    sticky = {"app": SERVERS | {"stickiness": 60}}
    assert "stickiness" in problems({"port": 80, "to": "app"}, servers=sticky, cross_zone=False)["cross_zone"]


# ---------------------------------------------------------------------- classic load balancers


def test_a_classic_balancer_has_its_ports_and_check_in_itself_and_the_group_names_it() -> None:
    servers = {"app": SERVERS | {"health_check": "/healthz", "stickiness": 60, "deregistration_delay": 5}}
    tls = {"port": 8443, "protocol": "TLS", "certificate": f"{HERE}1", "to": "app"}
    environment = read({"port": 80, "to": "app"}, tls, kind="classic", servers=servers)
    balancer, group = part(environment, "classic-balancer/front"), part(environment, "scaling-group/app")
    assert isinstance(balancer, ClassicBalancer)
    assert isinstance(group, ScalingGroup)
    assert [(one.port, one.protocol, one.target_protocol) for one in balancer.listeners] == [
        (80, "HTTP", "HTTP"),
        (8443, "SSL", "TCP"),
    ]
    assert (balancer.health_check.port, balancer.health_check.path, balancer.listeners[1].ssl_policy) == (
        8080,
        "/healthz",
        CLASSIC_TLS_POLICY,
    )
    assert (balancer.stickiness, balancer.draining, balancer.cross_zone) == (60, 5, True)
    assert (group.classic_balancers, group.target_groups) == (("classic-balancer/front",), ())
    assert not [one for one in environment.parts() if one.kind in ("target-group", "listener", "load-balancer")]


@pytest.mark.parametrize(
    ("listener", "settings", "path", "said"),
    [
        ({"port": 80, "redirect": "https"}, {}, "listeners.0.redirect", "look into"),
        ({"port": 80, "protocol": "UDP", "to": "app"}, {}, "listeners.0.protocol", "HTTP or HTTPS or TCP or TLS"),
        ({"port": 80, "to": "app"}, {"deletion_protection": True}, "deletion_protection", "application and network"),
        ({"port": 80, "protocol": "TCP", "to": "app"}, {"cookie": "x"}, "cookie", "speaks HTTP"),
        (
            {"port": 443, "protocol": "HTTPS", "certificate": [f"{HERE}1", f"{HERE}2"], "to": "app"},
            {},
            "listeners.0.certificate",
            "one certificate a port",
        ),
        (
            {"port": 80, "to": "app"},
            {"cookie": "x", "servers": {"app": SERVERS | {"stickiness": 5}}},
            "cookie",
            "for a time already",
        ),
    ],
)
def test_what_a_classic_balancer_does_not_do_is_told(
    listener: dict[str, Any], settings: dict[str, Any], path: str, said: str
) -> None:
    told = problems(listener, kind="classic", **settings)
    assert list(told) == [path]
    assert said in told[path]


def test_all_ports_of_a_classic_balancer_lead_to_the_same_servers() -> None:
    two = ({"port": 80, "to": "app"}, {"port": 81, "to": "canary"})
    assert "same servers, not to app and canary" in problems(*two, kind="classic")["listeners"]
    codes = {"app": SERVERS | {"health_check": {"codes": "200-299"}}}
    told = problems({"port": 80, "to": "app"}, kind="classic", servers=codes)
    assert list(told) == ["servers.app.health_check.codes"]


def test_a_cookie_is_only_a_classic_balancers() -> None:
    assert "only classic" in problems({"port": 80, "to": "app"}, cookie="x")["cookie"]
