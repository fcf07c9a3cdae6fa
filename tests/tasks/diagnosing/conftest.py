"""Environments that stand for a whole file: each test breaks one, has it diagnosed, mends it, and finds it healthy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from blueprints.environment import Environment
from blueprints.part import Part
from blueprints.reading import build, load
from tasks.diagnosing.diagnose import diagnose
from tasks.diagnosing.finding import Diagnosis, Finding
from tasks.reading import resources
from tasks.scope import Scope
from tests.conductor import raise_all
from tests.physics import Physics

TOLD: set[str] = set()
"""Every cause that an environment was diagnosed with since the test began."""
EXAMPLES = Path(__file__).parents[3] / "examples"
REGION = "eu-west-1"
IMAGE = {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBneWI7VMDArIjwGqERC+1YwzqAWp+nc4zGAucDKu63X ops"
CAMP: dict[str, Any] = {
    "name": "camp",
    "region": REGION,
    "network": {"cidr": "10.80.0.0/16", "zones": 2, "nat": "one"},
    "key_pairs": {"ops": {"public_key": KEY}},
    "balancers": {"old": {"kind": "classic", "public": True, "listeners": [{"port": 80, "to": "app"}]}},
    "servers": {
        "app": {
            "image": IMAGE,
            "port": 8080,
            "health_check": "/",
            "count": {"min": 2, "max": 4},
            "key_pair": "ops",
            "managed_policies": ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"],
            "names": {"DATABASE": "database/main", "SESSIONS": "cache/sessions", "PAGES": "cache/pages"},
        }
    },
    "instances": {"lone": {"image": IMAGE}},
    "databases": {
        "main": {"engine": "postgres", "version": "17", "admits": {"servers": ["app"], "functions": ["clerk"]}}
    },
    "caches": {
        "sessions": {"admits": {"servers": ["app"]}},
        "pages": {"engine": "memcached", "admits": {"servers": ["app"]}},
    },
    "functions": {
        "clerk": {
            "code": str(EXAMPLES / "ledger"),
            "handler": "app.handler",
            "vpc": True,
            "names": {"DATABASE": "database/main"},
        }
    },
}
"""Servers with a key pair and a role behind a classic balancer, and what they and a function keep their data in."""


class Standing:
    """An environment that stands, and plain clients to break it with."""

    def __init__(self, wanted: Environment) -> None:
        self.parts: tuple[Part, ...] = wanted.parts()
        self.scope = Scope(wanted.name, REGION, poll_seconds=0.05)
        self.reader = Scope(wanted.name, REGION)
        self.mend()

    def mend(self) -> None:
        """Raise it again."""
        raise_all(self.scope, self.parts)

    def ids(self) -> dict[str, str]:
        """The id of each part."""
        return {one.part: one.id for one in resources(self.scope)}

    def machines(self, servers: str) -> list[str]:
        """The instances of a group of servers that run."""
        filters = [
            {"Name": "tag:castra:part", "Values": [f"scaling-group/{servers}"]},
            {"Name": "tag:castra:environment", "Values": [str(self.scope.environment)]},
            {"Name": "instance-state-name", "Values": ["running"]},
        ]
        told = self.client("ec2").describe_instances(Filters=filters)["Reservations"]
        return [one["InstanceId"] for reservation in told for one in reservation["Instances"]]

    def say(self, servers: str, tag: str, value: str) -> None:
        """Let what runs on them fare in another way."""
        self.client("ec2").create_tags(Resources=self.machines(servers), Tags=[{"Key": tag, "Value": value}])

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name=REGION)

    def diagnosis(self) -> Diagnosis:
        """By a scope that knows no more than the name and the region, as a verb's does."""
        diagnosis = diagnose(self.reader)
        TOLD.update(one.cause for one in diagnosis.findings)
        return diagnosis

    def only(self, cause: str, part: str, place: str) -> Finding:
        """The one finding, which has this cause, part and place."""
        (found,) = self.diagnosis().findings
        assert (found.cause, found.part, found.place) == (cause, part, place)
        return found

    def told(self) -> list[tuple[str, str, str]]:
        """Each cause that is found, with its part and its place in the blueprint."""
        return [(one.cause, one.part, one.place) for one in self.diagnosis().findings]


@pytest.fixture(autouse=True)
def told_what_it_breaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that says `breaks` has an environment diagnosed with just that."""
    TOLD.clear()
    yield
    said = {cause for mark in request.node.iter_markers("breaks") for cause in mark.args}
    assert said <= TOLD, f"said to break, and never diagnosed: {said - TOLD}"


@pytest.fixture(scope="module")
def web(aws: Physics) -> Iterator[Standing]:
    """The example of a balancer in front of two groups of servers."""
    yield Standing(load(EXAMPLES / "web.yaml"))
    assert aws.crashes() == []


@pytest.fixture(scope="module")
def office(aws: Physics) -> Iterator[Standing]:
    """The example of two functions, a queue between them and a schedule."""
    yield Standing(load(EXAMPLES / "functions.yaml"))
    assert aws.crashes() == []


@pytest.fixture(scope="module")
def camp(aws: Physics) -> Iterator[Standing]:
    """Servers behind a classic balancer, and what they keep their data in."""
    yield Standing(build(CAMP))
    assert aws.crashes() == []
