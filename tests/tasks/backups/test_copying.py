"""Which copies are wanted: one of each complete backup that the copy's own tiers would keep, nothing twice."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.backups import BackupPolicy
from tasks.backups.copying import Copies, There, copies_of
from tasks.backups.record import Backup, How, Piece, slot_of
from tasks.errors import Invalid

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HERE, THERE, FAR = "eu-west-1", "eu-central-1", "us-east-1"
ACCOUNT, KEY = "123456789012", f"arn:aws:kms:{THERE}:123456789012:key/1"


def policy(*copies: dict[str, Any], **more: Any) -> BackupPolicy:
    written = {"instances": ["db"], "when": {"cron": "0 2 * * *"}, "keep": {"daily": 30}, "copies": copies or [{}]}
    return BackupPolicy.model_validate(
        written | more | {"copies": [{"region": THERE} | copy for copy in copies or [{}]]}
    )


def backup(days: int, devices: Iterable[str] = ("/dev/xvda", "/dev/sdf"), how: How = "snapshot", **more: Any) -> Backup:
    moment = NOW.replace(hour=2) - timedelta(days=days)
    ids = [(f"snap-{days}-{number}", device) for number, device in enumerate(devices)]
    pieces = tuple(Piece(id=id, volume="vol-1", device=device, gib=8) for id, device in ids)
    told: dict[str, Any] = {"environment": "shop", "policy": "nightly", "source": "i-1", "part": "instance/db"}
    told |= {"slot": slot_of(moment), "taken": moment, "state": "complete", "region": HERE, "expected": len(pieces)}
    return Backup(id=f"{'ami' if how == 'image' else 'set'}-{days}", how=how, pieces=pieces, **told | more)


def copy_of(one: Backup, region: str = THERE, **pieces: str) -> Backup:
    """Its copy; `pieces` are the states of some by the original's id with an underscore, or `gone`."""
    states = {piece.id: pieces.get(piece.id.replace("-", "_"), "complete") for piece in one.pieces}
    copied = tuple(
        piece.model_copy(update={"id": f"c{piece.id}", "copy_of": f"{HERE}/{piece.id}", "state": states[piece.id]})
        for piece in one.pieces
        if states[piece.id] != "gone"
    )
    more = {"id": f"c{one.id}", "region": region, "copy_of": f"{HERE}/{one.id}", "pieces": copied}
    return one.model_copy(update=more)


def planned(asked: BackupPolicy, here: Iterable[Backup], *there: Backup, **more: Any) -> Copies:
    regions = {region: There([one for one in there if one.region == region], **more) for region in (THERE, FAR)}
    return copies_of(asked, "backups.nightly", There(list(here), **more), regions, HERE, NOW)


def actions(copies: Copies) -> list[tuple[str, str | None]]:
    return sorted((deed.action, deed.id) for deed in copies.deeds)


def test_each_snapshot_of_a_set_is_copied_and_then_there_is_nothing_to_do() -> None:
    one = backup(1)
    copies = planned(policy(), [one])
    assert actions(copies) == [("copy", "snap-1-0"), ("copy", "snap-1-1")]
    assert copies.deeds[0].what == "instance/db 2026-11-27T02:00:00Z /dev/xvda to eu-central-1"
    assert {wanted.place for wanted in copies.wanted.values()} == {f"{HERE}/snap-1-0", f"{HERE}/snap-1-1"}
    assert actions(planned(policy(), [one], copy_of(one))) == [("keep", "csnap-1-0"), ("keep", "csnap-1-1")]


def test_of_a_set_that_was_cut_off_only_what_is_missing_is_copied() -> None:
    one = backup(1)
    half = planned(policy(), [one], copy_of(one, snap_1_1="gone"))
    assert actions(half) == [("copy", "snap-1-1"), ("keep", "csnap-1-0")]
    under_way = planned(policy(), [one], copy_of(one, snap_1_0="pending", snap_1_1="failed"))
    assert sorted((deed.action, deed.because) for deed in under_way.deeds) == [
        ("copy", "is being copied"),
        ("copy", "its copy csnap-1-1 has failed"),
    ]
    assert sorted((one.there, one.failed) for one in under_way.wanted.values() if one.there) == [("csnap-1-0", False)]


def test_an_image_is_copied_as_one() -> None:
    one = backup(1, how="image")
    assert actions(planned(policy(), [one])) == [("copy", "ami-1")]
    assert actions(planned(policy(), [one], copy_of(one))) == [("keep", "cami-1")]


def test_what_isnt_complete_and_what_is_a_copy_itself_is_not_copied() -> None:
    others = [backup(1, state="pending"), backup(2, state="failed"), copy_of(backup(3), HERE)]
    assert planned(policy(), others).deeds == []


def test_what_the_copys_own_tiers_would_not_keep_is_not_copied() -> None:
    week = [backup(days) for days in range(1, 8)]
    copies = planned(policy({"keep": {"daily": 2}}), week)
    assert {wanted.backup.id for wanted in copies.wanted.values()} == {"set-1", "set-2"}
    kept = {deed.because for deed in copies.deeds if deed.action == "keep"}
    assert kept == {"by the copy's tiers, it wouldn't be kept"}


@given(st.sets(st.integers(0, 60), max_size=25), st.integers(1, 12), st.sets(st.integers(0, 60), max_size=10))
def test_a_copy_is_asked_for_exactly_where_its_tiers_keep_one_and_none_stands(
    days: set[int], daily: int, copied: set[int]
) -> None:
    here = [backup(day) for day in sorted(days)]
    there = [copy_of(one) for one in here if (NOW - one.moment).days in copied]
    copies = planned(policy({"keep": {"daily": daily}}), here, *there)
    standing = {one.slot for one in there}
    newest = sorted({one.slot for one in here}, reverse=True)[:daily]
    assert {one.backup.slot for one in copies.wanted.values()} == set(newest) - standing


def test_a_copy_is_shared_with_each_account_once() -> None:
    one = backup(1, ["/dev/xvda"])
    asked = policy({"account": ACCOUNT, "key": KEY}, {"account": "210987654321"})
    (fresh,) = planned(asked, [one]).wanted.values()
    assert (fresh.home.accounts, fresh.home.key) == ((ACCOUNT, "210987654321"), KEY)
    half = planned(asked, [one], copy_of(one), shared={"csnap-1-0": frozenset({ACCOUNT})})
    (deed,) = half.deeds
    assert (deed.action, deed.because) == ("share", "isn't shared with 210987654321 yet")
    both = frozenset({ACCOUNT, "210987654321"})
    assert actions(planned(asked, [one], copy_of(one), shared={"csnap-1-0": both})) == [("keep", "csnap-1-0")]


def test_a_backup_that_is_where_it_should_be_is_shared_itself() -> None:
    one = backup(1, how="image")
    asked = policy({"region": HERE, "account": ACCOUNT})
    assert actions(planned(asked, [one])) == [("share", "ami-1")]
    assert actions(planned(asked, [one], shared={"ami-1": frozenset({ACCOUNT})})) == [("keep", "ami-1")]


def test_what_is_encrypted_under_the_default_key_is_told_before_anything_is_shared() -> None:
    one = backup(1, ["/dev/xvda"])
    secret = {"encrypted": frozenset({"snap-1-0"})}
    with pytest.raises(Invalid) as told:
        planned(policy({"account": ACCOUNT}), [one], **secret)
    (problem,) = told.value.problems
    assert problem.path == "backups.nightly.copies.0.key"
    assert "instance/db is encrypted" in problem.why
    assert actions(planned(policy({"account": ACCOUNT, "key": KEY}), [one], **secret)) == [("copy", "snap-1-0")]
