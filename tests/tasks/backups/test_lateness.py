"""What is late: told by looking at what there is, whoever should have taken it."""

from datetime import timedelta

import pytest

from blueprints.backups import BackupPolicy
from tasks.backups.coverage import coverage, late
from tasks.backups.record import Backup
from tests.tasks.backups.making import NOW, at, backup, nightly

POLICY = BackupPolicy.model_validate({"volumes": ["x"], "when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}})


def told(*backups: Backup) -> dict[str, list[str]]:
    return late(coverage({"nightly": POLICY}, {"nightly": {"vol-1"}}, backups, NOW))


def test_one_that_was_taken_as_it_was_due_is_not_late() -> None:
    assert told(*nightly(3)) == {}


@pytest.mark.parametrize("state", ["failed", "pending"])
def test_a_good_one_that_is_too_old_is_late_whatever_came_after_it(state: str) -> None:
    old, last = nightly(1, NOW - timedelta(days=1)), backup(at("2026-05-13T02:00:00"), state=state)
    assert told(*old, last) == {
        "nightly": ["vol-1: its newest good one is of 2026-05-12 02:00 UTC, and one was due at 2026-05-13 02:00 UTC"]
    }


def test_none_at_all_is_late() -> None:
    assert told() == {"nightly": ["vol-1: there's no good one, and one was due at 2026-05-13 02:00 UTC"]}


def test_one_is_late_only_once_it_has_been_due_for_six_hours() -> None:
    before = nightly(1, NOW - timedelta(days=1))
    for hour, count in ((7, 0), (8, 1)):
        now = at(f"2026-05-13T{hour:02}:00:00")
        assert len(late(coverage({"nightly": POLICY}, {"nightly": {"vol-1"}}, before, now))) == count


def test_another_policys_and_another_regions_count_for_nothing() -> None:
    [one] = nightly(1)
    others = one.model_copy(update={"policy": "hourly"}), one.model_copy(update={"copy_of": "eu-west-1/snap-1"})
    assert list(told(*others)) == ["nightly"]


def test_one_by_hand_counts() -> None:
    assert told(backup(NOW - timedelta(hours=8), slot="label:x")) == {}
