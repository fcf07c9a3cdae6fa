"""`castra policy` on an emulator that shares no code with the first, and judges calls by IAM with its own evaluator.

It speaks TLS, for policies of buckets deny everything else. ministack finds no resource for what creates functions
and managed policies, takes a topic's tags for no resource's, and leaves the paths out of IAM's ARNs, so that a policy
which names resources as narrowly as AWS knows them would be refused there: these kinds aren't among those here.
"""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from blueprints.environment import Environment
from blueprints.reading import build
from tasks.errors import CastraError
from tasks.rights.policy import policy_of
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all
from tests.ministack import ACCOUNT, certificate_in, ministack

REGION = "eu-west-1"
PHRASES = str(Path(__file__).parents[2] / "examples" / "jamstack" / "phrases")
OF_OTHERS = {"Archives", "Lease", "LeasesBucket"}
"""What no call here needs: no archive is large, and leases are the engine's."""
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One for the file, and the credentials of its root user."""
    certificate = certificate_in(tmp_path_factory.mktemp("tls"))
    with ministack(certificate) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        patch.setenv("AWS_CA_BUNDLE", str(certificate))
        patch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
        yield


def stores(name: str, *, visibility: int = 30, versioning: bool = False) -> Environment:
    """A bucket with its policy, two queues, a layer and a secret."""
    return build(
        {
            "name": name,
            "region": REGION,
            "buckets": {"files": {"on_removal": "wipe", "versioning": versioning}},
            "queues": {"jobs": {"dead_letters": 3, "visibility": visibility}},
            "layers": {"phrases": {"folder": PHRASES, "runtimes": ["python3.13"]}},
            "secrets": {"door": {"on_removal": "wipe", "recovery": 0, "length": 40}},
        }
    )


def somebody_with(statements: list[dict[str, Any]], patch: pytest.MonkeyPatch, name: str) -> Scope:
    """A scope with the credentials of a new user, who may do just this."""
    iam = boto3.Session().client("iam", region_name=REGION)
    user = f"user-{next(_numbers)}"
    iam.create_user(UserName=user)
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=user, PolicyName="castra", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    patch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    patch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    return Scope(name, REGION, poll_seconds=0.05)


def live(scope: Scope, name: str) -> None:
    """Raise, change and strike it; only kinds that ministack knows are listed."""
    parts, moved = stores(name).parts(), stores(name, visibility=90, versioning=True).parts()
    kinds = {part.kind for part in parts}
    raise_all(scope, parts, among=kinds)
    assert look_and_plan(scope, parts, among=kinds).settled
    assert {step.part for step in raise_all(scope, moved, among=kinds).steps if step.action == "update"} == {
        "bucket/files",
        "queue/jobs",
    }
    raise_all(scope, (), among=kinds)
    assert look_and_plan(scope, (), among=kinds).settled


@pytest.mark.usefixtures("judging")
def test_with_it_an_environment_is_raised_changed_and_struck(monkeypatch: pytest.MonkeyPatch) -> None:
    told = policy_of([stores("whole")])
    live(somebody_with(told["Statement"], monkeypatch, "whole"), "whole")


@pytest.mark.thorough
@pytest.mark.usefixtures("judging")
@pytest.mark.parametrize("sid", [one["Sid"] for one in policy_of([stores("any")])["Statement"]])
def test_without_any_one_of_its_statements_it_is_refused(sid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"less-{sid.lower()}"
    rest = [one for one in policy_of([stores(name)])["Statement"] if one["Sid"] != sid]
    scope = somebody_with(rest, monkeypatch, name)
    if sid in OF_OTHERS:
        live(scope, name)
        return
    with pytest.raises((CastraError, ClientError, BotoCoreError), match=r"not authorized|AccessDenied|no permission"):
        live(scope, name)
