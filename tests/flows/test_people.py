"""`castra people` and the flow: users, keys and groups, with what nobody used for long marked, and an artifact."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from blueprints.reading import load
from flows import artifacts
from flows.people import people
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tests.flows.shell import castra
from tests.flows.world import REGION, ROOT
from tests.physics import Physics

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture
def team(aws: Physics, name: str) -> Iterator[str]:
    spin_up(load(ROOT / "examples/people.yaml").model_copy(update={"name": name}))
    yield name
    assert tear_down(name, REGION).left == 0


def test_who_there_is_and_what_nobody_used_is_told_in_the_shell_and_as_an_artifact(
    team: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in get_backend("iam")[DEFAULT_ACCOUNT_ID]["aws"].users.values():
        if f"/{team}/" in user.path:
            user.create_date = (datetime.now(UTC) - timedelta(days=40)).replace(tzinfo=None)
    told = castra("people", team, "--region", REGION, "--unused", "30")
    assert told.returncode == 0, told.stderr
    (ada,) = [line for line in told.stdout.splitlines() if "password" in line]
    assert ada.startswith(f"{team}--ada--{REGION}")
    assert ada.split()[-5:] == [f"castra/{team}/passwords/ada", "unused", "for", "30", "days"]
    document = castra("people", team, "--region", REGION, "--json").document
    assert [(one["user"].split("--")[1], one["idle"]) for one in document["people"]] == [
        ("ada", False),
        ("pipeline", False),
    ]
    assert {one["members"] for one in document["groups"]} == {1, 2}
    tables: list[dict[str, Any]] = []
    monkeypatch.setattr(artifacts, "create_table_artifact", lambda **table: tables.append(table))
    assert people(team, REGION, unused=30).idle == 1
    (table,) = tables
    assert (table["key"], table["description"]) == (
        f"people-{team}",
        f"{team} in {REGION}: 1 of 4 unused for 30 days",
    )
    assert [row["what"] for row in table["table"]][:1] == ["password"]
