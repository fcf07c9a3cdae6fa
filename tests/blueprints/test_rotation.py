"""How a rotation is described: batches, probes, and what doesn't fit with the servers."""

from typing import Any

import pytest

from blueprints.problem import Invalid
from blueprints.reading import build
from blueprints.rotation import Probe, Rotation


def document(rotation: dict[str, Any], **servers: Any) -> dict[str, Any]:
    app = {"image": {"id": "ami-12c6146b"}, "rotation": rotation, **servers}
    return {
        "name": "r",
        "region": "eu-west-1",
        "network": {"cidr": "10.0.0.0/16", "nat": "none"},
        "servers": {"app": app},
    }


@pytest.mark.parametrize(
    ("batch", "capacity", "at_once"), [(3, 10, 3), ("25%", 10, 2), ("25%", 1, 1), ("100%", 7, 7), ("1%", 40, 1)]
)
def test_a_batch_is_a_number_or_a_share_and_never_nothing(batch: Any, capacity: int, at_once: int) -> None:
    assert Rotation(batch=batch).at_once(capacity) == at_once


@pytest.mark.parametrize(("code", "good"), [(200, True), (204, True), (299, False), (301, True), (500, False)])
def test_a_probe_accepts_codes_and_ranges_of_them(code: int, good: bool) -> None:
    assert Probe(codes="200-204,301").accepts(code) is good


def test_a_plain_path_is_a_probe() -> None:
    environment = build(document({"probe": "/healthz"}, port=8080))
    assert environment.servers["app"].rotation.probe == Probe(path="/healthz")


def test_a_rotations_settings_change_no_part() -> None:
    plain, other = build(document({})), build(document({"canary": 2, "settle": 0}))
    assert plain.parts() == other.parts()


@pytest.mark.parametrize(
    ("rotation", "place"),
    [
        ({"probe": "/"}, "servers.app.rotation.probe.port"),
        ({"probe": {"through": "balancer"}}, "servers.app.rotation.probe.through"),
        ({"batch": "0%"}, "servers.app.rotation.batch"),
        ({"batch": 0}, "servers.app.rotation.batch"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(rotation: dict[str, Any], place: str) -> None:
    with pytest.raises(Invalid) as caught:
        build(document(rotation))
    assert place in str(caught.value)
