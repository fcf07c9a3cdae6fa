"""Names of caches' snapshots: as AWS takes them, each slot's own, and told from those that can't be asked for."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from blueprints.backups import BackupPolicy
from blueprints.tiers import Tiers, When
from tasks.backups.cache_naming import LONGEST, may_be, snapshot_name, stamp_of
from tasks.backups.policy import Taking
from tasks.backups.record import slot_of
from tasks.backups.sources import Source
from tasks.backups.store import Asked
from tasks.operation import Deed

ARN = "arn:aws:elasticache:eu-west-1:123456789012:replicationgroup:shop-sessions-0a1b2c"
POLICY = BackupPolicy(caches=("sessions",), when=When(cron="0 2 * * *"), keep=Tiers(daily=7))
names = st.from_regex(r"[a-z0-9]{1,12}(-[a-z0-9]{1,9}){0,3}", fullmatch=True).filter(lambda name: len(name) <= 40)
slots = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)).map(lambda due: slot_of(due.replace(tzinfo=UTC)))
labels = st.text(min_size=1, max_size=60).map(lambda text: f"label:{text}")


def taking(slot: str, part: str | None = "replication-group/sessions", attempt: int = 1) -> Taking:
    source = Source(id=ARN, name="sessions", part=part)
    return Taking("nightly", POLICY, source, "snapshot", slot, Deed(what="it", action="take"), attempt)


def test_it_tells_environment_cache_and_time() -> None:
    name = snapshot_name("shop", taking("2026-05-13T02:00:00Z"))
    assert re.fullmatch("shop-sessions-20260513t0200-[0-9a-f]{6}", name)
    adopted = snapshot_name("4-shops", taking("label:Vor dem Umzug!", part=None))
    assert re.fullmatch("c4-shops-shop-sessi-vor-dem-umzug-[0-9a-f]{6}", adopted)


@given(names, st.one_of(slots, labels), names, st.integers(1, 9))
def test_it_is_one_that_aws_takes_and_can_be_found_again(environment: str, slot: str, thing: str, attempt: int) -> None:
    name = snapshot_name(environment, taking(slot, f"replication-group/{thing}", attempt))
    assert re.fullmatch("[a-z](-?[a-z0-9])*", name)
    assert len(name) <= LONGEST
    for asked in (Asked(), Asked(environment), Asked(environment, slots=[slot]), Asked(environment, slots=["x", slot])):
        assert may_be(name, asked)


@given(slots, slots)
def test_each_slot_attempt_policy_and_source_has_its_own(one: str, other: str) -> None:
    first = taking(one)
    another = replace(first, source=Source(id="arn:x", name="x"))
    others = [taking(one, attempt=2), replace(first, name="hourly"), another]
    found = {snapshot_name("shop", each) for each in (first, *others, *([taking(other)] if one != other else []))}
    assert len(found) == (5 if one != other else 4)
    assert snapshot_name("shop", taking(one)) == snapshot_name("shop", first)


def test_what_cannot_be_asked_for_by_its_name_is_left_out() -> None:
    asked = Asked("shop", slots=["2026-05-13T02:00:00Z"])
    assert may_be("shop-sessions-20260513t0200-4f1c09", asked)
    for name in (
        "automatic.shop-sessions-2026-05-13-02-00",
        "before-the-upgrade",
        "blog-sessions-20260513t0200-4f1c09",
        "shop-sessions-20260514t0200-4f1c09",
    ):
        assert not may_be(name, asked), name


def test_a_label_of_no_plain_letters_has_a_stamp_too() -> None:
    assert (stamp_of("label:日本"), stamp_of("label:before the upgrade")) == ("by-hand", "before-the-up")
