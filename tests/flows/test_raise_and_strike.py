"""The life of an environment, through the flows: raised, kept, changed, broken, mended and struck."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.firewalls import SecurityGroup
from flows.drift import drift
from flows.inventory import inventory
from flows.plan import plan
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tasks import retry
from tasks.converge import remove
from tasks.errors import Failed, Halted, Held, Moved, NeedsReplacing, WrongAccount
from tasks.lease import halt
from tasks.reading import scope_of
from tasks.registry import KINDS
from tasks.report import Report
from tests.flows.world import (
    REGION,
    client,
    ids,
    keys,
    nothing_written,
    small,
    standing,
    web,
    whole,
    witness,
    writes,
)
from tests.physics import Physics

pytestmark = pytest.mark.usefixtures("prefect")
Aside = Callable[..., "Future[Any]"]


@pytest.fixture(autouse=True)
def orders_end(aws: Physics) -> Iterator[None]:
    """No rule, and no wish to stop, outlives its test."""
    yield
    aws.rules.clear()
    halt.clear()


@pytest.fixture
def aside() -> Iterator[Aside]:
    """Runs a flow in a thread of its own, in this test's settings."""
    with ThreadPoolExecutor(4) as pool:
        yield lambda *call: pool.submit(copy_context().run, *call)


def becauses(report: Report) -> dict[str, tuple[str, str]]:
    return {step.part: (step.action, step.because) for step in report.steps if step.action != "keep"}


def done(report: Report) -> dict[str, str]:
    return {outcome.part: outcome.action for outcome in report.outcomes or ()}


# ---------------------------------------------------------------------- raised


def test_raising_makes_each_part_once_and_tells_so(aws: Physics, name: str) -> None:
    environment, before = web(name), witness()
    report = spin_up(environment)
    assert standing(name) == whole(environment)
    assert sorted(done(report)) == keys(environment)
    assert set(done(report).values()) == {"create"}
    assert {outcome.part: outcome.id for outcome in report.outcomes or ()} == ids(name)
    assert report.counts == {"create": len(keys(environment)), "update": 0, "replace": 0, "keep": 0, "delete": 0}
    assert report.outputs is not None
    address = client("elbv2").describe_load_balancers()["LoadBalancers"][-1]["DNSName"]
    assert report.outputs["load-balancer/front.dns_name"] == address
    assert report.calls["write"] == len(writes(aws, lease=True))
    assert sum(outcome.seconds for outcome in report.outcomes or ()) > 0
    made = witness() - before
    assert (made["vpc"], made["subnet"], made["nat gateway"], made["security group"]) == (1, 6, 1, 3)
    assert (made["scaling group"], made["balancer"], made["target group"], made["role"]) == (2, 1, 2, 1)

    # Raised again, it writes nothing and reads little.
    reads_before = len(aws.log.snapshot())
    with nothing_written(aws):
        again = spin_up(environment)
    assert again.calls == {"read": len(aws.log.snapshot()) - reads_before, "write": 0}
    assert again.calls["read"] <= 2 * len(KINDS)
    assert (again.outcomes, again.counts["keep"], again.outputs) == ((), len(keys(environment)), report.outputs)

    # What only reads writes nothing either.
    with nothing_written(aws):
        assert plan(environment).counts["keep"] == len(keys(environment))
        assert not drift(environment).changed
        (found,) = [one for one in inventory(REGION) if one.environment == name]
    assert (found.parts, found.owner, found.kinds["subnet"]) == (len(keys(environment)), "web-team", 6)

    # Struck, nothing is left, whoever looks.
    struck = tear_down(name, REGION)
    assert (struck.left, struck.remaining, standing(name)) == (0, None, [])
    assert witness() == before
    assert struck.counts["delete"] == len(struck.outcomes or ()) == len(keys(environment))
    with nothing_written(aws):
        assert tear_down(name, REGION).left == 0


def test_a_plan_of_what_does_not_stand_writes_nothing(aws: Physics, name: str) -> None:
    environment = web(name)
    with nothing_written(aws):
        report = plan(environment)
        assert drift(environment).fingerprint == report.fingerprint
    assert report.counts["create"] == len(keys(environment))
    assert (report.calls["write"], report.outcomes, standing(name)) == (0, None, [])


def test_parts_written_by_hand_stand_beside_the_sections(name: str) -> None:
    by_hand = SecurityGroup(name="mine", vpc="vpc/main", description="By hand")
    environment = small(name).model_copy(update={"also": (by_hand,)})
    spin_up(environment)
    assert ("security-group/mine", "standing") in standing(name)
    spin_up(small(name))
    assert standing(name) == whole(small(name))


# ---------------------------------------------------------------------- changed


def test_a_change_by_hand_is_told_as_such_and_mended(aws: Physics, name: str) -> None:
    environment = small(name)
    spin_up(environment)
    table = ids(name)["route-table/private-a"]
    client("ec2").delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    vpc = {"VpcId": ids(name)["vpc/main"]}
    client("ec2").modify_vpc_attribute(**vpc, EnableDnsHostnames={"Value": False})
    with nothing_written(aws):
        found = drift(environment)
    assert becauses(found)["vpc/main"] == ("update", "changed by hand")
    (change,) = next(step.changes for step in found.steps if step.part == "vpc/main")
    assert (change.field, change.from_, change.to) == ("dns_hostnames", False, True)
    told = set(becauses(found)) - {"vpc/main"}
    assert told
    assert done(spin_up(environment)).keys() == told | {"vpc/main"}
    assert not drift(environment).changed
    assert client("ec2").describe_vpc_attribute(**vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    (routes,) = client("ec2").describe_route_tables(RouteTableIds=[table])["RouteTables"]
    assert "0.0.0.0/0" in [route["DestinationCidrBlock"] for route in routes["Routes"] if "NatGatewayId" in route]


def test_what_someone_removed_is_made_again(name: str) -> None:
    environment = small(name)
    spin_up(environment)
    client("ec2").delete_vpc_endpoints(VpcEndpointIds=[ids(name)["gateway-endpoint/s3"]])
    assert becauses(drift(environment)) == {"gateway-endpoint/s3": ("create", "not there yet")}
    assert done(spin_up(environment)) == {"gateway-endpoint/s3": "create"}
    assert standing(name) == whole(environment)


def test_what_a_changed_blueprint_no_longer_names_is_removed(name: str) -> None:
    spin_up(small(name))
    changed = small(name, network={"nat": "none", "endpoints": [], "dns_hostnames": False})
    report = spin_up(changed)
    assert standing(name) == whole(changed)
    assert becauses(report)["vpc/main"] == ("update", "the blueprint changed")
    gone = {"address/nat-a", "nat-gateway/a", "gateway-endpoint/s3"}
    assert {part for part, action in done(report).items() if action == "delete"} >= gone
    assert {becauses(report)[part] for part in gone} == {("delete", "no longer in the blueprint")}


def test_nothing_is_removed_while_a_part_that_is_wanted_fails(aws: Physics, name: str) -> None:
    spin_up(small(name))
    changed = small(name, network={"nat": "none", "endpoints": [], "dns_hostnames": False})
    before = len(writes(aws))
    aws.rule("ModifyVpcAttribute", "error:UnauthorizedOperation:403")
    with pytest.raises(Failed, match="ec2:ModifyVpcAttribute") as failed:
        spin_up(changed)
    assert {call.operation for call in writes(aws)[before:]} == {"ModifyVpcAttribute"}
    assert list(failed.value.failures) == ["vpc/main"]
    assert {part for part, _ in standing(name)} >= {"address/nat-a", "nat-gateway/a", "gateway-endpoint/s3"}
    aws.rules.clear()
    spin_up(changed)
    assert standing(name) == whole(changed)


SUBNETS = {"public": ["10.30.0.0/20"], "private": ["10.30.128.0/20"]}
MOVED = {"public": ["10.30.0.0/20"], "private": ["10.30.192.0/20"]}


def test_replacing_what_holds_something_is_refused_unless_asked_for(aws: Physics, name: str) -> None:
    spin_up(small(name, network={"subnets": SUBNETS}))
    before, moved = ids(name), small(name, network={"subnets": MOVED})
    with (
        nothing_written(aws, lease=True),
        pytest.raises(NeedsReplacing, match=r"subnet/private-a .*cidr.*--replace subnet/private-a"),
    ):
        spin_up(moved)
    assert ids(name) == before
    report = spin_up(moved, replace=("subnet/private-a",))
    assert done(report)["subnet/private-a"] in ("replace", "delete")
    assert standing(name) == whole(moved)
    after = ids(name)
    assert {part for part in before if before[part] != after[part]} == {"subnet/private-a"}
    (subnet,) = client("ec2").describe_subnets(SubnetIds=[after["subnet/private-a"]])["Subnets"]
    assert subnet["CidrBlock"] == "10.30.192.0/20"
    assert not drift(moved).changed


def test_what_holds_nothing_is_replaced_unasked_the_new_before_the_old_goes(aws: Physics, name: str) -> None:
    environment = web(name)
    spin_up(environment)
    before, calls = ids(name), len(aws.writes())
    servers = {**environment.servers, "app": environment.servers["app"].model_copy(update={"port": 8081})}
    changed = environment.model_copy(update={"servers": servers})
    report = spin_up(changed)
    assert becauses(report)["target-group/front-app"] == ("replace", "the blueprint changed")
    assert becauses(report)["listener/front-80"] == ("update", "follows target-group/front-app")
    assert standing(name) == whole(changed)
    assert {part for part, id in ids(name).items() if before[part] != id} == {"target-group/front-app"}
    order = [call.operation for call in aws.writes()[calls:]]
    assert order.index("CreateTargetGroup") < order.index("ModifyListener") < order.index("DeleteTargetGroup")
    assert not drift(changed).changed
    tear_down(name, REGION)


# ---------------------------------------------------------------------- struck


def test_striking_leaves_other_environments_alone(name: str) -> None:
    other = f"{name}-other"
    spin_up(small(name))
    spin_up(small(other))
    before = ids(other)
    assert tear_down(name, REGION).left == 0
    assert standing(name) == []
    assert ids(other) == before
    assert not drift(small(other)).changed


def test_striking_with_another_account_named_is_refused(aws: Physics, name: str) -> None:
    spin_up(small(name))
    with nothing_written(aws), pytest.raises(WrongAccount, match="999999999999"):
        tear_down(name, REGION, "999999999999")
    assert standing(name) == whole(small(name))


def test_raising_in_another_account_than_the_blueprint_names_is_refused(aws: Physics, name: str) -> None:
    with nothing_written(aws), pytest.raises(WrongAccount, match=r"999999999999.*123456789012"):
        spin_up(small(name, account="999999999999"))
    assert standing(name) == []


# ---------------------------------------------------------------------- approved


def test_an_approved_plan_is_carried_out_while_the_world_stands_still(name: str) -> None:
    environment = small(name)
    assert len(spin_up(environment, approved=plan(environment).fingerprint).outcomes or ()) == len(keys(environment))
    assert standing(name) == whole(environment)


def test_an_approved_plan_is_refused_once_the_world_has_moved(aws: Physics, name: str) -> None:
    environment = small(name)
    approved = plan(environment).fingerprint
    spin_up(environment)
    with nothing_written(aws, lease=True), pytest.raises(Moved, match="Look at the new plan"):
        spin_up(environment, approved=approved)
    with nothing_written(aws, lease=True), pytest.raises(Moved):
        tear_down(name, REGION, approved=approved)
    assert standing(name) == whole(environment)


# ---------------------------------------------------------------------- failures


def test_a_failed_step_is_named_with_its_reason_and_a_second_run_goes_on(aws: Physics, name: str) -> None:
    environment, before = web(name), witness()
    aws.rule("CreateNatGateway", "error:NatGatewayLimitExceeded")
    with pytest.raises(Failed) as failed:
        spin_up(environment)
    error = failed.value
    assert list(error.failures) == ["nat-gateway/a"]
    assert "CreateNatGateway answered NatGatewayLimitExceeded" in error.failures["nat-gateway/a"]
    held_back = {"route-table/private-a", "scaling-group/app", "scaling-group/api", "target-tracking/app-cpu"}
    assert held_back < set(error.held_back)
    assert "run the same command again" in str(error)
    stands = {part for part, _ in standing(name)}
    assert error.done == len(stands)
    assert stands.isdisjoint({*held_back, "nat-gateway/a"})
    assert "load-balancer/front" in stands  # what doesn't need it was made all the same

    aws.rules.clear()
    made = done(spin_up(environment))
    assert set(made) == set(keys(environment)) - stands
    assert standing(name) == whole(environment)
    assert (witness() - before)["address"] == 1
    tear_down(name, REGION)
    assert witness() == before


@pytest.mark.parametrize("operation", ["CreateVpc", "CreateSubnet", "CreateNatGateway", "AllocateAddress"])
def test_a_create_whose_answer_was_lost_is_found_and_not_repeated(aws: Physics, name: str, operation: str) -> None:
    before = witness()
    rule = aws.rule(operation, "lose-answer", nth=1)
    spin_up(small(name))
    assert rule.hits == 1
    assert standing(name) == whole(small(name))
    made = witness() - before
    assert (made["vpc"], made["subnet"], made["nat gateway"], made["address"]) == (1, 2, 1, 1)
    tear_down(name, REGION)
    assert witness() == before


def test_a_failed_removal_is_named_and_what_must_go_before_is_not_skipped(aws: Physics, name: str) -> None:
    spin_up(small(name))
    aws.rule("DeleteNatGateway", "error:UnauthorizedOperation:403")
    with pytest.raises(Failed, match="ec2:DeleteNatGateway") as failed:
        tear_down(name, REGION)
    assert [label.split()[0] for label in failed.value.failures] == ["nat-gateway/a"]
    assert "vpc/main" in {label.split()[0] for label in failed.value.held_back}
    left = {part for part, _ in standing(name)}
    assert left >= {"nat-gateway/a", "subnet/public-a", "vpc/main"}
    aws.rules.clear()
    assert tear_down(name, REGION).left == 0


# ---------------------------------------------------------------------- together


def test_of_two_raisings_at_once_one_is_refused_and_nothing_is_made_twice(
    aws: Physics, name: str, aside: Aside
) -> None:
    environment, before = small(name), witness()
    held = aws.rule("CreateInternetGateway", "hold")
    first = aside(spin_up, environment)
    assert held.reached.wait(60)
    with pytest.raises(Held, match="is changing it") as refused:
        spin_up(environment)
    assert "flow run raise" in str(refused.value)
    aws.release()
    assert len(first.result(60).outcomes) == len(keys(environment))
    assert standing(name) == whole(environment)
    assert (witness() - before)["vpc"] == 1


def test_two_raisings_that_start_together_make_everything_once(aws: Physics, name: str, aside: Aside) -> None:
    environment, before, together = small(name), witness(), threading.Barrier(2)

    def raise_it() -> Report | Held:
        together.wait()
        try:
            return spin_up(environment)
        except Held as refused:
            return refused

    ends = [end.result(120) for end in (aside(raise_it), aside(raise_it))]
    worked = [end for end in ends if isinstance(end, Report) and end.outcomes]
    assert len(worked) == 1
    assert standing(name) == whole(environment)
    made = witness() - before
    assert (made["vpc"], made["subnet"], made["nat gateway"], made["endpoint"]) == (1, 2, 1, 1)


def test_asked_to_halt_it_starts_no_new_step_and_a_second_run_goes_on(aws: Physics, name: str, aside: Aside) -> None:
    environment = small(name)
    held = aws.rule("CreateInternetGateway", "hold")
    run = aside(spin_up, environment)
    assert held.reached.wait(60)
    halt.set()
    aws.release()
    with pytest.raises(Halted, match="weren't started"):
        run.result(60)
    stands = {part for part, _ in standing(name)}
    assert "internet-gateway/main" in stands  # what ran was let end
    assert stands.isdisjoint({"nat-gateway/a", "route-table/private-a"})
    halt.clear()
    assert set(done(spin_up(environment))) == set(keys(environment)) - stands
    assert standing(name) == whole(environment)


def test_the_lease_is_given_back_however_a_run_ends(aws: Physics, name: str) -> None:
    aws.rule("CreateVpc", "error:VpcLimitExceeded")
    with pytest.raises(Failed, match="VpcLimitExceeded"):
        spin_up(small(name))
    kept = client("s3").list_objects_v2(Bucket=f"castra-123456789012-{REGION}", Prefix=f"leases/{name}.json")
    assert kept["KeyCount"] == 0


def test_a_blueprint_as_the_api_sends_it_is_taken(name: str) -> None:
    sent: Any = small(name).model_dump(mode="json")
    assert isinstance(Environment.model_validate(sent), Environment)
    assert len(spin_up(sent).outcomes or ()) == len(keys(small(name)))


def test_a_strike_that_something_blocks_names_what_is_in_the_way_and_goes_on_later(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spin_up(small(name))
    ec2 = scope_of(small(name)).ec2
    (subnet,) = ec2.describe_subnets(
        Filters=[
            {"Name": "tag:castra:environment", "Values": [name]},
            {"Name": "tag:castra:part", "Values": ["subnet/public-a"]},
        ]
    )["Subnets"]
    made = ec2.create_network_interface(SubnetId=subnet["SubnetId"], Description="somebody else's")
    interface = made["NetworkInterface"]["NetworkInterfaceId"]
    monkeypatch.setattr(retry, "RELEASED_WITHIN", 1.0)
    monkeypatch.setattr(remove, "retries", 0)
    with pytest.raises(Failed, match=rf"left: network interface {interface}: .*somebody else's") as caught:
        tear_down(name, REGION)
    assert "subnet/public-a" in str(caught.value.failures)
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    assert tear_down(name, REGION).left == 0
