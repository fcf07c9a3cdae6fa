"""Token buckets on the client's side, by a clock that only moves when somebody sleeps."""

import threading
from dataclasses import dataclass, field

import pytest

from tasks.backups.pace import LIMITS, SPARE, Bucket, Pace
from tasks.scope import Scope
from tests.physics import Physics
from tests.physics.buckets import SIZES


@dataclass
class Clock:
    now: float = 100.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.now += seconds


def bucket(clock: Clock, size: float = 10, refill: float = 5) -> Bucket:
    return Bucket(size, refill, clock, clock.sleep)


def test_what_the_bucket_holds_goes_at_once_and_then_as_it_fills() -> None:
    clock = Clock()
    one = bucket(clock)
    assert [one.take() for _ in range(10)] == [0.0] * 10
    assert [round(one.take(), 6) for _ in range(5)] == [0.2] * 5
    assert clock.now == pytest.approx(101)


def test_it_fills_while_nobody_asks_and_never_beyond_its_size() -> None:
    clock = Clock()
    one = bucket(clock)
    for _ in range(10):
        one.take()
    clock.sleep(1)
    assert [one.take() for _ in range(5)] == [0.0] * 5
    assert one.take() > 0
    clock.sleep(1000)
    assert [one.take() for _ in range(10)] == [0.0] * 10
    assert one.take() > 0


def test_emptied_by_somebody_else_it_waits_for_the_next_token() -> None:
    clock = Clock()
    one = bucket(clock)
    one.empty()
    assert one.take() == pytest.approx(0.2)


def test_threads_that_ask_at_once_get_one_budget_in_the_order_of_asking() -> None:
    waits: list[float] = []
    one = Bucket(2, 5, lambda: 0.0, lambda seconds: None)  # the clock stands still
    threads = [threading.Thread(target=lambda: waits.append(one.take())) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(round(wait, 6) for wait in waits) == [0, 0, *(round(n / 5, 6) for n in range(1, 11))]


def test_each_operation_draws_from_its_own_familys_bucket() -> None:
    pace = Pace()
    assert pace.bucket("DescribeSnapshots", "eu-west-1") is pace.bucket("DescribeImages", "eu-west-1")
    assert pace.bucket("DeleteSnapshot", "eu-west-1") is pace.bucket("CreateSnapshots", "eu-west-1")
    assert pace.bucket("CreateTags", "eu-west-1") is not pace.bucket("DeleteTags", "eu-west-1")
    assert pace.bucket("DeleteSnapshot", "eu-west-1") is not pace.bucket("DeleteSnapshot", "eu-west-2")
    assert pace.bucket("DeleteSnapshot", "eu-west-1").size == 50 - SPARE


def test_its_figures_are_those_of_the_emulated_aws() -> None:
    names = {"reads": "ec2 reads", "writes": "ec2 writes"}
    assert {name: SIZES[names.get(name, f"ec2:{name}")] for name in LIMITS} == LIMITS


def test_every_call_of_a_scope_waits_for_its_turn_and_a_throttled_one_empties_the_bucket(aws: Physics) -> None:
    clock = Clock()
    scope = Scope("paced", "eu-west-1")
    pace = Pace(clock, clock.sleep).keep(scope)
    for _ in range(int(100 - SPARE) + 20):
        scope.ec2.describe_snapshots(OwnerIds=["self"])
    assert clock.now == pytest.approx(101)
    assert scope.client("sts").get_caller_identity()["Account"]
    assert clock.now == pytest.approx(101)  # only EC2's
    aws.rule("DeleteVolume", "error:RequestLimitExceeded:503", nth=1)
    assert pace.bucket("DeleteVolume", "eu-west-1").left == 48
    with pytest.raises(Exception, match="NotFound"):
        scope.ec2.delete_volume(VolumeId="vol-12345678")
    assert pace.throttled == 1
    assert pace.bucket("DeleteVolume", "eu-west-1").left <= 0
