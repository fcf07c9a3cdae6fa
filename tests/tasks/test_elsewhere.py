"""Steps in another process than their run's: what they ask before a write, and what they tell of their cost."""

import json
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from blueprints.network import Vpc
from tasks.converge import bring_about
from tasks.decide import decide
from tasks.elsewhere import begun_before, count, tallied
from tasks.errors import Halted, LeaseLost
from tasks.go_ahead import Free
from tasks.lease import Lease, Witness, depot, halt, lease
from tasks.registry import KINDS
from tasks.report import Outcome, Tally
from tasks.retry import counted, lost
from tasks.scope import Scope
from tests.physics import Physics
from tests.tasks.test_lease import Hours, age_by, hours, same_place

__all__ = ["hours"]


@pytest.fixture
def halted() -> Iterator[None]:
    """Whoever asks runs to stop takes it back."""
    yield
    halt.clear()


def travelled(scope: Scope) -> Scope:
    """The scope as another process gets it."""
    there: Scope = pickle.loads(pickle.dumps(scope))
    return there


def witness_of(scope: Scope, held: Lease) -> Any:
    """What asks for a step elsewhere, whose scope is its own."""
    return held.elsewhere()(same_place(scope))


# ---------------------------------------------------------------------- one scope a run


def test_a_runs_steps_share_one_scope_there_which_has_its_newest_tags_and_end(scope: Scope) -> None:
    first = travelled(scope)
    scope.tags = {"team": "blue"}
    second = travelled(scope)
    assert first is second
    assert (second.tags, second.elsewhere, scope.elsewhere) == ({"team": "blue"}, True, False)
    assert travelled(same_place(scope)) is not first


def test_a_process_remembers_the_newest_runs_only(scope: Scope) -> None:
    first = travelled(scope)
    for _ in range(8):
        travelled(same_place(scope))
    assert travelled(scope) is not first


def test_outside_of_a_lease_anything_may_be_written_there_too(scope: Scope) -> None:
    assert isinstance(travelled(scope).go_ahead, Free)


# ---------------------------------------------------------------------- the lease


def test_under_a_lease_a_step_elsewhere_asks_the_lease_itself(scope: Scope) -> None:
    with lease(scope, "run one"):
        there = travelled(scope)
        assert isinstance(there.go_ahead, Witness)
        there.go_ahead.check()
        assert isinstance(travelled(there).go_ahead, Witness)
    fresh = scope.go_ahead
    assert isinstance(fresh, Free)


def test_a_witness_reads_once_in_a_quarter_of_the_leases_time(aws: Physics, scope: Scope, hours: Hours) -> None:
    held = Lease(scope, "run one", 20.0)
    held.take()
    witness = witness_of(scope, held)
    before = aws.counts().get("s3:GetObject", 0)
    for _ in range(3):
        witness.check()
    assert aws.counts()["s3:GetObject"] - before == 1
    hours.now += 5.1
    witness.check()
    assert aws.counts()["s3:GetObject"] - before == 2


def test_a_lease_that_another_run_took_over_stops_steps_elsewhere(scope: Scope, hours: Hours) -> None:
    held = Lease(scope, "run one", 8.0)
    held.take()
    witness = witness_of(scope, held)
    witness.check()
    other = same_place(scope)
    age_by(other, 60)
    Lease(other, "run two", 8.0).take()
    hours.now += 2.1
    with pytest.raises(LeaseLost, match="run two has taken it over"):
        witness.check()


def test_a_lease_that_was_given_back_stops_steps_elsewhere(scope: Scope, hours: Hours) -> None:
    held = Lease(scope, "run one", 8.0)
    held.take()
    witness = witness_of(scope, held)
    held.give_back()
    with pytest.raises(LeaseLost, match="somebody removed it"):
        witness.check()


def test_a_lease_that_is_not_renewed_stops_steps_elsewhere_before_anybody_may_take_it(
    scope: Scope, hours: Hours
) -> None:
    held = Lease(scope, "run one", 20.0)
    held.take()
    there = same_place(scope)
    age_by(there, 19)
    with pytest.raises(LeaseLost, match="it wasn't renewed for 20 s"):
        held.elsewhere()(there).check()


@pytest.mark.usefixtures("halted")
def test_a_run_that_is_asked_to_stop_stops_its_steps_elsewhere(scope: Scope, hours: Hours) -> None:
    held = Lease(scope, "run one", 8.0)
    held.take()
    witness = witness_of(scope, held)
    halt.set()
    witness.check()  # it doesn't know yet
    held._renew()
    hours.now += 2.1
    with pytest.raises(Halted):
        witness.check()


def test_a_read_that_fails_stops_nothing_until_the_lease_may_be_anothers(
    aws: Physics, scope: Scope, hours: Hours
) -> None:
    held = Lease(scope, "run one", 8.0)
    held.take()
    witness = witness_of(scope, held)
    witness.check()
    aws.rule("s3:GetObject", "error:AccessDenied:403")
    hours.now += 2.1
    witness.check()
    hours.now += 8
    with pytest.raises(Exception, match="Reading the lease"):
        witness.check()
    aws.rules.clear()


def test_what_an_older_lease_says_is_read_too(scope: Scope) -> None:
    """It says nothing of being asked to stop."""
    held = Lease(scope, "run one", 20.0)
    held.take()
    place = {"Bucket": depot(scope.account, scope.region), "Key": f"leases/{held.key}.json"}
    body = json.loads(scope.client("s3").get_object(**place)["Body"].read())
    del body["halted"]
    scope.client("s3").put_object(**place, Body=json.dumps(body).encode())
    witness_of(scope, held).check()


# ---------------------------------------------------------------------- what it cost


def test_calls_and_retries_elsewhere_come_back_with_the_outcomes_once(scope: Scope) -> None:
    there = travelled(scope)
    vpc = Vpc(name="main", cidr="10.0.0.0/16")
    kind = KINDS["vpc"]
    step = decide(vpc.key, kind.wanted(vpc, {}), None, scope.wanted_tags(vpc.key)).model_copy(update={"asked": vpc})
    before = scope.calls.by_operation()
    with tallied(there) as cost, counted() as elsewhere:
        lost("propagation", 1.5)
        made = cost(bring_about(kind, step, there, {}))
    assert elsewhere.summary["propagation"].count == 1  # listeners of the process hear it, as ever
    assert scope.calls.by_operation() == before
    again: Outcome = pickle.loads(pickle.dumps(made))
    with counted() as retries:
        count(again, scope)
    assert scope.calls.by_operation()["ec2:CreateVpc"] == 1
    assert (retries.summary["propagation"].count, retries.summary["propagation"].seconds) == (1, 1.5)
    with tallied(there) as cost:
        assert cost(made).elsewhere == Tally(calls={}, lost=())
    assert "elsewhere" not in made.model_dump()
    kind.delete(scope, made.id)


def test_a_step_hears_no_retries_of_those_beside_it(scope: Scope) -> None:
    there, outcome = travelled(scope), Outcome(part="vpc/main", action="create", id="vpc-1")
    with tallied(there) as cost:
        pass
    lost("throttled", 1.0)
    told = cost(outcome).elsewhere
    assert told is not None
    assert told.lost == ()


def test_in_the_runs_own_process_nothing_is_added(scope: Scope) -> None:
    outcome = Outcome(part="vpc/main", action="create", id="vpc-1")
    with tallied(scope) as cost:
        assert cost(outcome) is outcome
    calls = scope.calls.by_operation()
    count(outcome, scope)
    assert scope.calls.by_operation() == calls


def test_what_dask_does_not_run_was_not_begun_before() -> None:
    import distributed  # noqa: F401 - where it's loaded, and this is none of its workers

    assert not begun_before("a step")
