"""Rotating from a flow and from a shell: a good image is rolled out; a bad one fails the run, and all is as it was."""

from pathlib import Path
from typing import Any

import pytest

from blueprints.environment import Environment
from flows.rotate_image import rotate_image
from flows.spin_up import spin_up
from tasks import scope as scopes
from tasks.errors import CastraError, Moved
from tasks.reading import plan_of, scope_of
from tasks.scope import Scope
from tests.flows.conftest import Heard
from tests.flows.shell import castra
from tests.flows.world import ROOT, nothing_written, written
from tests.physics import Physics
from tests.rotated import FIRST, default_version, document, environment, register, sizes, versions


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scopes, "POLL_SECONDS", 0.05)


@pytest.fixture
def there(aws: Physics, prefect: str, name: str) -> Environment:
    """Three servers that stand."""
    blueprint = environment(name)
    spin_up(blueprint)
    return blueprint


def with_image(blueprint: Environment, image: str, **rotation: Any) -> Environment:
    return environment(blueprint.name, image, rotation={"settle": 0, "within": 1, "batch": 1} | rotation)


def test_a_good_image_is_rolled_out_and_the_plan_is_settled(there: Environment, aws: Physics) -> None:
    scope = scope_of(there)
    good = register(scope, "good")
    blueprint = with_image(there, good)
    done = rotate_image(blueprint)
    assert versions(scope) == ["2", "2", "2"]
    assert plan_of(blueprint, scope).settled
    assert done.counts == {"replace": 3, "rotate": 1}
    assert done.figures["app: least in service"] >= 3
    with nothing_written(aws, lease=True):
        assert rotate_image(blueprint).settled


def test_a_bad_image_fails_the_run_with_the_reason_and_the_time_to_the_verdict(
    there: Environment, heard: list[Heard]
) -> None:
    scope = scope_of(there)
    bad = register(scope, "bad")
    with pytest.raises(CastraError) as caught:
        rotate_image(with_image(there, bad))
    told = str(caught.value)
    assert told.startswith(f"servers/app: image {bad} is bad: i-")
    assert "isn't well after 1 s: target group" in told
    assert "s after the first was started. It is back on version 1, with the capacity that stood" in told
    assert (versions(scope), default_version(scope), sizes(scope)) == (["1", "1", "1"], 1, (3, 3, 3))
    (refused,) = heard
    assert (refused.event, refused.payload["image"]) == ("castra.image.refused", bad)
    assert refused.resource["prefect.resource.id"] == f"castra.image.{there.name}.app"
    assert refused.payload["reason"] in told


def test_every_call_is_among_the_actions_that_the_documentation_lists(there: Environment, aws: Physics) -> None:
    good = register(scope_of(there), "good")
    port = aws.open_doors()
    aws.log.clear()
    rotate_image(with_image(there, good, probe={"port": port, "through": "balancer"}))
    text = (ROOT / "docs" / "operations.md").read_text()
    calls = {call.replace("elbv2:", "elasticloadbalancing:") for call in aws.counts()}
    asked = {call for call in calls if not call.startswith(("sts:", "s3:"))}
    assert {"ec2:CreateLaunchTemplateVersion", "elasticloadbalancing:DescribeLoadBalancers"} <= asked
    assert {call for call in asked if f"`{call}`" not in text} == set()


def test_what_was_agreed_to_is_what_is_done(there: Environment) -> None:
    with pytest.raises(Moved):
        rotate_image(with_image(there, register(scope_of(there), "good")), approved="v1-0123456789abcdef")


@pytest.mark.thorough
def test_from_a_shell_the_plan_comes_first_and_the_document_tells_all(
    there: Environment, aws: Physics, tmp_path: Path
) -> None:
    scope = Scope(there.name, "eu-west-1")
    good, bad = register(scope, "good"), register(scope, "bad")
    settings = {"rotation": {"settle": 0, "within": 1, "batch": "50%"}}
    file = written(document(there.name, FIRST, **settings), tmp_path)
    with nothing_written(aws):
        refused = castra("rotate", file, "--image", good)
    assert refused.returncode == 2
    assert f"to a new version with {good}; 1 first, then 2 by 1, new ones beside the old ones" in refused.stdout
    done = castra("rotate", file, "app", "--image", good, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert done.document["verb"] == "rotate"
    assert done.document["counts"] == {"replace": 3, "rotate": 1}
    assert done.document["deeds"][0]["because"] == "on version 2"
    failed = castra("rotate", file, "--image", bad, "--yes")
    assert failed.returncode == 1
    assert "It is back on version 2" in " ".join(failed.stderr.split())
    unknown = castra("rotate", file, "api")
    assert unknown.returncode == 2
    assert "servers.api: there are no such servers" in unknown.stderr
