"""The document: what it unfolds into, and every problem of it at once, each with its path."""

from collections import Counter
from copy import deepcopy
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path
from textwrap import dedent
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.balancing import LoadBalancer, TargetGroup
from blueprints.booting import USER_DATA
from blueprints.environment import LONGEST_NAME, Environment
from blueprints.firewalls import Firewall
from blueprints.gateways import InternetGateway, NatGateway, RouteTable
from blueprints.network import Network, Subnet, Vpc
from blueprints.own_tags import OWN_TAGS
from blueprints.part import Part
from blueprints.problem import Invalid, Problem
from blueprints.reading import build, data_in, load, parse
from blueprints.servers import LaunchTemplate, ScalingGroup
from tasks.order import in_order

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
REGION = "eu-west-1"
quick = settings(deadline=None, max_examples=50)


def document(**more: Any) -> dict[str, Any]:
    """A document that is right, with some sections replaced (or left out, by None)."""
    whole = {
        "name": "web",
        "region": REGION,
        "network": {"cidr": "10.20.0.0/16", "zones": 2},
        "balancers": {"front": {"listeners": [{"port": 80, "to": "app"}]}},
        "servers": {"app": {"image": {"id": "ami-1"}, "port": 8080}, "db": {"image": {"id": "ami-1"}}},
    } | more
    return {key: value for key, value in deepcopy(whole).items() if value is not None}


def app(**more: Any) -> dict[str, Any]:
    """The servers `app` with more fields, and `db` beside them."""
    return {"app": {"image": {"id": "ami-1"}, "port": 8080} | more, "db": {"image": {"id": "ami-1"}}}


def front(*listeners: Any, **more: Any) -> dict[str, Any]:
    return {"front": {"listeners": list(listeners) or [{"port": 80, "to": "app"}], **more}}


def problems_of(data: dict[str, Any], folder: Path | None = None) -> list[Problem]:
    with pytest.raises(Invalid) as caught:
        build(data, folder=folder)
    return list(caught.value.problems)


def by_kind(environment: Environment, kind: type[Part]) -> dict[str, Any]:
    return {part.name: part for part in environment.parts() if isinstance(part, kind)}


# ---------------------------------------------------------------------- examples


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_unfolds_into_parts_that_fit_together(path: Path) -> None:
    environment = load(path)
    parts = environment.parts()
    assert len(in_order(parts)) == len(parts) > 0


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_comes_back_equal_through_json_with_its_files_inside(path: Path) -> None:
    environment = load(path)
    again = Environment.model_validate(environment.model_dump(mode="json"))
    assert again == environment
    assert again.parts() == environment.parts()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_right_by_the_json_schema_too(path: Path) -> None:
    jsonschema.Draft202012Validator(Environment.model_json_schema()).validate(data_in(path.read_text()))


@pytest.mark.parametrize(
    "wrong",
    [
        document(nmae="x"),
        document(servers=app(count="two")),
        document(servers=app(health_check=5)),
        document(network={"cidr": "10.0.0.0/16", "zones": "three"}),
        document(balancers=front({"port": 80, "to": "app", "rules": [{"path": 5, "to": "db"}]})),
    ],
)
def test_the_json_schema_refuses_what_is_refused_here(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(Environment.model_json_schema()).validate(wrong)
    assert problems_of(wrong)


def test_the_json_schema_doesnt_offer_parts_written_by_hand() -> None:
    assert "also" not in Environment.model_json_schema()["properties"]


# ---------------------------------------------------------------------- problems

HAND_MADE = {"public": ["10.20.0.0/24", "10.20.1.0/24"], "private": ["10.20.2.0/24", "10.20.3.0/24"]}


def by_hand(**more: Any) -> dict[str, Any]:
    return document(network={"cidr": "10.20.0.0/16", "zones": 2, "subnets": HAND_MADE | more})


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "name is missing": (document(name=None), "name", "is missing. Add it"),
    "region is missing": (document(region=None), "region", "is missing"),
    "unknown field": (document(nmae="web"), "nmae", "there's no such field. Did you mean name?"),
    "unknown field within": (document(servers=app(prot=80)), "servers.app.prot", "Did you mean port?"),
    "unknown field with nothing near": (document(zzz=1), "zzz", "There are: name, region"),
    "unknown field in a list": (
        document(balancers=front({"port": 80, "to": "app", "rulse": []})),
        "balancers.front.listeners.0.rulse",
        "Did you mean rules?",
    ),
    "parts in a document": (document(also=[{"name": "x"}]), "also", "can't stand in a document"),
    "text where a number is due": (document(servers=app(port="http")), "servers.app.port", "should be a whole number"),
    "number where text is due": (document(name=5), "name", "should be text, not 5. Put it in quotes"),
    "account as a number": (document(account=123456789012), "account", "Put it in quotes"),
    "account too short": (document(account="1234"), "account", "isn't of the right form"),
    "section that is a number": (document(network=5), "network", "should be a mapping"),
    "section that is a list": (document(servers=[]), "servers", "should be a mapping"),
    "servers that are text": (document(servers={**app(), "x": "y"}), "servers.x", "should be a mapping"),
    "region in words": (document(region="Ireland"), "region", "isn't of the right form"),
    "a choice that isn't there": (document(network={"cidr": "10.0.0.0/16", "nat": "two"}), "network.nat", "Choose"),
    "not a network": (document(network={"cidr": "10.20.0.0"}), "network.cidr", "/32"),
    "a network with host bits": (document(network={"cidr": "10.20.0.1/16"}), "network.cidr", "no host bits set"),
    "network too small": (document(network={"cidr": "10.20.0.0/26"}), "network.cidr", "10.20.0.0/24 would fit"),
    "network too large": (document(network={"cidr": "10.0.0.0/8"}), "network.cidr", "10.0.0.0/16 would fit"),
    "no zone": (document(network={"cidr": "10.0.0.0/16", "zones": 0}), "network.zones", "from 1 to 8"),
    "nine zones": (document(network={"cidr": "10.0.0.0/16", "zones": 9}), "network.zones", "from 1 to 8"),
    "zone of another region": (
        document(network={"cidr": "10.0.0.0/16", "zones": ["eu-west-1a", "us-east-1a"]}),
        "network.zones.1",
        "us-east-1a isn't a zone of eu-west-1",
    ),
    "zone named twice": (
        document(network={"cidr": "10.0.0.0/16", "zones": ["eu-west-1a", "eu-west-1a"]}),
        "network.zones.1",
        "named twice",
    ),
    "subnets for fewer zones": (by_hand(public=["10.20.0.0/24"]), "network.subnets.public", "1 for 2 zones"),
    "subnet outside": (by_hand(public=["10.20.0.0/24", "10.21.0.0/24"]), "network.subnets.public.1", "lies outside"),
    "subnets overlapping": (
        by_hand(private=["10.20.1.0/25", "10.20.3.0/24"]),
        "network.subnets.private.0",
        "overlaps 10.20.1.0/24 (network.subnets.public.1)",
    ),
    "subnet too small": (by_hand(private=["10.20.2.0/29", "10.20.3.0/24"]), "network.subnets.private.0", "/28"),
    "subnet that is none": (by_hand(private=["x", "10.20.3.0/24"]), "network.subnets.private.0", "isn't an IPv4"),
    "no network": (document(network=None), "network", "is missing, and servers, instances and balancers stand in one"),
    "one zone with a balancer": (
        document(network={"cidr": "10.20.0.0/16", "zones": 1}),
        "balancers.front",
        "needs two zones",
    ),
    "balancer without listeners": (document(balancers={"front": {"listeners": []}}), "balancers.front.listeners", "1"),
    "a port listened on twice": (
        document(balancers=front({"port": 80, "to": "app"}, {"port": 80, "to": "app"})),
        "balancers.front.listeners.1.port",
        "listened on twice",
    ),
    "unknown servers behind a listener": (
        document(balancers=front({"port": 80, "to": "ap"})),
        "balancers.front.listeners.0.to",
        "there are no servers ap. Name one of: app, db",
    ),
    "unknown servers behind a rule": (
        document(balancers=front({"port": 80, "to": "app", "rules": [{"path": "/x", "to": "ap"}]})),
        "balancers.front.listeners.0.rules.0.to",
        "there are no servers ap",
    ),
    "servers without a port behind a balancer": (
        document(balancers=front({"port": 80, "to": "db"})),
        "balancers.front.listeners.0.to",
        "servers.db says no port. Set servers.db.port",
    ),
    "a rule for nothing": (
        document(balancers=front({"port": 80, "to": "app", "rules": [{"to": "app"}]})),
        "balancers.front.listeners.0.rules.0",
        "for which path or host",
    ),
    "port out of range": (document(servers=app(port=65536)), "servers.app.port", "less than or equal to 65535"),
    "two ways to an image": (
        document(servers=app(image={"id": "ami-1", "ssm": "/x"})),
        "servers.app.image",
        "exactly one of id, ssm, name",
    ),
    "no image": (document(servers={"app": {"port": 8080}}), "servers.app.image", "is missing"),
    "a negative number of servers": (document(servers=app(count=-1)), "servers.app.count", "greater than or equal"),
    "more at least than at most": (
        document(servers=app(count={"min": 3, "max": 2})),
        "servers.app.count",
        "min 3 is more than max 2",
    ),
    "unknown servers admitted": (
        document(servers=app(admits=[{"port": 1, "servers": ["db", "bd"]}])),
        "servers.app.admits.0.servers.1",
        "there are no servers bd",
    ),
    "nobody admitted": (document(servers=app(admits=[{"port": 1}])), "servers.app.admits.0", "who is admitted"),
    "a network to admit that is none": (
        document(servers=app(admits=[{"port": 1, "networks": ["10.0.0.0/8", "here"]}])),
        "servers.app.admits.0.networks.1",
        "isn't an IPv4 network",
    ),
    "one device twice": (
        document(servers=app(volumes=[{"device": "/dev/xvda", "size": 8}, {"device": "/dev/xvda", "size": 9}])),
        "servers.app.volumes.1.device",
        "/dev/xvda is used twice",
    ),
    "a health check on no port": (
        document(servers=app(health_check={"port": "http"})),
        "servers.app.health_check.port",
        "Choose 'traffic-port'",
    ),
    "environment name too long": (document(name="a" * 41), "name", "41 characters long; at most 40"),
    "environment name with capitals": (document(name="Web"), "name", "isn't of the right form"),
    "name with two hyphens in a row": (document(name="a--b"), "name", "isn't of the right form"),
    "servers' name too long": (
        document(servers={**app(), "a" * 41: app()["db"]}),
        f"servers.{'a' * 41}",
        "at most 40",
    ),
    "balancer's name with capitals": (document(balancers={"Front": front()["front"]}), "balancers.Front", "form"),
    "target groups named alike": (
        document(
            balancers={
                "a": {"listeners": [{"port": 80, "to": "b-c"}]},
                "a-b": {"listeners": [{"port": 80, "to": "c"}]},
            },
            servers={"b-c": app()["app"], "c": app()["app"]},
        ),
        "balancers.a-b",
        "named like one of balancers.a",
    ),
    "reserved tag": (document(tags={"castra:part": "x"}), "tags.castra:part", "reserved"),
    "reserved tag in capitals": (document(tags={"AWS:x": "x"}), "tags.AWS:x", "reserved"),
    "tag that is the name": (document(tags={"Name": "x"}), "tags.Name", "reserved"),
    "tag with a blank": (document(tags={"a b": "x"}), "tags.a b", "no blank"),
    "tag too long": (document(tags={"a": "x" * 257}), "tags.a", "at most 256"),
    "tag that is a number": (document(tags={"a": 5}), "tags.a", "Put it in quotes"),
    "too many tags": (document(tags={f"k{n}": "" for n in range(OWN_TAGS + 1)}), "tags", "use fewer"),
    "tags whose keys are too long together": (
        document(tags={f"{n}{'k' * 99}": "" for n in range(3)}),
        "tags",
        "302 characters long together",
    ),
    "user data too long": (
        document(servers=app(bootstrap="x" * (USER_DATA + 1))),
        "servers.app.bootstrap",
        "is 16385 bytes long; AWS takes at most 16384",
    ),
    "user data too long in bytes": (
        document(servers=app(bootstrap={"text": "ü" * (USER_DATA // 2 + 1)})),
        "servers.app.bootstrap.text",
        "is 16386 bytes long",
    ),
}


@pytest.mark.parametrize("case", list(WRONG))
def test_what_is_wrong_is_told_with_its_place_and_a_reason_and_nothing_else_is(case: str) -> None:
    data, path, words = WRONG[case]
    told = problems_of(data)
    assert {problem.path for problem in told} == {path}
    assert any(words in str(problem) for problem in told)


INDEPENDENT = [
    ("zzz", {"zzz": 1}),
    ("name", {"name": "Web"}),
    ("region", {"region": "Ireland"}),
    ("account", {"account": "12"}),
    ("tags.castra:x", {"tags": {"castra:x": "y"}}),
    ("tags.a", {"tags": {"a": 5}}),
    ("network.cidr", {"network": {"cidr": "10.20.0.0/27"}}),
    ("network.nat", {"network": {"cidr": "10.20.0.0/16", "nat": "two"}}),
    ("network", {"network": 5}),
    ("balancers.front.listeners.0.to", {"balancers": front({"port": 80, "to": "nobody"})}),
    ("balancers.front.listeners.0.port", {"balancers": front({"port": 0, "to": "app"})}),
    ("balancers.front", {"balancers": {"front": 5}}),
    ("balancers.Front", {"balancers": {"Front": front()["front"]}}),
    ("servers.app.admits.0.servers.0", {"servers": app(admits=[{"port": 1, "servers": ["nobody"]}])}),
    ("servers.app.prot", {"servers": app(prot=1)}),
    ("servers.App", {"servers": {**app(), "App": {"image": {"id": "ami-1"}}}}),
]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(one, other, id=f"{one[0]}+{other[0]}")
        for one, other in combinations(INDEPENDENT, 2)
        if not one[1].keys() & other[1].keys()
    ],
)
def test_two_problems_of_different_sections_are_told_at_once(one: Any, other: Any) -> None:
    told = problems_of(document(**one[1], **other[1]))
    assert sorted(problem.path for problem in told) == sorted([one[0], other[0]])


def test_a_bad_document_is_told_whole_with_a_count_in_the_order_of_reading() -> None:
    data = document(
        name="Web",
        tags={"castra:x": "1"},
        network={"cidr": "10.0.0.0/27", "zones": 1},
        servers=app(count="x", admits=[{"port": 1, "servers": ["y"]}]),
    )
    with pytest.raises(Invalid) as caught:
        build(data, source="web.yaml")
    text = str(caught.value)
    assert text.startswith("web.yaml: 5 problems.")
    assert [problem.path for problem in caught.value.problems] == [
        "name",
        "servers.app.count",
        "tags.castra:x",
        "network.cidr",
        "balancers.front",
    ]
    assert caught.value.exit_code == 2


def test_servers_that_are_wrong_in_themselves_arent_told_as_unknown() -> None:
    assert [problem.path for problem in problems_of(document(servers=app(port="x")))] == ["servers.app.port"]


@pytest.mark.parametrize(
    ("field", "value"), [("zones", 9), ("zones", "three"), ("cidr", "10.20.0.0/33"), ("cidr", None)]
)
def test_subnets_arent_held_against_a_network_whose_size_or_zones_arent_known(field: str, value: Any) -> None:
    network = {"cidr": "10.20.0.0/16", "zones": 2, "subnets": HAND_MADE | {"public": ["10.20.0.0/24"]}, field: value}
    data = document(network={key: value for key, value in network.items() if value is not None})
    assert [problem.path for problem in problems_of(data)] == [f"network.{field}"]


def test_an_invalid_document_survives_a_trip_to_another_process() -> None:
    error = Invalid("web.yaml", [Problem("name", "is missing")])
    kind, arguments = error.__reduce__()
    assert (str(kind(*arguments)), kind(*arguments).problems) == (str(error), error.problems)


# ---------------------------------------------------------------------- reading

HEAD = "name: web\nregion: eu-west-1\n"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "document", "should be a mapping"),
        ("- name: web", "document", "should be a mapping"),
        (f"{HEAD}name: again\n", "line 3, column 1", "the key 'name' stands twice"),
        (f"{HEAD}tags: {{a: x, b: y, a: z}}\n", "line 3, column 20", "the key 'a' stands twice"),
        (f"{HEAD}network: [\n", "line 4, column 1", "it isn't YAML"),
        (f"{HEAD}\tnetwork: 5\n", "line 3, column 1", "it isn't YAML"),
        (f"{HEAD}owner: *nobody\n", "line 3, column 8", "it isn't YAML: found undefined alias"),
        (f"{HEAD}owner: !!python/object:os.system x\n", "line 3, column 8", "could not determine a constructor"),
        (f"{HEAD}? [a]\n: b\n", "line 3, column 3", "unhashable key"),
        (f"{HEAD}owner: a\x00b\n", "document", "special characters are not allowed"),
        (f"{HEAD}owner: 2001-99-99\n", "document", "month must be in 1..12"),
        (f"{HEAD}---\n{HEAD}", "line 3, column 1", "but found another document"),
    ],
)
def test_what_isnt_yaml_is_told_with_its_place_and_never_as_a_traceback(text: str, place: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse(text, source="web.yaml")
    (problem,) = caught.value.problems
    assert problem.path == place
    assert words in problem.why


def test_anchors_and_merges_work_and_what_is_merged_may_be_overridden() -> None:
    environment = parse(
        dedent(
            """
            name: web
            region: eu-west-1
            network: {cidr: 10.0.0.0/16}
            servers:
              app: &app {image: {id: ami-1}, port: 80}
              api: {<<: *app, port: 81}
            """
        )
    )
    assert (environment.servers["app"].port, environment.servers["api"].port) == (80, 81)


def test_a_file_that_isnt_there_or_cant_be_read_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="there's no such file"):
        load(tmp_path / "no.yaml")
    with pytest.raises(Invalid, match="it can't be read"):
        load(tmp_path)
    (tmp_path / "latin.yaml").write_bytes("owner: Zoë".encode("latin-1"))
    with pytest.raises(Invalid, match="it can't be read"):
        load(tmp_path / "latin.yaml")


@pytest.mark.parametrize(
    ("bootstrap", "path", "words"),
    [
        ({"file": "no.sh"}, "servers.app.bootstrap.file", "there's no file"),
        ({"file": "."}, "servers.app.bootstrap.file", "there's no file"),
        ({"file": "empty.sh"}, "servers.app.bootstrap", "is empty"),
        ({"file": "picture.png"}, "servers.app.bootstrap", "isn't text in UTF-8"),
        ({"file": "long.sh"}, "servers.app.bootstrap", "20000 bytes long"),
        ({"file": "good.sh", "text": "echo"}, "servers.app.bootstrap.text", "can't be given beside a file"),
    ],
)
def test_a_bootstrap_file_that_cant_be_taken_is_told(tmp_path: Path, bootstrap: Any, path: str, words: str) -> None:
    (tmp_path / "empty.sh").touch()
    (tmp_path / "good.sh").write_text("echo good")
    (tmp_path / "long.sh").write_text("x" * 20_000)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")
    (problem,) = problems_of(document(servers=app(bootstrap=bootstrap)), folder=tmp_path)
    assert problem.path == path
    assert words in problem.why


def test_a_bootstrap_file_named_without_a_folder_to_look_in_is_told_and_no_traceback(tmp_path: Path) -> None:
    (problem,) = problems_of(document(servers=app(bootstrap={"file": str(tmp_path / "no.sh")})))
    assert (problem.path, "can't be read" in problem.why) == ("servers.app.bootstrap", True)


def test_a_bootstrap_file_is_read_beside_the_document_and_travels_inside_it(tmp_path: Path) -> None:
    (tmp_path / "start.sh").write_text("#!/bin/sh\necho ü\n", encoding="utf-8")
    (tmp_path / "web.yaml").write_text(yaml.safe_dump(document(servers=app(bootstrap={"file": "start.sh"}))))
    environment = load(tmp_path / "web.yaml")
    sent = environment.model_dump(mode="json")
    (tmp_path / "start.sh").unlink()
    again = Environment.model_validate(sent)
    assert by_kind(again, LaunchTemplate)["app"].user_data == "#!/bin/sh\necho ü\n"
    assert again == environment


# ---------------------------------------------------------------------- unfolding

names = st.from_regex(r"[a-c](-?[a-c0-9])?", fullmatch=True)
ports = st.sampled_from([80, 443, 8080])


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    length = draw(st.integers(16, 24))
    letters = draw(st.permutations("abcdefgh"))[: draw(st.integers(2, 8))]
    zones = draw(st.sampled_from([len(letters), [f"{REGION}{letter}" for letter in letters]]))
    return {
        "cidr": f"10.{draw(st.integers(0, 255))}.0.0/{length}",
        "zones": zones,
        "nat": draw(st.sampled_from(["none", "one", "each"])),
        "endpoints": draw(st.lists(st.sampled_from(["s3", "dynamodb"]), max_size=3)),
    }


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Documents that fit together, with everything that sections can say to each other."""
    groups = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    some = st.sampled_from(groups)
    servers = {
        name: {
            "image": draw(st.sampled_from([{"id": "ami-1"}, {"ssm": "/image"}, {"name": "al2023-*"}])),
            "port": draw(ports),
            "placement": draw(st.sampled_from(["private", "public"])),
            "health_check": draw(st.sampled_from(["/", "/well", {"path": "/", "port": 8081}])),
            "bootstrap": draw(st.sampled_from(["", "echo ü"])),
            "count": draw(st.sampled_from([0, 2, {"min": 1, "max": 3}])),
            "scaling": draw(st.sampled_from([{}, {"target_cpu": 50, "target_network_in": 1e6}])),
            "admits": draw(
                st.lists(st.builds(lambda port, peer: {"port": port, "servers": [peer]}, ports, some), max_size=2)
            ),
            "managed_policies": draw(st.sampled_from([[], ["arn:aws:iam::aws:policy/ReadOnlyAccess"]])),
        }
        for name in groups
    }
    rules = st.lists(
        st.builds(lambda path, to: {"path": path, "to": to}, st.sampled_from(["/a", ["/b", "/c"]]), some), max_size=2
    )
    balancers = {
        name: {
            "public": draw(st.booleans()),
            "listeners": [
                {"port": port, "to": draw(some), "rules": draw(rules)}
                for port in draw(st.lists(ports, min_size=1, max_size=2, unique=True))
            ],
        }
        for name in draw(st.lists(names, max_size=3, unique=True))
    }
    tags = draw(st.dictionaries(st.sampled_from(["team", "stage"]), st.text("xyü", max_size=3), max_size=2))
    return {
        "name": draw(names),
        "region": REGION,
        "tags": tags,
        "network": draw(networks()),
        "balancers": balancers,
        "servers": servers,
    }


def named_alike(data: dict[str, Any]) -> bool:
    """Whether two target groups would have one name, which is told as a problem."""
    names = []
    for name, balancer in data["balancers"].items():
        targets = {one["to"] for one in balancer["listeners"]}
        targets |= {rule["to"] for one in balancer["listeners"] for rule in one["rules"]}
        names += [f"{name}-{target}" for target in targets]
    return len(names) != len(set(names))


@quick
@given(documents())
def test_whatever_fits_unfolds_into_parts_with_unique_keys_that_all_find_what_they_need(data: dict[str, Any]) -> None:
    if named_alike(data):
        assert {problem.path.partition(".")[0] for problem in problems_of(data)} == {"balancers"}
        return
    parts = build(data).parts()
    assert {key: count for key, count in Counter(part.key for part in parts).items() if count > 1} == {}
    provided = {part.key for part in parts}
    assert {need for part in parts for need in part.needs} <= provided
    assert len(in_order(parts)) == len(parts)
    assert all(len(part.name) <= 100 and part.where for part in parts)


@quick
@given(documents())
def test_whatever_fits_comes_back_equal_through_json_and_is_right_by_the_schema(data: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    if named_alike(data):
        return
    environment = build(data)
    sent = environment.model_dump(mode="json")
    assert Environment.model_validate(sent) == environment
    jsonschema.Draft202012Validator(SCHEMA).validate(sent)


SCHEMA = Environment.model_json_schema()


@quick
@given(documents())
def test_each_balancer_and_its_servers_admit_each_other_on_the_port_and_the_health_checks(data: dict[str, Any]) -> None:
    if named_alike(data):
        return
    environment = build(data)
    walls = by_kind(environment, Firewall)
    for name, balancer in environment.balancers.items():
        for target in balancer.targets():
            servers = environment.servers[target]
            check = servers.health_check.port
            expected = {servers.port, servers.port if check == "traffic-port" else check}
            inbound, outbound = walls[f"servers-{target}"].inbound, walls[f"balancer-{name}"].outbound
            let_in = {
                rule.ports[0] for rule in inbound if rule.peer == f"security-group/balancer-{name}" and rule.ports
            }
            let_out = {
                rule.ports[0] for rule in outbound if rule.peer == f"security-group/servers-{target}" and rule.ports
            }
            assert let_in == let_out == expected
            assert f"{name}-{target}" in by_kind(environment, TargetGroup)
            assert f"target-group/{name}-{target}" in by_kind(environment, ScalingGroup)[target].target_groups
    behind = {target for balancer in environment.balancers.values() for target in balancer.targets()}
    for name, group in by_kind(environment, ScalingGroup).items():
        assert group.health_check == ("ELB" if name in behind else "EC2")


@quick
@given(networks())
def test_subnets_are_disjoint_inside_the_network_and_one_of_each_sort_a_zone(network: dict[str, Any]) -> None:
    environment = build(document(network=network))
    subnets = by_kind(environment, Subnet)
    whole = by_kind(environment, Vpc)["main"].cidr
    zones = Network.model_validate(network).zone_names(REGION)
    expected = {f"{placement}-{zone[-1]}": zone for zone in zones for placement in ("public", "private")}
    assert {name: subnet.zone for name, subnet in subnets.items()} == expected
    assert all(subnet.cidr.subnet_of(whole) and subnet.cidr.prefixlen <= 28 for subnet in subnets.values())
    assert not any(one.cidr.overlaps(other.cidr) for one, other in combinations(subnets.values(), 2))
    assert {name for name, subnet in subnets.items() if subnet.public_addresses} == {
        name for name in subnets if name.startswith("public-")
    }


@quick
@given(networks(), st.integers(2, 7))
def test_a_zone_that_is_added_moves_no_other_and_changes_no_part_that_was_there(
    network: dict[str, Any], zones: int
) -> None:
    """But for the endpoints' and the public subnets' tables, which gain a row, and what stands in all zones."""
    before = build(document(network=network | {"zones": zones}, balancers={}, servers={})).parts()
    after = build(document(network=network | {"zones": zones + 1}, balancers={}, servers={})).parts()
    now = {part.key: part for part in after}
    changed = {part.key for part in before if now.get(part.key) != part}
    assert changed <= {"route-table/public", "gateway-endpoint/s3", "gateway-endpoint/dynamodb"}


@pytest.mark.parametrize(
    ("nat", "gateways", "ways"),
    [
        ("none", set(), {"a": None, "b": None, "c": None}),
        ("one", {"a"}, {"a": "a", "b": "a", "c": "a"}),
        ("each", {"a", "b", "c"}, {"a": "a", "b": "b", "c": "c"}),
    ],
)
def test_the_ways_out_of_private_subnets(nat: str, gateways: set[str], ways: dict[str, str | None]) -> None:
    environment = build(document(network={"cidr": "10.0.0.0/16", "zones": 3, "nat": nat}))
    found = by_kind(environment, NatGateway)
    assert set(found) == gateways
    assert {gateway.subnet for gateway in found.values()} == {f"subnet/public-{letter}" for letter in gateways}
    tables = by_kind(environment, RouteTable)
    for letter, through in ways.items():
        routes = tables[f"private-{letter}"].routes
        assert [route.target for route in routes] == ([f"nat-gateway/{through}"] if through else [])
        assert tables[f"private-{letter}"].subnets == (f"subnet/private-{letter}",)
    assert [route.target for route in tables["public"].routes] == ["internet-gateway/main"]


@pytest.mark.parametrize(("nat", "awaited"), [("none", set()), ("one", {"a"}), ("each", {"a", "b"})])
def test_the_first_server_waits_for_its_way_out(nat: str, awaited: set[str]) -> None:
    environment = build(document(network={"cidr": "10.0.0.0/16", "zones": 2, "nat": nat}))
    group = by_kind(environment, ScalingGroup)["app"]
    assert {key for key in group.awaits if key.startswith("nat-gateway/")} == {f"nat-gateway/{one}" for one in awaited}
    assert {"firewall/servers-app", "route-table/private-a", "route-table/private-b"} <= set(group.awaits)


def test_public_servers_wait_for_the_internet_and_for_no_nat_gateway() -> None:
    data = document(network={"cidr": "10.0.0.0/16", "nat": "each"}, servers=app(placement="public"))
    group = by_kind(build(data), ScalingGroup)["app"]
    assert group.subnets == ("subnet/public-a", "subnet/public-b")
    assert set(group.awaits) == {"firewall/servers-app", "route-table/public"}


def test_two_balancers_in_front_of_one_group_have_a_target_group_each() -> None:
    listeners = {"listeners": [{"port": 80, "to": "app"}]}
    environment = build(document(balancers={"outer": {**listeners, "public": True}, "inner": listeners}))
    assert set(by_kind(environment, TargetGroup)) == {"outer-app", "inner-app"}
    group = by_kind(environment, ScalingGroup)["app"]
    assert set(group.target_groups) == {"target-group/outer-app", "target-group/inner-app"}
    peers = {rule.peer for rule in by_kind(environment, Firewall)["servers-app"].inbound}
    assert peers == {"security-group/balancer-outer", "security-group/balancer-inner"}


def test_a_public_balancer_is_reached_from_anywhere_and_a_private_one_from_the_network_only() -> None:
    inbound = {}
    for public in (True, False):
        environment = build(document(balancers=front(public=public)))
        balancer = by_kind(environment, LoadBalancer)["front"]
        assert balancer.public is public
        assert balancer.subnets == tuple(f"subnet/{'public' if public else 'private'}-{letter}" for letter in "ab")
        inbound[public] = {str(rule.peer) for rule in by_kind(environment, Firewall)["balancer-front"].inbound}
    assert inbound == {True: {"0.0.0.0/0", "::/0"}, False: {"10.20.0.0/16"}}


def test_a_public_balancer_is_made_only_when_the_internet_gateway_is_there() -> None:
    environment = build(document(balancers=front(public=True)))
    assert by_kind(environment, LoadBalancer)["front"].awaits == ("internet-gateway/main",)
    assert "main" in by_kind(environment, InternetGateway)


def test_subnets_written_by_hand_are_taken_as_they_are() -> None:
    subnets = by_kind(build(by_hand()), Subnet)
    assert {name: str(subnet.cidr) for name, subnet in subnets.items()} == {
        "public-a": "10.20.0.0/24",
        "public-b": "10.20.1.0/24",
        "private-a": "10.20.2.0/24",
        "private-b": "10.20.3.0/24",
    }


def test_parts_written_by_hand_come_along_and_dont_travel_as_json() -> None:
    vpc = Vpc(name="other", cidr=IPv4Network("10.9.0.0/16"))
    environment = Environment(name="a", region=REGION, also=(vpc,))
    assert environment.parts() == (vpc,)
    assert "also" not in environment.model_dump(mode="json")


def test_sections_that_dont_fit_are_refused_when_made_in_python_too() -> None:
    network = Network.model_validate({"cidr": "10.0.0.0/28"})
    with pytest.raises(Invalid, match=r"Environment a: 1 problem\.\n  network\.cidr"):
        Environment(name="a", region=REGION, network=network).parts()


def test_the_owner_becomes_a_tag() -> None:
    assert build(document(owner="me", tags={"team": "x"})).all_tags == {"team": "x", "owner": "me"}
    assert build(document()).all_tags == {}


def test_the_longest_names_still_make_parts() -> None:
    longest = "a" * LONGEST_NAME
    listeners = {"listeners": [{"port": 65535, "to": longest, "rules": [{"path": "/", "to": longest}]}]}
    data = document(name=longest, balancers={longest: listeners}, servers={longest: app()["app"]})
    assert max(len(part.name) for part in build(data).parts()) <= 100
