"""One run at a time changes an environment: the lease, on an S3 that honours conditions, with time moved by hand."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.errors import CastraError, Halted, Held, LeaseLost
from tasks.go_ahead import Free
from tasks.lease import Holding, Lease, depot, halt, holding_of, lease, make_depot
from tasks.progress import Event, listening
from tasks.scope import Scope
from tests.physics import Physics

SECONDS = 8.0


class Hours:
    """Time that passes only when somebody sleeps; `meanwhile` are what happens in the first sleeps, one each."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.meanwhile: list[Callable[[], Any]] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.meanwhile:
            self.meanwhile.pop(0)()


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    """The time of tenacity and of the lease's own clock."""
    hours = Hours()
    for name in ("tenacity.time", "tenacity.nap.time", "tasks.lease.time"):
        monkeypatch.setattr(name, hours)
    return hours


@pytest.fixture
def first(scope: Scope, hours: Hours) -> Lease:
    """A lease that is held."""
    return taken(scope, "run one")


def taken(scope: Scope, holder: str) -> Lease:
    held = Lease(scope, holder, SECONDS)
    held.take()
    return held


def same_place(scope: Scope) -> Scope:
    """Another run's scope of the same environment."""
    return Scope(scope.environment, scope.region, poll_seconds=0.05)


def age_by(scope: Scope, seconds: float) -> None:
    """Let S3 tell this scope that what it reads was written so many seconds ago, however slow this machine is."""

    def later(parsed: dict[str, Any], **_: Any) -> None:
        if "LastModified" in parsed:
            now = parsed["LastModified"] + timedelta(seconds=seconds)
            parsed["ResponseMetadata"]["HTTPHeaders"]["date"] = format_datetime(now.astimezone(UTC), usegmt=True)

    scope.client("s3").meta.events.register("after-call.s3.GetObject", later)


def stored(scope: Scope) -> dict[str, Any] | None:
    """What the lease's object says."""
    s3, place = scope.client("s3"), {"Bucket": depot(scope.account, scope.region)}
    key = f"leases/{scope.environment}.json"
    if not s3.list_objects_v2(**place, Prefix=key).get("Contents"):
        return None
    body: dict[str, Any] = json.loads(s3.get_object(**place, Key=key)["Body"].read())
    return body


def removed(scope: Scope) -> None:
    """Somebody removes it by hand."""
    key = f"leases/{scope.environment}.json"
    scope.client("s3").delete_object(Bucket=depot(scope.account, scope.region), Key=key)


@pytest.fixture
def told() -> Iterator[list[Event]]:
    """What is announced."""
    events: list[Event] = []
    with listening(events.append):
        yield events


# ---------------------------------------------------------------------- taking


def test_taken_it_names_its_holder_and_lets_it_write(scope: Scope, first: Lease) -> None:
    first.check()
    kept = stored(scope)
    assert kept is not None
    assert (kept["holder"], kept["seconds"]) == ("run one", SECONDS)


def test_while_the_first_renews_the_second_is_refused_and_told_by_whom(
    scope: Scope, hours: Hours, first: Lease, told: list[Event]
) -> None:
    hours.meanwhile = [lambda: None, first._renew]
    with pytest.raises(Held, match=f"environment {scope.environment}: run one is changing it"):
        taken(same_place(scope), "run two")
    assert hours.now <= 1000 + SECONDS
    assert {event.status for event in told} == {"waiting"}
    assert "run one" in told[0].note
    first.check()
    assert (stored(scope) or {})["holder"] == "run one"


def test_one_that_is_given_back_meanwhile_goes_to_who_waits(scope: Scope, hours: Hours, first: Lease) -> None:
    hours.meanwhile = [first.give_back]
    second = taken(same_place(scope), "run two")
    second.check()
    assert (stored(scope) or {})["holder"] == "run two"


def test_a_dead_holders_is_not_taken_before_it_expired_by_s3s_clock(scope: Scope, hours: Hours, first: Lease) -> None:
    other = same_place(scope)
    age_by(other, SECONDS + 1)
    with pytest.raises(Held, match="run one"):
        taken(other, "run two")
    assert hours.now > 1000 + 5 * SECONDS
    assert (stored(scope) or {})["holder"] == "run one"


def test_a_dead_holders_is_taken_over_once_it_expired(scope: Scope, hours: Hours, first: Lease) -> None:
    other = same_place(scope)
    hours.meanwhile = [lambda: None, lambda: age_by(other, SECONDS + 4)]
    second = taken(other, "run two")
    second.check()
    assert (stored(scope) or {})["holder"] == "run two"
    assert hours.now == 1000 + 2 * 0.5


def test_expiry_follows_what_the_holder_promised_and_not_what_the_taker_would(scope: Scope, first: Lease) -> None:
    other = same_place(scope)
    age_by(other, SECONDS + 1)
    with pytest.raises(Held):
        Lease(other, "run two", seconds=0.5).take()


@pytest.mark.parametrize(("age", "expired"), [(0, False), (SECONDS + 2, False), (SECONDS + 2.1, True)])
def test_whole_seconds_of_s3_are_allowed_for_on_both_sides(age: float, expired: bool) -> None:
    assert Holding("etag", "token", "run one", SECONDS, age).expired is expired


def test_one_that_expires_and_goes_before_it_is_taken_over_is_taken_afresh(
    scope: Scope, first: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = same_place(scope)
    age_by(other, SECONDS + 4)
    second = Lease(other, "run two", SECONDS)

    def read_and_then_it_goes(where: Scope, key: str) -> Holding | None:
        holding = holding_of(where, key)
        removed(scope)
        return holding

    monkeypatch.setattr("tasks.lease.holding_of", read_and_then_it_goes)
    second.take()
    assert (stored(scope) or {})["holder"] == "run two"


def test_of_two_that_wait_for_a_dead_one_the_slower_is_told_of_the_faster(
    scope: Scope, hours: Hours, first: Lease
) -> None:
    faster = same_place(scope)
    age_by(faster, SECONDS + 4)
    hours.meanwhile = [lambda: taken(faster, "run two")]
    with pytest.raises(Held, match="run two is changing it"):
        taken(same_place(scope), "run three")
    assert hours.now < 1000 + SECONDS


def test_one_whose_answer_was_lost_is_recognised_as_our_own(
    scope: Scope, aws: Physics, hours: Hours, patient: None
) -> None:
    warm_up = Lease(Scope(f"{scope.environment}-other", scope.region), "run zero", SECONDS)
    warm_up.take()
    aws.rule("s3:PutObject", "lose-answer", nth=1)
    taken(scope, "run one").check()
    assert hours.now == 1000.0
    assert (stored(scope) or {})["renewals"] == 2


def test_environments_dont_stand_in_each_others_way(scope: Scope, first: Lease) -> None:
    other = Scope(f"{scope.environment}-other", scope.region)
    taken(other, "run two").check()
    first.check()


def test_without_permission_it_says_which_to_ask_for(scope: Scope, aws: Physics, first: Lease) -> None:
    rule = aws.rule("s3:PutObject", "error:AccessDenied:403")
    with pytest.raises(CastraError, match="no permission for s3:PutObject"):
        taken(same_place(scope), "run two")
    aws.rules.rules.remove(rule)


def test_what_is_read_tells_age_by_s3s_two_times(scope: Scope, first: Lease) -> None:
    holding = holding_of(scope, first.key)
    assert holding is not None
    assert 0 <= holding.age < 60


# ---------------------------------------------------------------------- keeping


class Turns:
    """In place of the event that ends `keep`: a few turns, and something before each."""

    def __init__(self, *before: Callable[[], Any]) -> None:
        self.before, self.waited = list(before), []

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        if not self.before:
            return True
        self.before.pop(0)()
        return False

    def is_set(self) -> bool:
        return False

    def set(self) -> None:
        """It ends by itself."""


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Botocore's pauses before it sends again take no time."""
    import botocore.endpoint

    class NoTime:
        time = staticmethod(botocore.endpoint.time.time)

        @staticmethod
        def sleep(seconds: float) -> None:
            """Not at all."""

    monkeypatch.setattr("botocore.endpoint.time", NoTime)


def kept(held: Lease, *before: Callable[[], Any]) -> Turns:
    """Let it be kept for as many turns as there are deeds."""
    turns = Turns(*before)
    held._stop = turns  # type: ignore[assignment]
    held.keep()
    return turns


def test_renewed_four_times_in_its_life_it_goes_on_for_ever(scope: Scope, hours: Hours, first: Lease) -> None:
    quarter = SECONDS / 4
    turns = kept(first, *[lambda: hours.sleep(quarter)] * 20)
    assert hours.now > 1000 + 4 * SECONDS
    first.check()
    assert set(turns.waited) == {quarter}
    assert (stored(scope) or {})["renewals"] == 21


def test_not_renewed_in_time_it_stops_the_run(hours: Hours, first: Lease) -> None:
    hours.sleep(SECONDS)
    first.check()
    hours.sleep(0.1)
    with pytest.raises(LeaseLost, match="couldn't be renewed for 8 s"):
        first.check()


def test_a_renewal_that_fails_is_tried_again_and_costs_nothing(hours: Hours, aws: Physics, first: Lease) -> None:
    aws.rule("s3:PutObject", "error:AccessDenied:403", nth=1)
    kept(first, lambda: hours.sleep(2), lambda: hours.sleep(2))
    hours.sleep(SECONDS)
    first.check()


def test_renewals_that_all_fail_stop_the_run_in_time_and_dont_end_the_keeper(
    hours: Hours, aws: Physics, first: Lease
) -> None:
    rule = aws.rule("s3:PutObject", "error:AccessDenied:403")
    turns = kept(first, *[lambda: hours.sleep(2.1)] * 4)
    aws.rules.rules.remove(rule)
    assert len(turns.waited) == 5
    with pytest.raises(LeaseLost):
        first.check()


def test_a_renewal_is_valid_from_when_it_was_sent_and_not_from_when_it_was_answered(hours: Hours, first: Lease) -> None:
    def slowly(**_: Any) -> None:
        hours.sleep(5)

    first._s3.meta.events.register("before-call.s3.PutObject", slowly)
    first._renew()
    hours.sleep(SECONDS - 5)
    first.check()
    hours.sleep(0.1)
    with pytest.raises(LeaseLost):
        first.check()


def test_who_was_taken_over_writes_no_more_and_says_by_whom(scope: Scope, hours: Hours, first: Lease) -> None:
    other = same_place(scope)
    age_by(other, SECONDS + 4)
    second = taken(other, "run two")
    kept(first, lambda: None)
    with pytest.raises(LeaseLost, match="run two has taken it over"):
        first.check()
    second.check()
    assert (stored(scope) or {})["holder"] == "run two"


def test_one_that_somebody_removed_is_lost(scope: Scope, first: Lease) -> None:
    removed(scope)
    turns = kept(first, lambda: None, lambda: None)
    with pytest.raises(LeaseLost, match="somebody removed it"):
        first.check()
    assert len(turns.waited) == 1
    assert stored(scope) is None


def test_a_renewal_whose_answer_was_lost_is_recognised_as_our_own(
    scope: Scope, aws: Physics, hours: Hours, first: Lease, patient: None
) -> None:
    aws.rule("s3:PutObject", "lose-answer", nth=1)
    kept(first, lambda: hours.sleep(2), lambda: hours.sleep(2))
    hours.sleep(SECONDS)
    first.check()
    first.give_back()
    assert stored(scope) is None


def test_a_look_at_it_that_fails_doesnt_end_the_keeper(scope: Scope, hours: Hours, aws: Physics, first: Lease) -> None:
    aws.rule("s3:PutObject", "error:PreconditionFailed:412", nth=1)
    aws.rule("s3:GetObject", "error:AccessDenied:403", nth=1)
    kept(first, lambda: hours.sleep(2), lambda: hours.sleep(2))
    hours.sleep(SECONDS)
    first.check()


def test_asked_to_stop_it_lets_nothing_be_written(first: Lease) -> None:
    first.check()
    halt.set()
    try:
        with pytest.raises(Halted, match="Run the same command again"):
            first.check()
    finally:
        halt.clear()
    first.check()


# ---------------------------------------------------------------------- giving back


def test_given_back_it_is_gone(scope: Scope, first: Lease) -> None:
    first.give_back()
    assert stored(scope) is None


def test_a_successors_is_never_removed(scope: Scope, first: Lease, told: list[Event]) -> None:
    other = same_place(scope)
    age_by(other, SECONDS + 4)
    taken(other, "run two")
    first.give_back()
    assert (stored(scope) or {})["holder"] == "run two"
    assert told == []


def test_one_that_cant_be_given_back_is_told_and_breaks_nothing(
    scope: Scope, aws: Physics, first: Lease, told: list[Event]
) -> None:
    aws.rule("s3:DeleteObject", "error:AccessDenied:403", nth=1)
    first.give_back()
    assert "it expires by itself" in told[0].note
    assert (stored(scope) or {})["holder"] == "run one"


def test_a_renewal_under_way_is_awaited_before_it_is_given_back(scope: Scope, aws: Physics) -> None:
    held = Lease(scope, "run one", 0.04)  # renewed every 10 ms, by a real clock
    held.take()
    rule = aws.rule("s3:PutObject", "hold", when="after")
    keeper = threading.Thread(target=held.keep)
    keeper.start()
    assert rule.reached.wait(10)
    giver = threading.Thread(target=held.give_back)
    giver.start()
    assert held._stop.wait(10)
    aws.rules.rules.remove(rule)
    rule.release()
    for thread in (giver, keeper):
        thread.join(10)
        assert not thread.is_alive()
    assert stored(scope) is None


def test_nothing_is_renewed_once_it_was_given_back(scope: Scope, first: Lease) -> None:
    first.give_back()
    first._renew()
    assert stored(scope) is None
    assert first._lost == ""


# ---------------------------------------------------------------------- around a run


def test_within_every_write_asks_the_lease_and_afterwards_it_is_free(scope: Scope) -> None:
    with lease(scope, "run one") as held:
        assert scope.go_ahead is held
        scope.go_ahead.check()
        assert stored(scope) is not None
    assert isinstance(scope.go_ahead, Free)
    assert stored(scope) is None
    assert not [thread for thread in threading.enumerate() if thread.name == f"lease {scope.environment}"]


def test_a_lease_of_something_is_held_beside_the_environments_own(scope: Scope) -> None:
    with lease(scope, "raising"), lease(scope, "backing up", of="backups") as held:
        assert held.key == f"{scope.environment}--backups"
        with pytest.raises(Held, match=f"backups of {scope.environment}: backing up"):
            Lease(scope, "another", seconds=0.2, of="backups").take()


def test_a_run_that_breaks_gives_it_back_too(scope: Scope) -> None:
    with pytest.raises(ZeroDivisionError), lease(scope, "run one"):
        _ = 1 / 0
    assert stored(scope) is None
    assert isinstance(scope.go_ahead, Free)


def test_the_keeper_renews_by_itself(scope: Scope, aws: Physics) -> None:
    rule = aws.rule("s3:PutObject", "hold", nth=3)
    with lease(scope, "run one", seconds=0.2) as held:
        assert rule.reached.wait(10)
        aws.rules.rules.remove(rule)
        rule.release()
        assert (stored(scope) or {})["holder"] == "run one"
        assert held._lost == ""


# ---------------------------------------------------------------------- the depot


def test_the_depot_is_made_at_the_first_lease_and_is_private(aws: Physics, hours: Hours) -> None:
    scope = Scope("first-of-all", "eu-north-1")
    held = taken(scope, "run one")
    held.check()
    s3, bucket = scope.client("s3"), f"castra-{scope.account}-eu-north-1"
    closed = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(closed) == {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"}
    assert all(closed.values())
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "eu-north-1"
    assert hours.now == 1000.5


def test_making_the_depot_again_is_fine(aws: Physics) -> None:
    for region in ("eu-south-1", "us-east-1"):
        scope = Scope("any", region)
        make_depot(scope)
        make_depot(scope)
        assert scope.calls.by_operation()["s3:PutPublicAccessBlock"] == 2


def test_a_depot_that_another_run_is_making_just_now_is_waited_for(aws: Physics, hours: Hours) -> None:
    aws.rule("s3:CreateBucket", "error:OperationAborted:409", nth=1)
    taken(Scope("any", "eu-central-1"), "run one").check()
    assert hours.now == 1001.0


def test_a_depots_name_that_somebody_elses_bucket_has_is_told(aws: Physics, hours: Hours) -> None:
    aws.rule("s3:CreateBucket", "error:BucketAlreadyExists:409", nth=1)
    with pytest.raises(CastraError, match="BucketAlreadyExists"):
        taken(Scope("any", "eu-central-2"), "run one")


# ---------------------------------------------------------------------- many at once


def test_of_many_at_once_exactly_one_gets_it(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    make_depot(scope)
    start, lock = threading.Barrier(8), threading.Lock()
    winners: list[Lease] = []
    losers: list[Held] = []

    def renew(_: float) -> None:
        """While the others wait, the winner renews."""
        with lock:
            for winner in winners:
                winner._renew()

    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=renew))

    def run(number: int) -> None:
        held = Lease(same_place(scope), f"run {number}", 600)
        start.wait()
        try:
            held.take()
        except Held as refusal:
            losers.append(refusal)
        else:
            winners.append(held)

    in_threads(run, 8)
    assert (len(winners), len(losers)) == (1, 7)
    assert {str(loser) for loser in losers} == {str(losers[0])}
    assert winners[0]._holder in str(losers[0])


def test_many_that_come_again_until_they_get_it_never_write_two_at_a_time(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_depot(scope)
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=lambda _: None))
    inside: list[int] = []
    most, done = [], []

    def run(number: int) -> None:
        held = Lease(same_place(scope), f"run {number}", 600)
        while True:
            try:
                held.take()
            except Held:
                continue
            break
        inside.append(number)
        held._renew()
        held.check()
        most.append(len(inside))
        inside.remove(number)
        held.give_back()
        done.append(number)

    in_threads(run, 6)
    assert sorted(done) == list(range(6))
    assert set(most) == {1}
    assert stored(scope) is None


def in_threads(run: Callable[[int], None], count: int) -> None:
    """All at once; what goes wrong in one fails the test."""
    errors: list[BaseException] = []

    def safely(number: int) -> None:
        try:
            run(number)
        except BaseException as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=safely, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert not any(thread.is_alive() for thread in threads)
