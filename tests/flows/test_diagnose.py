"""`castra diagnose` and the flow: a table of causes, an artifact, and exit codes."""

from collections.abc import Iterator
from typing import Any

import pytest

from flows import artifacts
from flows.diagnose import diagnose
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tests.flows.shell import castra
from tests.flows.world import REGION, client, ids, web
from tests.physics import Physics

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture
def raised(aws: Physics, name: str) -> Iterator[str]:
    spin_up(web(name))
    yield name
    assert tear_down(name, REGION).left == 0


def test_causes_are_told_in_the_shell_and_as_an_artifact(raised: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tables: list[dict[str, Any]] = []
    monkeypatch.setattr(artifacts, "create_table_artifact", lambda **table: tables.append(table))
    assert diagnose(raised, REGION).healthy
    client("elbv2").delete_listener(ListenerArn=ids(raised)["listener/front-80"])
    told = castra("diagnose", raised, "--region", REGION)
    assert told.returncode == 1, told.stderr
    assert "balancers.front.listeners" in told.stdout
    assert told.stdout.rstrip().splitlines()[-1].startswith("1 cause found in ")
    document = castra("diagnose", raised, "--region", REGION, "--json").document
    assert [(one["cause"], one["part"]) for one in document["findings"]] == [("no-listener", "load-balancer/front")]
    assert not diagnose(raised, REGION).healthy
    assert [(one["key"], len(one["table"])) for one in tables] == [
        (f"diagnosis-{raised}", 0),
        (f"diagnosis-{raised}", 1),
    ]
    assert tables[1]["table"][0]["cause"] == "no-listener"
