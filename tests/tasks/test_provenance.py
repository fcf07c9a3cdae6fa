"""The newest good image that was built under a name: what `built-image:NAME` is answered with."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.environment import Environment
from tasks.errors import Invalid
from tasks.images.provenance import newest
from tasks.scope import Scope
from tasks.survey import answer
from tests.physics import Physics


def image(number: int, created: str = "2026-01-01T00:00:00.000Z", state: str = "available", **tags: str) -> Any:
    said = {"castra:image": "app", "castra:build": f"app/{number}", **{f"castra:{key}": tags[key] for key in tags}}
    told = [{"Key": key, "Value": value} for key, value in said.items()]
    return {"ImageId": f"ami-{number:08x}", "CreationDate": created, "State": state, "Tags": told}


def test_of_one_second_the_higher_number_is_the_newer() -> None:
    assert newest([image(9), image(10), image(2)], "app") == image(10)


@settings(deadline=None)
@given(st.permutations([image(1), image(2), image(3, state="pending"), image(4, refused="2026-01-02"), image(5)]))
def test_what_is_refused_or_not_whole_is_passed_over_in_any_order(images: list[Any]) -> None:
    assert newest(images, "app") == image(5)
    assert newest([one for one in images if one != image(5)], "app") == image(2)
    assert newest(images, "other") is None


def blueprint(name: str) -> Environment:
    bake = {"base": {"id": "ami-12345678"}, "commands": ["true"]}
    return Environment.model_validate(
        {
            "name": name,
            "region": "eu-west-1",
            "network": {"cidr": "10.0.0.0/16"},
            "images": {"app": {"bake": bake}, "db": {"bake": bake}},
            "servers": {"app": {"image": {"built": "app"}}, "db": {"image": {"built": "db"}}},
        }
    )


def test_both_are_found_by_one_call_and_one_that_nobody_has_built_is_told_with_its_verb(
    aws: Physics, scope: Scope
) -> None:
    ec2 = scope.ec2
    machine = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, InstanceType="t3.micro")
    made: dict[str, str] = {}

    def make(name: str, number: int) -> None:
        tags = [{"Key": "castra:image", "Value": name}, {"Key": "castra:build", "Value": f"{name}/{number}"}]
        asked = {"Name": f"{name}-{number}", "TagSpecifications": [{"ResourceType": "image", "Tags": tags}]}
        made[name] = ec2.create_image(InstanceId=machine["Instances"][0]["InstanceId"], **asked)["ImageId"]

    make("app", 1)
    with pytest.raises(Invalid) as caught:
        answer(scope, blueprint(str(scope.environment)).parts())
    (problem,) = caught.value.problems
    assert problem.path == "servers.db"
    assert problem.why == "no good image db is built yet in eu-west-1"
    assert problem.way_out == "Build it: castra build-image FILE db"
    make("app", 2)
    make("db", 1)
    before = aws.counts().get("ec2:DescribeImages", 0)
    told = answer(scope, blueprint(str(scope.environment)).parts())
    assert {name: told[f"built-image:{name}"] for name in made} == made
    assert aws.counts()["ec2:DescribeImages"] - before == 1
