"""Building images from a flow and from a shell, and servers that boot from the newest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from blueprints.reading import build
from flows.build_image import build_image
from flows.cli import app
from tasks.errors import Moved
from tests.flows.shell import castra
from tests.flows.world import REGION, ROOT, client, nothing_written, small_document, written
from tests.physics import Physics

BAKE: dict[str, Any] = {"base": {"id": "ami-12c6146b"}, "commands": ["install things"], "test": ["try them"]}


@pytest.fixture(autouse=True)
def orders_end(aws: Physics) -> Iterator[None]:
    yield
    aws.rules.clear()


def document(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "region": REGION, "images": {name: {"bake": BAKE} | more}}


def images(name: str, region: str = REGION) -> list[str]:
    """Names of those that stand."""
    filters = [{"Name": "tag:castra:image", "Values": [name]}]
    told = boto3.client("ec2", region_name=region)
    return sorted(one["Name"] for one in told.describe_images(Owners=["self"], Filters=filters)["Images"])


def machines(name: str) -> list[str]:
    filters = [
        {"Name": "tag:castra:build", "Values": [f"{name}/*"]},
        {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
    ]
    told = client("ec2").describe_instances(Filters=filters)["Reservations"]
    return [instance["InstanceId"] for reservation in told for instance in reservation["Instances"]]


def test_the_flow_builds_once_and_tells_what_it_did(aws: Physics, prefect: str, name: str) -> None:
    blueprint = build(document(name, copies=["eu-central-1"]))
    done = build_image(blueprint, name)
    assert [(deed.action, deed.what) for deed in done.deeds] == [
        ("build", f"{name}-1 in {REGION}"),
        ("copy", f"{name}-1 in eu-central-1"),
    ]
    assert all(deed.id and deed.seconds is not None for deed in done.deeds)
    assert (images(name), images(name, "eu-central-1"), machines(name)) == ([f"{name}-1"], [f"{name}-1"], [])
    with nothing_written(aws, lease=True):
        assert build_image(blueprint, name).settled
    with nothing_written(aws, lease=True), pytest.raises(Moved):
        build_image(blueprint, name, again=True, approved="v1-0000000000000000")


def test_where_the_test_fails_the_flow_says_so_and_leaves_nothing(aws: Physics, prefect: str, name: str) -> None:
    blueprint = build(document(name, bake=BAKE | {"test": ["exit 7"]}))
    with pytest.raises(Exception, match=f"the test of {name}-1|ended as Failed, with 7"):
        build_image(blueprint, name)
    assert (images(name), machines(name)) == ([], [])


def test_the_shell_shows_the_plan_first_and_servers_boot_from_what_was_built(
    aws: Physics, prefect: str, name: str, tmp_path: Path
) -> None:
    servers = {"app": {"image": {"built": name}}}
    file = written(small_document(name) | document(name) | {"servers": servers}, tmp_path)
    missing = castra("plan", file)
    assert (missing.returncode, f"Build it: castra build-image FILE {name}" in missing.stderr) == (2, True)
    with nothing_written(aws):
        asked = castra("build-image", file, name)
    assert (asked.returncode, f"build {name}-1 in {REGION}  baked on ami-12c6146b" in asked.stdout) == (2, True)
    done = castra("build-image", file, name, "--yes", "--json", "--commit", "abc123")
    assert done.returncode == 0, done.stderr
    assert (done.document["verb"], done.document["counts"]) == ("build-image", {"build": 1})
    [deed] = done.document["deeds"]
    [image] = client("ec2").describe_images(ImageIds=[deed["id"]])["Images"]
    assert {"Key": "castra:provenance-commit", "Value": "abc123"} in image["Tags"]
    plan = castra("plan", file, "--json")
    assert plan.returncode == 0, plan.stderr
    assert deed["id"] in plan.stdout
    again = castra("build-image", file, name, "--yes")
    assert (again.returncode, "Nothing to do, 1 kept" in again.stdout) == (0, True), again.stdout


def test_what_is_wrong_with_the_call_is_told_at_once(aws: Physics, name: str, tmp_path: Path) -> None:
    part = {"from_snapshot": "snap-0abcdef1234567890"}
    file = written({"name": name, "region": REGION, "images": {"part": part}}, tmp_path)
    calls = {
        "part": "images.part: it is a part of the environment. Raise it with `castra up`",
        "none": "images.none: there's no such image. There are: part",
    }
    for called, told in calls.items():
        said = CliRunner().invoke(app, ["build-image", str(file), called])
        assert (said.exit_code, told in said.output.replace("\n", "")) == (2, True), said.output


@pytest.mark.thorough
def test_the_example_runs_as_it_is_written(aws: Physics, prefect: str) -> None:
    file = ROOT / "examples" / "images.yaml"
    built = castra("build-image", file, "web", "--yes", "--json")
    assert built.returncode == 0, built.stderr
    raised = castra("up", file, "--yes", "--json")
    assert raised.returncode == 0, raised.stderr
    [template] = client("ec2").describe_launch_template_versions(Versions=["$Latest"])["LaunchTemplateVersions"]
    assert template["LaunchTemplateData"]["ImageId"] == built.document["deeds"][0]["id"]
    kept = castra("retire", "--blueprint", file, "--yes", "--json")
    assert (kept.returncode, kept.document["counts"]) == (0, {"keep": 1}), kept.stderr
    assert "$Latest" in kept.document["deeds"][0]["because"]
    assert castra("down", "golden", "--region", REGION, "--yes").returncode == 0
    assert images("web") == ["web-1"]
