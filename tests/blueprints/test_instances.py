"""Instances that stand by themselves: how they unfold, and what's wrong with them."""

from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.firewalls import Firewall
from blueprints.identity import Role
from blueprints.instances import StandingInstance
from blueprints.part import Part
from blueprints.problem import Invalid
from blueprints.reading import build
from blueprints.volumes import StandingVolume
from tasks.order import in_order

NETWORK = {"cidr": "10.0.0.0/16", "zones": 2}
IMAGE = {"ssm": "/images/golden"}


def document(instance: dict[str, Any], **more: Any) -> dict[str, Any]:
    instances = {"db": {"image": IMAGE} | instance}
    return {"name": "web", "region": "eu-west-1", "network": NETWORK, "instances": instances} | more


def parts(instance: dict[str, Any], **more: Any) -> dict[str, Part]:
    return {part.key: part for part in Environment.model_validate(document(instance, **more)).parts()}


def db(made: dict[str, Part]) -> StandingInstance:
    part = made["instance/db"]
    assert isinstance(part, StandingInstance)
    return part


def test_it_has_what_it_needs_of_its_own_and_comes_after_it() -> None:
    disks = {
        "data": {"device": "/dev/sdf", "size": 100},
        "logs": {"device": "/dev/sdg", "size": 5, "on_removal": "wipe"},
    }
    made = parts({"volumes": disks, "elastic_ip": True, "placement": "public", "zone": "b"})
    assert {key for key in made if "db" in key} == {
        "instance/db",
        "volume/db-data",
        "volume/db-logs",
        "address/instance-db",
        "security-group/instance-db",
        "firewall/instance-db",
    }
    one = db(made)
    assert one.subnet == "subnet/public-b"
    assert [(disk.device, disk.volume) for disk in one.volumes] == [
        ("/dev/sdf", "volume/db-data"),
        ("/dev/sdg", "volume/db-logs"),
    ]
    volumes = [part for part in made.values() if isinstance(part, StandingVolume)]
    assert [(part.zone, part.size, part.encrypted, part.on_removal) for part in volumes] == [
        ("eu-west-1b", 100, True, "keep"),
        ("eu-west-1b", 5, True, "wipe"),
    ]
    assert {"internet-gateway/main", "route-table/public", "volume/db-data"} <= set(one.awaits)
    order = [part.key for part in in_order(made.values())]
    assert all(order.index(key) < order.index("instance/db") for key in one.needs)


def test_it_stands_in_the_first_zone_and_in_private_unless_told_otherwise() -> None:
    assert db(parts({})).subnet == "subnet/private-a"
    assert db(parts({"zone": "eu-west-1b"})).subnet == "subnet/private-b"
    default = parts({"placement": "public", "zone": "b"}, network={"default": True, "zones": 2})
    assert db(default).subnet == "default-subnet:eu-west-1b"


def test_its_role_key_and_firewall_are_as_servers_have_them() -> None:
    servers = {"app": {"image": IMAGE, "admits": [{"port": 22, "instances": ["db"]}]}}
    instance = {
        "key_pair": "admin",
        "managed_policies": ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"],
        "admits": [{"port": 5432, "servers": ["app"], "networks": ["10.0.0.0/8"], "instances": ["db"]}],
    }
    keys = {"admin": {"public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKFIy1/uFCZdUz8A39YT7H9EcRYWqLzy6r8WaWpqQlMt"}}
    made = parts(instance, servers=servers, key_pairs=keys)
    one, firewall, role = db(made), made["firewall/instance-db"], made["role/instance-db"]
    assert (one.key_pair, one.profile) == ("key-pair/admin", "instance-profile/instance-db")
    assert isinstance(role, Role)
    assert role.trusts == ("ec2.amazonaws.com",)
    assert isinstance(firewall, Firewall)
    assert [str(rule.peer) for rule in firewall.inbound] == [
        "10.0.0.0/8",
        "security-group/servers-app",
        "security-group/instance-db",
    ]
    other = made["firewall/servers-app"]
    assert isinstance(other, Firewall)
    assert [rule.peer for rule in other.inbound] == ["security-group/instance-db"]


@pytest.mark.parametrize(
    ("image", "reference", "pinned"),
    [
        ({"id": "ami-1"}, "ami-1", True),
        ({"ssm": "/images/golden"}, "ssm:/images/golden", False),
        ({"name": "al2023-*"}, "newest-image:amazon/al2023-*", False),
        ({"from_snapshot": "snap-1"}, "image/instance-db", True),
        ({"built": "golden"}, "image/golden", True),
    ],
)
def test_only_an_image_that_is_given_or_built_here_is_its_for_ever(
    image: dict[str, str], reference: str, pinned: bool
) -> None:
    one = db(parts({"image": image}, images={"golden": {"from_snapshot": "snap-1"}}))
    assert (one.image, one.pinned) == (reference, pinned)
    assert (reference in one.awaits) == reference.startswith("image/")


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "zone": ({"zone": "c"}, "zone", "c is none of the network's zones"),
    "address": ({"elastic_ip": True}, "elastic_ip", "can't be reached by a public address"),
    "protected": ({"deletion_protection": True, "shutdown": "terminate"}, "deletion_protection", "end itself"),
    "image": ({"image": {"built": "golden"}}, "image.built", "there is no golden in the section images"),
    "instance": ({"admits": [{"port": 1, "instances": ["x"]}]}, "admits.0.instances.0", "there are no instances x"),
    "servers": ({"admits": [{"port": 1, "servers": ["x"]}]}, "admits.0.servers.0", "there are no servers x"),
    "policy": ({"managed_policies": ["policy/x"]}, "managed_policies.0", "there is no policy/x"),
    "gp2": ({"root": {"type": "gp2", "iops": 3000}}, "root", "is gp2, which takes no iops"),
    "io2": ({"root": {"type": "io2"}}, "root", "is io2, which needs iops"),
    "st1": ({"root": {"type": "st1", "throughput": 300}}, "root", "is st1, which takes no throughput"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_with_its_place(case: str) -> None:
    instance, place, words = WRONG[case]
    with pytest.raises(Invalid) as caught:
        build(document(instance))
    assert [problem.path for problem in caught.value.problems] == [f"instances.db.{place}"]
    assert words in str(caught.value)


def test_a_device_is_used_once() -> None:
    disks = {name: {"device": "/dev/sdf", "size": 1} for name in ("data", "logs")}
    with pytest.raises(Invalid) as caught:
        build(document({"volumes": disks}))
    assert [problem.path for problem in caught.value.problems] == [
        "instances.db.volumes.data.device",
        "instances.db.volumes.logs.device",
    ]


def test_the_default_vpc_has_public_subnets_only() -> None:
    with pytest.raises(Invalid, match=r"instances\.db\.placement"):
        build(document({}, network={"default": True}))


def test_it_stands_in_a_network() -> None:
    with pytest.raises(Invalid, match="network: is missing"):
        build(document({}, network=None))
