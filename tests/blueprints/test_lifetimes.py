"""How long something is to last, as people write it."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.lifetimes import lasting
from blueprints.problem import Invalid
from blueprints.reading import build

SMALL: dict[str, Any] = {"name": "a", "region": "eu-west-1"}


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("8h", timedelta(hours=8)),
        ("3d", timedelta(days=3)),
        ("1d12h", timedelta(hours=36)),
        ("2w", timedelta(weeks=2)),
        ("90m", timedelta(minutes=90)),
        ("366d", timedelta(days=366)),
    ],
)
def test_what_people_write_is_understood(text: str, time: timedelta) -> None:
    assert lasting(text) == time
    assert build({**SMALL, "expires_after": text}).lifetime == time


@pytest.mark.parametrize("text", ["", "8", "8 h", "12h1d", "0h", "-1d", "5m", "367d", "soon", "8H", "h"])
def test_what_isnt_a_time_is_told_with_its_place(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        build({**SMALL, "expires_after": text})
    (problem,) = caught.value.problems
    assert problem.path == "expires_after"


def test_the_form_refuses_what_isnt_a_time_by_itself() -> None:
    schema = json.dumps(Environment.model_json_schema()["properties"]["expires_after"])
    pattern = next(one["pattern"] for one in json.loads(schema)["anyOf"] if "pattern" in one)
    assert re.search(pattern, "1d12h")
    assert not re.search(pattern, "12h1d")
    assert "ends itself" in schema


def test_without_it_an_environment_stands_for_ever() -> None:
    assert build(SMALL).lifetime is None


def test_owner_and_purpose_are_tags() -> None:
    environment = build({**SMALL, "owner": "ada", "purpose": "load test"})
    assert environment.all_tags == {"owner": "ada", "purpose": "load test"}


def test_a_purpose_that_iam_would_refuse_is_told() -> None:
    with pytest.raises(Invalid, match=r"has !, \?, which IAM takes in no tag"):
        build({**SMALL, "purpose": "what?!"})
