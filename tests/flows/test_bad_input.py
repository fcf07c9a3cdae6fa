"""Bad input: a clear error that names the place and the way out, no traceback, and nothing changed."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprints.firewalls import SecurityGroup
from flows.spin_up import spin_up
from tasks.errors import Invalid
from tasks.lease import lease
from tests.flows.shell import Ended, castra
from tests.flows.world import (
    REGION,
    client,
    nothing_written,
    scope,
    small,
    small_document,
    standing,
    web_document,
    whole,
    writes,
    written,
)
from tests.physics import Physics

Document = dict[str, Any]
NOBODY: dict[str, str | None] = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


@pytest.fixture(autouse=True)
def orders_end(aws: Physics) -> Iterator[None]:
    """No rule outlives its test."""
    yield
    aws.rules.clear()


def assert_told(said: Ended, code: int, *words: str) -> None:
    """It ended with this code, said these words on stderr, and showed no traceback."""
    assert said.returncode == code, said.stderr
    assert "Traceback" not in said.stdout + said.stderr
    for text in words:
        assert text in said.stderr


# ---------------------------------------------------------------------- the document


def network(**changes: Any) -> Callable[[str], Document]:
    return lambda name: small_document(name, network=changes)


def servers(**changes: Any) -> Callable[[str], Document]:
    def make(name: str) -> Document:
        document = web_document(name)
        document["servers"]["app"] |= changes
        return document

    return make


def listener(**changes: Any) -> Callable[[str], Document]:
    def make(name: str) -> Document:
        document = web_document(name)
        document["balancers"]["front"]["listeners"][0] |= changes
        return document

    return make


OVERLAP = {"public": ["10.30.0.0/20"], "private": ["10.30.8.0/21"]}
WRONG: dict[str, tuple[Callable[[str], Document], str]] = {
    "unknown field": (network(zoness=2), "network.zoness: there's no such field. Did you mean zones?"),
    "wrong type": (network(zones="three"), "network.zones: should be a number of zones, or a list of their names."),
    "wrong number": (servers(count="two"), "servers.app.count: should be a mapping, not 'two'."),
    "overlap": (
        network(subnets=OVERLAP),
        "network.subnets.private.0: 10.30.8.0/21 overlaps 10.30.0.0/20 (network.subnets.public.0). "
        "Choose one that doesn't.",
    ),
    "no room": (network(cidr="10.30.0.0/25"), "network.cidr: 10.30.0.0/25 can't hold 16 subnets"),
    "host bits": (network(cidr="10.30.0.1/16"), "Write one such as 10.20.0.0/16, with no host bits set."),
    "nobody provides": (listener(to="nobody"), "there are no servers nobody. Name one of: app, api."),
    "missing": (lambda name: {"name": name, "network": {"cidr": "10.0.0.0/16"}}, "region: is missing. Add it."),
    "long name": (lambda name: small_document(name + "x" * 40), "characters long; at most 40 are allowed. Shorten it."),
    "form of a name": (lambda name: small_document("Web_1"), "name: 'Web_1' isn't of the right form. It must match"),
    "no such file": (servers(bootstrap={"file": "nope.sh"}), "servers.app.bootstrap.file: there's no file"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_document_is_told_with_its_place_and_nothing_is_asked_of_aws(
    aws: Physics, tmp_path: Path, name: str, case: str
) -> None:
    make, words = WRONG[case]
    before = len(aws.log.snapshot())
    file = written(make(name), tmp_path)
    said = castra("up", file, "--yes")
    assert_told(said, 2, f"{file}: 1 problem.\n  ", words)
    assert said.stdout == ""
    assert len(aws.log.snapshot()) == before


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path, name: str) -> None:
    document = servers(port="many", count={"min": 3, "max": 1}, colour="blue")(name) | {"regoin": REGION}
    file = written(document, tmp_path)
    said = castra("plan", file, "--json")
    assert_told(said, 2, f"{file}: 4 problems.")
    problems = {one["path"]: one for one in said.document["error"]["problems"]}
    assert set(problems) == {"regoin", "servers.app.port", "servers.app.count", "servers.app.colour"}
    assert problems["regoin"]["way_out"] == "Did you mean region?"
    assert set(said.document["error"]) == {"what", "why", "way_out", "problems"}


def test_a_file_that_is_missing_or_no_yaml_is_told(tmp_path: Path) -> None:
    assert_told(castra("check", tmp_path / "nope.yaml"), 2, "nope.yaml: there's no such file. Check the path.")
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: web\nregion: [eu-west-1\n")
    assert_told(castra("check", broken), 2, "line 3, column 1: it isn't YAML")
    broken.write_text("name: web\nname: other\n")
    assert_told(castra("check", broken), 2, "line 2, column 1", "the key 'name' stands twice")


@pytest.mark.usefixtures("prefect")
def test_a_part_that_nobody_provides_is_told_before_anything_is_done(aws: Physics, name: str) -> None:
    lonely = SecurityGroup(name="lonely", vpc="vpc/elsewhere", where="my_flow.py")
    with nothing_written(aws), pytest.raises(Invalid, match=r"my_flow\.py: needs vpc/elsewhere, which nobody provides"):
        spin_up(small(name).model_copy(update={"also": (lonely,)}))


def test_an_image_that_does_not_exist_is_told_with_its_place(aws: Physics, tmp_path: Path, name: str) -> None:
    file = written(servers(image={"ssm": "/no/such/image"})(name), tmp_path)
    with nothing_written(aws):
        said = castra("up", file, "--yes")
    assert_told(
        said, 2, f"servers.app: there's no parameter /no/such/image in {REGION}. Check its name and the region."
    )


def test_no_region_at_all_is_told(name: str) -> None:
    said = castra("down", name, "--yes", env={"AWS_REGION": None, "AWS_DEFAULT_REGION": None})
    assert_told(said, 2, "--region: no region is named, and none is set. Add --region eu-west-1, say.")


# ---------------------------------------------------------------------- who asks


@pytest.fixture
def file(tmp_path: Path, name: str) -> Path:
    """A blueprint with nothing wrong in it."""
    return written(small_document(name), tmp_path)


@pytest.fixture
def strict(aws: Physics) -> Iterator[None]:
    """An AWS that looks at credentials and policies."""
    look_at_them(aws, "0")
    yield
    look_at_them(aws, "inf")


def look_at_them(aws: Physics, after: str) -> None:
    """Moto's authentication, on after so many calls."""
    plain = {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(f"{aws.url}/moto-api/reset-auth", after.encode(), plain)).close()


def somebody_who_may_not(user: str, action: str) -> dict[str, str | None]:
    """Credentials of a user who may do everything but this."""
    iam = client("iam")
    iam.create_user(UserName=user)
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [allow, allow | {"Effect": "Deny", "Action": action}]}
    iam.put_user_policy(UserName=user, PolicyName="nearly-all", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


@pytest.mark.parametrize("verb", ["plan", "up"])
def test_without_credentials_it_says_how_to_get_some(aws: Physics, file: Path, verb: str) -> None:
    yes = ("--yes",) if verb == "up" else ()
    with nothing_written(aws):
        said = castra(verb, file, *yes, "--json", env=NOBODY)
    assert_told(said, 1, "no AWS credentials were found. Set AWS_PROFILE, or log in with `aws sso login`.")
    assert said.document["error"]["why"] == "no AWS credentials were found"


@pytest.mark.usefixtures("strict")
def test_wrong_credentials_are_told_as_such(aws: Physics, file: Path, name: str) -> None:
    wrong: dict[str, str | None] = {"AWS_ACCESS_KEY_ID": "AKIAWRONG", "AWS_SECRET_ACCESS_KEY": "wrong"}
    with nothing_written(aws):
        said = castra("up", file, "--yes", env=wrong)
        down = castra("down", name, "--region", REGION, "--yes", env=wrong)
    for ended in (said, down):
        assert_told(ended, 1, "AWS doesn't accept these credentials (", "Renew them, or choose other ones.")


def test_no_permission_to_read_names_the_action_to_allow(
    aws: Physics, file: Path, name: str, request: pytest.FixtureRequest
) -> None:
    credentials = somebody_who_may_not(name, "ec2:DescribeNatGateways")
    request.getfixturevalue("strict")
    with nothing_written(aws):
        said = castra("up", file, "--yes", env=credentials)
    assert_told(said, 1, "Reading nat-gateway: no permission for ec2:DescribeNatGateways (")
    assert "Allow ec2:DescribeNatGateways to the caller." in said.stderr


@pytest.mark.usefixtures("prefect")
def test_no_permission_to_write_names_the_part_and_the_action_to_allow(
    aws: Physics, file: Path, name: str, request: pytest.FixtureRequest
) -> None:
    credentials = somebody_who_may_not(name, "ec2:CreateVpc")
    request.getfixturevalue("strict")
    before = len(writes(aws))
    said = castra("up", file, "--yes", env=credentials)
    assert_told(said, 1, "vpc/main: no permission for ec2:CreateVpc (", "Allow ec2:CreateVpc to the caller")
    assert "held back: " in said.stderr
    refused = [call for call in writes(aws)[before:] if call.operation == "CreateVpc"]
    assert len(refused) == 1  # what is forbidden isn't asked for again
    look_at_them(aws, "inf")
    assert standing(name) == [("address/nat-a", "standing")]


def test_another_account_than_the_blueprint_says_is_refused(aws: Physics, tmp_path: Path, name: str) -> None:
    file = written(small_document(name, account="999999999999"), tmp_path)
    with nothing_written(aws):
        said = castra("up", file, "--yes")
    assert_told(said, 1, "the blueprint is for account 999999999999, the credentials belong to 123456789012.")
    assert "Use the credentials of that account, or change `account:`." in said.stderr


@pytest.mark.usefixtures("prefect")
@pytest.mark.parametrize("verb", ["up", "down"])
def test_an_environment_that_another_run_holds_is_left_to_it(aws: Physics, file: Path, name: str, verb: str) -> None:
    spin_up(small(name, network={"endpoints": []}))
    words = {"up": ("up", file), "down": ("down", name, "--region", REGION)}[verb]
    with lease(scope(name), "a colleague's run", seconds=8), nothing_written(aws, lease=True):
        said = castra(*words, "--yes")
    assert_told(said, 1, f"environment {name}: a colleague's run is changing it. Wait until it's done, or stop it.")
    assert standing(name) == whole(small(name, network={"endpoints": []}))
