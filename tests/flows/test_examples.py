"""The examples run as they are written."""

import subprocess
import sys

import pytest

from examples.own_flow import raise_lab, strike_lab
from tests.flows.shell import LIMIT
from tests.flows.world import REGION, ROOT, client, ids, standing, witness
from tests.physics import Physics

pytestmark = pytest.mark.usefixtures("prefect")
PARTS = ["internet-gateway/main", "route-table/main", "subnet/a", "subnet/b", "vpc/main"]


def test_a_flow_of_ones_own_makes_what_its_tasks_say_once(aws: Physics, name: str) -> None:
    before = witness()
    made = raise_lab(name, REGION)
    assert sorted(made) == PARTS
    assert ids(name) == made
    assert raise_lab(name, REGION) == made
    assert witness() - before == {"vpc": 1, "internet gateway": 1, "subnet": 2, "route table": 1}
    (table,) = client("ec2").describe_route_tables(RouteTableIds=[made["route-table/main"]])["RouteTables"]
    assert {one["SubnetId"] for one in table["Associations"]} == {made["subnet/a"], made["subnet/b"]}
    (out,) = [route for route in table["Routes"] if route["DestinationCidrBlock"] == "0.0.0.0/0"]
    assert out["GatewayId"] == made["internet-gateway/main"]
    assert sorted(strike_lab(name, REGION)) == sorted(made.values())
    assert strike_lab(name, REGION) == []
    assert (standing(name), witness()) == ([], before)


def test_it_runs_as_a_program_and_cleans_up_after_itself(aws: Physics) -> None:
    before = witness()
    command = [sys.executable, "-m", "examples.own_flow"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert said.returncode == 0, said.stderr
    told = said.stdout.splitlines()
    assert sorted(line.partition(" = ")[0] for line in told if " = " in line) == PARTS
    assert told[-1].startswith("removed ")
    assert witness() == before
