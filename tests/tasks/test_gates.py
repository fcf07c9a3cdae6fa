"""The gates of a rotation: what each says of instances, over the balancers' health checks and over HTTP."""

from typing import Any

import pytest

from blueprints.rotation import Probe
from tasks.images.gates import Gates, ask
from tasks.images.seen_group import seen
from tasks.scope import Scope
from tests.conductor import raise_all
from tests.physics import Physics
from tests.rotated import environment, register, rotate, versions
from tests.tasks.conftest import Weather
from tests.tasks.rows.compute import described


@pytest.fixture
def slow(weather: Weather) -> Physics:
    return weather(scale=200, times={"instance_running": 20, "target_checked": 100})


@pytest.fixture
def there(slow: Physics) -> Scope:
    scope = Scope("gates", "eu-west-1", poll_seconds=0.05)
    raise_all(scope, environment("gates").parts())
    slow.advance(200)
    return scope


def readings(scope: Scope, probe: Probe | None = None, port: int | None = None, version: int = 1) -> dict[str, Any]:
    raw = described(scope, scope.name("app"))
    told = Gates(scope, probe, port).read(raw, seen(raw), version)
    return {id: reading.state for id, reading in told.items()}


def test_what_a_target_group_finds_healthy_is_well(there: Scope) -> None:
    assert set(readings(there).values()) == {"well"}


def test_what_a_target_group_has_not_checked_yet_is_waited_for(there: Scope, slow: Physics) -> None:
    there.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName=there.name("app"), DesiredCapacity=4, MaxSize=4, **_launching(there)
    )
    assert sorted(readings(there).values()) == ["waiting", "well", "well", "well"]
    slow.advance(25)
    assert sorted(readings(there).values()) == ["waiting", "well", "well", "well"]
    slow.advance(120)
    assert sorted(readings(there).values()) == ["well"] * 4


def _launching(scope: Scope) -> dict[str, Any]:
    template = described(scope, scope.name("app"))["LaunchTemplate"]
    return {"LaunchTemplate": {key: template[key] for key in ("LaunchTemplateId", "Version")}}


def test_instances_that_answer_a_probe_are_well_and_others_are_not(there: Scope, slow: Physics) -> None:
    port = slow.open_doors()
    assert set(readings(there, Probe(path="/healthz"), port).values()) == {"well"}
    assert set(readings(there, Probe(codes="204"), port).values()) == {"unwell"}
    assert set(readings(there, Probe(codes="204"), port, version=2).values()) == {"well"}, "only new ones are asked"


def test_a_balancer_is_asked_by_the_name_that_aws_tells(there: Scope, slow: Physics) -> None:
    port = slow.open_doors()
    assert set(readings(there, Probe(through="balancer", port=port)).values()) == {"well"}
    assert set(readings(there, Probe(through="balancer", port=port, codes="418")).values()) == {"unwell"}


def test_who_has_no_such_address_is_not_well(there: Scope, slow: Physics) -> None:
    port = slow.open_doors()
    assert set(readings(there, Probe(through="public"), port).values()) == {"waiting"}


def test_nobody_at_an_address_is_an_answer_with_the_reason() -> None:
    reading = ask(Probe(within=1), "127.0.0.1", 9)
    assert reading.state == "unwell"
    assert reading.why.startswith("http://127.0.0.1:9/ doesn't answer (")


def test_an_image_whose_servers_do_not_answer_is_bad_though_no_balancer_checks_them(
    there: Scope, slow: Physics
) -> None:
    """The balancer's check is over TCP in real life, say: only the probe knows."""
    port = slow.open_doors()
    probe: dict[str, Any] = {"settle": 0, "within": 2, "batch": 3, "probe": {"port": port, "path": "/healthz"}}
    good = rotate(environment("gates", register(there, "good"), rotation=probe), there)
    assert not good.record.verdict
    probe["probe"]["codes"] = "299"
    bad = rotate(environment("gates", register(there, "other"), rotation=probe), there)
    assert "/healthz answers 200, not 299" in bad.record.verdict
    assert versions(there)[:3] == ["2", "2", "2"]
