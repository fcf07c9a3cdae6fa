"""examples/network.yaml and examples/default-vpc.yaml, raised whole, kept and struck again."""

from pathlib import Path

import pytest

from blueprints.environment import Environment
from blueprints.reading import load
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import survey
from tests.conductor import look_and_plan, raise_all

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(params=["network.yaml", "default-vpc.yaml"])
def example(request: pytest.FixtureRequest) -> Environment:
    return load(EXAMPLES / request.param)


def kept(scope: Scope) -> dict[str, list[str]]:
    """What there is of all that the examples bring, whoever made it."""
    shown = {
        "endpoints": [
            one["VpcEndpointId"]
            for one in scope.ec2.describe_vpc_endpoints()["VpcEndpoints"]
            if one["State"] != "deleted"
        ],
        "logs": [one["FlowLogId"] for one in scope.ec2.describe_flow_logs()["FlowLogs"]],
        "keys": [one["KeyName"] for one in scope.ec2.describe_key_pairs()["KeyPairs"]],
        "policies": [one["Arn"] for one in scope.iam.list_policies(Scope="Local")["Policies"]],
        "roles": [one["Arn"] for one in scope.iam.list_roles(PathPrefix="/castra/")["Roles"]],
        "vpcs": [one["VpcId"] for one in scope.ec2.describe_vpcs()["Vpcs"]],
        "subnets": [one["SubnetId"] for one in scope.ec2.describe_subnets()["Subnets"]],
        "interfaces": [
            one["NetworkInterfaceId"] for one in scope.ec2.describe_network_interfaces()["NetworkInterfaces"]
        ],
    }
    return {name: sorted(ids) for name, ids in shown.items()}


def test_raised_it_stands_whole_and_struck_it_leaves_the_account_as_it_was(strict: Scope, example: Environment) -> None:
    before = kept(strict)
    parts = example.parts()
    raise_all(strict, parts)
    found = survey(strict, KINDS.values()).found
    assert sorted(one.key for one in found) == sorted(part.key for part in parts)
    assert {one.phase for one in found} == {"standing"}
    writes = strict.calls.summary()["write"]
    assert raise_all(strict, parts).settled
    assert strict.calls.summary()["write"] == writes
    raise_all(strict, ())
    assert look_and_plan(strict, ()).steps == ()
    assert kept(strict) == before
