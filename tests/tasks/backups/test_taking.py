"""Taking backups where AWS is slow, throttles, forgets and refuses: without Prefect, many at once."""

import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.reading import build
from tasks.backups.listing import backups_in
from tasks.backups.pace import paced
from tasks.backups.planning import plan_back_up
from tasks.backups.pruning import plan_pruning, remove
from tasks.backups.taking import Taker
from tasks.each import each
from tasks.errors import LeaseLost
from tasks.scope import Scope
from tests.physics import Physics
from tests.tasks.backups.carrying_out import scoped, taken
from tests.tasks.conftest import Weather

REGION = "eu-west-1"


def blueprint(name: str = "slow", **policies: dict[str, Any]) -> Environment:
    usual = {"select": {"tags": {"backup": "yes"}}, "when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}}
    named = {policy: usual | more for policy, more in (policies or {"nightly": {}}).items()}
    return build({"name": name, "region": REGION, "backups": named})


def volumes(aws: Physics, count: int, kind: str = "gp3") -> list[str]:
    ec2, tags = aws.client("ec2", REGION), [{"ResourceType": "volume", "Tags": [{"Key": "backup", "Value": "yes"}]}]
    asked = {"AvailabilityZone": f"{REGION}a", "Size": 500, "VolumeType": kind, "TagSpecifications": tags}
    return [ec2.create_volume(**asked)["VolumeId"] for _ in range(count)]


def test_it_waits_until_all_are_complete_by_one_listing_for_all(weather: Weather) -> None:
    aws = weather(scale=60, times={"snapshot_completed": 60})
    volumes(aws, 20)
    document = blueprint()
    scope = scoped(document)
    taker = taken(scope, document)
    assert taker.failures == {}
    assert Counter(one.state for one in backups_in(scope)) == {"complete": 20}
    looks = aws.counts()["ec2:DescribeSnapshots"]
    assert 2 < looks < 60  # a second in looks of 0.05 s, by one listing for all twenty
    assert aws.counts()["ec2:CreateSnapshot"] == 20


def test_two_policies_of_one_volume_wait_for_each_other_where_aws_wants_15_seconds_between(weather: Weather) -> None:
    aws = weather(scale=20, throttle=True)
    volumes(aws, 2)
    document = blueprint(hourly={}, nightly={})
    taker = taken(scoped(document), document)
    assert taker.failures == {}
    assert len(backups_in(scoped(document))) == 4
    assert aws.outcomes()["SnapshotCreationPerVolumeRateExceeded"] > 0


def test_a_cold_volume_whose_last_snapshot_is_pending_is_waited_for(weather: Weather) -> None:
    aws = weather()
    volumes(aws, 1, "sc1")
    aws.rule("CreateSnapshot", "error:ConcurrentSnapshotLimitExceeded:400", nth=1)
    document = blueprint()
    assert taken(scoped(document), document).failures == {}
    assert aws.outcomes()["ConcurrentSnapshotLimitExceeded"] == 1
    assert len(backups_in(scoped(document))) == 1


def test_one_that_breaks_while_it_is_pending_is_told_and_taken_again_as_another_try(weather: Weather) -> None:
    aws = weather()
    volumes(aws, 2)
    document = blueprint()
    scope = scoped(document)
    due = plan_back_up(document, scope, datetime.now(UTC))
    taker = Taker(scope, due)
    for deed in due.deeds:
        taker.carry_out(deed)
    broken = break_one(scope)
    taker.await_all()
    assert list(taker.failures.values()) == [f"{broken}: {broken}: its state is error"]
    assert [deed.because for deed in taker.deeds if deed.because.startswith("FAILED: ")] != []
    [again] = plan_back_up(document, scope, datetime.now(UTC)).takings
    assert (again.attempt, again.deed.because.endswith(", and 1 try failed")) == (2, True)


def break_one(scope: Scope) -> str:
    """As when the volume's key can't be used any more."""
    from moto.backends import get_backend
    from moto.core import DEFAULT_ACCOUNT_ID

    backend: Any = get_backend("ec2")[DEFAULT_ACCOUNT_ID][REGION]
    one = next(one for one in backend.snapshots.values() if any(t["key"] == "castra:backup" for t in one.get_tags()))
    one.status = "error"
    return str(one.id)


@pytest.mark.thorough
def test_on_a_bad_day_each_is_taken_exactly_once(weather: Weather) -> None:
    """Throttling, errors, broken connections, lost answers, and new things that aren't seen at once."""
    aws = weather(
        scale=60, throttle=True, rates={"error": 0.04, "drop": 0.03, "lose": 0.05}, hidden={"ec2": [0, 12]},
        times={"snapshot_completed": [10, 60]}, seed=7,
    )  # fmt: skip
    made = volumes_on_a_bad_day(aws, 40)
    document = blueprint()
    for _ in range(4):
        scope = scoped(document)
        paced(scope)
        if not taken(scope, document).failures:
            break
    found = [one for one in backups_in(scoped(document)) if one.state == "complete"]
    assert Counter(one.source for one in found) == dict.fromkeys(made, 1)


def volumes_on_a_bad_day(aws: Physics, count: int) -> list[str]:
    """Made straight in the emulator, which its weather doesn't reach."""
    from moto.backends import get_backend
    from moto.core import DEFAULT_ACCOUNT_ID

    backend: Any = get_backend("ec2")[DEFAULT_ACCOUNT_ID][REGION]
    made = [backend.create_volume(size=8, zone_name=f"{REGION}a") for _ in range(count)]
    for one in made:
        one.add_tags({"backup": "yes"})
    return [one.id for one in made]


@pytest.mark.thorough
def test_at_scale_a_plan_takes_a_few_calls_and_a_paced_run_is_hardly_throttled(weather: Weather) -> None:
    aws = weather(throttle=True)
    volumes_on_a_bad_day(aws, 150)
    document = blueprint()
    scope = scoped(document)
    pace = paced(scope)
    due = plan_back_up(document, scope, datetime.now(UTC))
    assert sum(aws.counts().values()) <= 6
    taker = Taker(scope, due)
    list(each(taker.carry_out, due.deeds))
    assert (len(backups_in(scope)), pace.throttled) == (150, 0)


def test_a_write_whose_turn_comes_after_the_lease_was_lost_is_not_made(weather: Weather) -> None:
    aws = weather()
    volumes(aws, 1)
    document = blueprint()
    scope = scoped(document)
    paced(scope)
    due = plan_back_up(document, scope, datetime.now(UTC))

    class LostLater:
        """Good when the deed asks, lost when the call's turn has come."""

        asked = threading.local()

        def check(self) -> None:
            self.asked.count = getattr(self.asked, "count", 0) + 1
            if self.asked.count > 2:
                raise LeaseLost("lease", "somebody has taken it over")

    scope.go_ahead = LostLater()
    with pytest.raises(LeaseLost):
        Taker(scope, due).carry_out(due.deeds[0])
    assert aws.counts().get("ec2:CreateSnapshot", 0) == 0


def test_what_aws_says_is_in_use_is_kept_with_its_reason(weather: Weather) -> None:
    aws = weather()
    volumes(aws, 1)
    document = blueprint()
    scope = scoped(document)
    for label in ("a", "b"):
        taken(scope, document, label)
    later = datetime.now(UTC).replace(year=datetime.now(UTC).year + 1)
    pruning = plan_pruning(document, scope, later)
    [(what, backup)] = pruning.going.items()
    aws.rule("DeleteSnapshot", "error:InvalidSnapshot.InUse:400", nth=1)
    deed = next(deed for deed in pruning.operation.deeds if deed.what == what)
    kept = remove(scope, deed, backup)
    assert kept.action == "keep"
    assert kept.because.startswith("AWS keeps it: ")
    assert remove(scope, deed, backup) == deed
    assert remove(scope, deed, backup) == deed  # gone already is fine
