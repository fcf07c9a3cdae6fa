"""`castra ssh`: a bastion of the catalogue stands with servers beside it, and the command fits each of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from blueprints.catalog.items import Choice
from blueprints.reading import build
from flows.cli import app
from tasks.reaching.hosts import ACTIONS, hosts_of
from tasks.reading import scope_of
from tasks.scope import Scope
from tests.conductor import raise_all
from tests.flows.shell import castra
from tests.flows.world import REGION, client, nothing_written
from tests.physics import Physics
from tests.physics.actions import iam_action

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIp0Ra7LkZ3rPTrpLgWqCqqUqTTZXpjHCbGHwzSQZPlM"
IMAGE = {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}


def document() -> dict[str, Any]:
    """The item, open, with machines beside it that admit it; one that nobody reaches; and a way that nothing opens."""
    choice = Choice(item="bastion", name="open", ssh_from=("203.0.113.0/24",), public_key=KEY)
    told: dict[str, Any] = yaml.safe_load(choice.text())
    inside = {"image": IMAGE, "key_pair": "people", "admits": [{"port": 22, "instances": ["bastion"]}]}
    closed = told["instances"]["bastion"] | {"admits": []}
    vault = inside | {"admits": [{"port": 22, "instances": ["closed"]}]}
    told["instances"] |= {"db": inside, "lonely": {"image": IMAGE}, "closed": closed, "vault": vault}
    told["servers"] = {"app": inside | {"count": 2}}
    return told


@pytest.fixture(scope="module")
def raised(aws: Physics) -> Iterator[None]:
    """It stands for all tests of this file."""
    environment = build(document())
    raise_all(scope_of(environment), environment.parts())
    yield
    assert aws.crashes() == []


def machine(environment: str, part: str) -> dict[str, Any]:
    """An instance as a plain client sees it."""
    filters = {"castra:environment": environment, "castra:part": part}
    asked = [{"Name": f"tag:{tag}", "Values": [value]} for tag, value in filters.items()]
    (held, *_) = client("ec2").describe_instances(Filters=asked)["Reservations"]
    told: dict[str, Any] = held["Instances"][0]
    return told


def said(*words: object) -> str:
    """What the verb prints to standard output."""
    ended = CliRunner().invoke(app, ["ssh", *map(str, words), "--region", REGION])
    assert ended.exit_code == 0, ended.output
    return ended.stdout


@pytest.mark.usefixtures("raised")
def test_the_bastion_is_reached_by_its_session_and_what_is_private_by_way_of_it(aws: Physics) -> None:
    bastion, db = machine("open", "instance/bastion"), machine("open", "instance/db")
    with nothing_written(aws):
        assert said("open", "bastion").strip() == (
            f"aws ssm start-session --target {bastion['InstanceId']} --region {REGION}"
        )
        jump = f"ssh -J ec2-user@{bastion['PublicIpAddress']} ec2-user@{db['PrivateIpAddress']}"
        assert said("open", "db").strip() == jump
        told = json.loads(said("open", "db", "--json"))
    assert (told["by"], told["via"], told["admitted"]) == ("bastion", "instance/bastion", ["203.0.113.0/24"])
    assert (told["line"], told["instance"], told["calls"]["write"]) == (jump, db["InstanceId"], 0)


@pytest.mark.usefixtures("raised")
def test_through_a_bastion_with_nothing_open_it_goes_by_its_session() -> None:
    told = json.loads(said("open", "vault", "--json"))
    assert (told["by"], told["via"], told["admitted"]) == ("bastion", "instance/closed", [])
    tunnel = f"aws ssm start-session --target {machine('open', 'instance/closed')['InstanceId']} --region {REGION}"
    assert tunnel in told["command"][2]


@pytest.mark.usefixtures("raised")
def test_one_server_of_a_group_is_the_first_or_the_one_that_is_counted_or_named() -> None:
    first, second = (json.loads(said("open", "app", "--index", n, "--json"))["instance"] for n in (1, 2))
    assert len({first, second}) == 2
    assert json.loads(said("open", "app", "--json"))["instance"] == first
    assert json.loads(said("open", second, "--json"))["part"] == "scaling-group/app"


@pytest.mark.usefixtures("raised")
def test_what_nobody_can_reach_is_told_with_what_is_missing() -> None:
    ended = CliRunner().invoke(app, ["ssh", "open", "lonely", "--region", REGION, "--json"])
    told = json.loads(ended.stdout)["error"]
    assert ended.exit_code == 1
    assert "its role doesn't allow Session Manager" in told["why"]
    assert "it has no public address" in told["why"]
    assert "castra catalogue bastion" in told["way_out"]


@pytest.mark.usefixtures("raised")
def test_run_it_becomes_that_command(tmp_path: Path) -> None:
    key, ssh = tmp_path / "key", tmp_path / "ssh"
    key.touch()
    ssh.write_text('#!/bin/sh\nfor word in "$@"; do echo "<$word>"; done\nexit 7\n')
    ssh.chmod(0o755)
    ran = castra(
        "ssh",
        "open",
        "db",
        "--region",
        REGION,
        "--key",
        key,
        "--run",
        env={"PATH": str(tmp_path)},
    )
    db, bastion = machine("open", "instance/db"), machine("open", "instance/bastion")
    hop = f"ssh -i {key} -W %h:%p ec2-user@{bastion['PublicIpAddress']}"
    words = ["-i", key, "-o", f"ProxyCommand={hop}", f"ec2-user@{db['PrivateIpAddress']}"]
    assert (ran.stdout.splitlines(), ran.returncode) == ([f"<{word}>" for word in words], 7)


@pytest.mark.usefixtures("raised")
def test_what_must_be_installed_to_run_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = CliRunner().invoke(app, ["ssh", "open", "bastion", "--region", REGION, "--run"])
    assert ended.exit_code == 1
    assert "aws isn't installed here. Get it: https://" in ended.output


@pytest.mark.parametrize("options", [["--key", "/nowhere/key"], ["--run", "--json"]])
def test_a_key_that_is_not_there_and_a_run_that_is_to_be_json_are_refused(options: list[str]) -> None:
    assert CliRunner().invoke(app, ["ssh", "open", "db", "--region", REGION, *options]).exit_code == 2


@pytest.mark.usefixtures("raised")
def test_its_declared_actions_are_those_that_it_calls() -> None:
    hosts_of(own := Scope("open", REGION))
    called = {iam_action(call) for call in own.calls.by_operation()}
    assert set(ACTIONS) - {"iam:ListPolicyTags"} <= called <= set(ACTIONS)
