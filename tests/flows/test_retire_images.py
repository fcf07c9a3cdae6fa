"""Retiring images from a flow and from a shell: a step a run, with the reason why the others stay."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from typer.testing import CliRunner

from blueprints.reading import load
from flows.cli import app
from flows.retire_images import retire_images
from tasks.errors import Moved
from tests.flows.shell import castra
from tests.flows.world import REGION, client, nothing_written, written
from tests.physics import Physics

LAUNCH = {"InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}


@pytest.fixture(autouse=True)
def orders_end(aws: Physics) -> Iterator[None]:
    yield
    aws.rules.clear()


def images(name: str, count: int = 3) -> list[str]:
    """So many images of one name, a day between them, the last one made 50 days ago."""
    ec2, backend = client("ec2"), get_backend("ec2")[DEFAULT_ACCOUNT_ID][REGION]
    base = client("ssm").get_parameter(Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")
    machine = ec2.run_instances(ImageId=base["Parameter"]["Value"], **LAUNCH)["Instances"][0]["InstanceId"]
    tags = [{"Key": "castra:image", "Value": name}]
    both = [{"ResourceType": kind, "Tags": tags} for kind in ("image", "snapshot")]
    made = []
    for number in range(count):
        asked = {"InstanceId": machine, "Name": f"{name}-{number}", "TagSpecifications": both}
        made.append(ec2.create_image(**asked)["ImageId"])
        backend.amis[made[-1]].creation_date = datetime.now(UTC) - timedelta(days=50 + count - number)
    return made


def states(ids: list[str]) -> list[str]:
    """As plain clients see them; empty where one is gone."""
    told = client("ec2").describe_images(Owners=["self"], IncludeDisabled=True)["Images"]
    known = {one["ImageId"]: "deprecated" if one.get("DeprecationTime") else "available" for one in told}
    known |= {one["ImageId"]: "disabled" for one in told if one["State"] == "disabled"}
    return [known.get(id, "") for id in ids]


def test_the_flow_takes_a_step_a_run_and_tells_what_is_freed(aws: Physics, prefect: str, name: str) -> None:
    made, policy = images(name), {"keep": 1, "days": 0, "only": (name,)}
    instance = client("ec2").run_instances(ImageId=made[1], **LAUNCH)["Instances"][0]["InstanceId"]
    seen = [states(made)]
    for _ in range(3):
        done = retire_images(region=REGION, **policy)
        seen.append(states(made))
    assert seen == [
        ["available", "available", "available"],
        ["deprecated", "available", "available"],
        ["disabled", "available", "available"],
        ["", "available", "available"],
    ]
    kept = {deed.id: deed.because for deed in done.deeds if deed.action == "keep"}
    assert kept == {made[1]: f"instance {instance} (running)", made[2]: f"it is the newest of {name}"}
    assert done.figures == {"gib_freed": 8}
    with nothing_written(aws, lease=True):
        assert retire_images(region=REGION, **policy).settled


def test_what_was_agreed_to_is_what_is_done(aws: Physics, prefect: str, name: str) -> None:
    images(name)
    with nothing_written(aws, lease=True), pytest.raises(Moved):
        retire_images(keep=1, only=(name,), region=REGION, approved="v1-0000000000000000")


def test_a_step_that_fails_holds_up_no_other_and_the_next_run_goes_on(aws: Physics, prefect: str, name: str) -> None:
    made, policy = images(name, 4), {"keep": 1, "only": (name,)}
    aws.rule("EnableImageDeprecation", "error:UnauthorizedOperation:403", nth=2)
    with pytest.raises(Exception, match="no permission for ec2:EnableImageDeprecation"):
        retire_images(region=REGION, **policy)
    assert sorted(states(made)) == ["available", "available", "deprecated", "deprecated"]
    retire_images(region=REGION, **policy)
    assert states(made) == ["deprecated", "deprecated", "deprecated", "available"]


@pytest.mark.thorough
def test_the_shell_shows_the_plan_first_and_retires_what_is_named(aws: Physics, prefect: str, name: str) -> None:
    made = images(name)
    words = ("retire", name, "--keep", 1, "--region", REGION)
    with nothing_written(aws):
        asked = castra(*words)
    assert asked.returncode == 2
    assert f"deprecate {name}-0  {made[0]}" in asked.stdout
    assert f"it is the newest of {name}" in asked.stdout
    assert "--yes" in asked.stderr
    done = castra(*words, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert done.document["counts"] == {"deprecate": 2, "keep": 1}
    assert states(made) == ["deprecated", "deprecated", "available"]
    again = castra(*words, "--yes")
    assert (again.returncode, "Nothing to do, 3 kept" in again.stdout) == (0, True), again.stdout
    assert "deprecated since" in again.stdout


def test_a_blueprint_says_which_are_retired_and_how_many_stay(
    aws: Physics, prefect: str, name: str, tmp_path: Path
) -> None:
    made, other = images(name), images(f"{name}-other")
    bake = {"base": {"id": "ami-12c6146b"}, "commands": ["true"]}
    entries = {name: {"bake": bake, "keep": 2}, "part": {"from_snapshot": "snap-0abcdef1234567890"}}
    document = {"name": name, "region": REGION, "images": entries}
    file = written(document, tmp_path)
    done = castra("retire", "--blueprint", file, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert done.document["counts"] == {"deprecate": 1, "keep": 2}
    assert (states(made)[0], set(states(other))) == ("deprecated", {"available"})
    assert retire_images(load(file)).counts == {"keep": 3}
    only_parts = load(written(document | {"images": {"part": entries["part"]}}, tmp_path))
    with nothing_written(aws, lease=True):
        assert retire_images(only_parts).deeds == ()
    nothing = castra("retire", "--blueprint", tmp_path / f"{name}.yaml")
    assert (nothing.returncode, "it builds none of these" in nothing.stderr) == (2, True)


def test_what_is_wrong_with_the_call_is_told_at_once() -> None:
    calls = {
        ("--tag", "backup", "--region", REGION): "--tag: 'backup' has no value. Write it as key=value",
        ("--keep", "0", "--region", REGION): "keep:",
    }
    for call, told in calls.items():
        said = CliRunner().invoke(app, ["retire", *call])
        assert (said.exit_code, told in said.output) == (2, True), said.output
