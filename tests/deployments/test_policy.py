"""The policy of `python -m deployments.policy`: enough to raise, watch and strike, and no more than is declared."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from blueprints.reading import load
from deployments.policy import LARGEST, policy
from flows.drift import drift
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tests.flows.test_bad_input import look_at_them
from tests.flows.world import REGION, ROOT, client, small, web_document, written
from tests.physics import Physics

# Moto takes the name that a service signs with for IAM's, and an operation's for the method that API Gateway asks for.
MISNAMED = ["apigateway:Get*", "monitoring:Describe*", "monitoring:List*", "tagging:GetResources"]
BLUEPRINTS = sorted([*ROOT.glob("examples/*.yaml"), *ROOT.glob("blueprints/catalog/*.yaml")])


def actions(told: dict[str, Any], sid: str) -> list[str]:
    return next((one["Action"] for one in told["Statement"] if one["Sid"] == sid), [])


def become_somebody_with(user: str, document: dict[str, Any], patch: pytest.MonkeyPatch) -> None:
    """Take on the credentials of a user who may do what a policy says, and nothing else."""
    iam = client("iam")
    iam.create_user(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="castra", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    patch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    patch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])


@pytest.mark.usefixtures("prefect")
def test_with_it_an_environment_is_raised_looked_at_and_struck(
    aws: Physics, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = load(written(web_document(name), tmp_path))
    told = policy([web])
    told["Statement"].append({"Effect": "Allow", "Action": MISNAMED, "Resource": "*"})
    become_somebody_with(name, told, monkeypatch)
    look_at_them(aws, "0")
    try:
        assert spin_up(web).counts["create"] == len(web.parts())
        assert drift(web).counts["keep"] == len(web.parts())
        assert tear_down(name, REGION).left == 0
    finally:
        look_at_them(aws, "inf")


@pytest.mark.parametrize("file", BLUEPRINTS, ids=lambda file: file.stem)
def test_it_fits_into_one_managed_policy_and_passes_only_roles_that_castra_made(file: Path) -> None:
    told = policy([load(file)])
    assert len(json.dumps(told, separators=(",", ":"))) <= LARGEST
    assert [one["Resource"] for one in told["Statement"] if "iam:PassRole" in one["Action"]] in (
        [],
        ["arn:aws:iam::*:role/castra/*"],
    )


def test_it_writes_only_what_the_documents_are_made_of() -> None:
    told = policy([small("n")])
    services = {action.partition(":")[0] for action in actions(told, "Write")}
    assert services == {"ec2"}
    assert actions(told, "Pass") == []
    assert not [one for one in actions(told, "Read") if one.endswith(":*")]


def test_it_is_printed_for_files_and_a_wrong_one_is_told() -> None:
    command = [sys.executable, "-m", "deployments.policy"]
    said = subprocess.run([*command, "examples/web.yaml"], capture_output=True, text=True, cwd=ROOT, check=True)
    assert json.loads(said.stdout) == policy([load(ROOT / "examples/web.yaml")])
    wrong = subprocess.run([*command, "nope.yaml"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "nope.yaml" in wrong.stderr
