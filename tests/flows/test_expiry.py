"""Environments that end: the moment is fixed by the first raising, told by tags, and kept by all later ones."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.spin_up import spin_up
from tasks.errors import CastraError
from tasks.expiry import end_of
from tasks.reading import inventory, plan_of, scope_of
from tasks.registry import KINDS
from tasks.scope import EXPIRES, Scope
from tasks.survey import survey
from tests.flows.shell import castra
from tests.flows.world import REGION, nothing_written, scope, small, small_document, written
from tests.physics import Physics


def moments(name: str) -> set[str | None]:
    """What the tags of all that takes tags say."""
    found = survey(scope(name), KINDS.values()).found
    return {one.tags.get(EXPIRES) for one in found if KINDS[one.kind].taggable and KINDS[one.kind].own_tags}


def end(name: str) -> datetime | None:
    return end_of(survey(scope(name), KINDS.values()).found, KINDS)


def test_all_that_a_raising_makes_tells_the_same_moment_by_awss_clock(aws: Physics, prefect: str, name: str) -> None:
    before = scope(name).now
    report = spin_up(small(name, expires_after="8h"))
    (moment,) = moments(name)
    assert report.expires == datetime.fromisoformat(str(moment))
    assert timedelta(0) <= report.expires - before - timedelta(hours=8) < timedelta(minutes=2)


def test_the_tag_is_in_the_call_that_makes_each_thing(aws: Physics, prefect: str, name: str) -> None:
    spin_up(small(name, expires_after="8h"))
    (moment,) = moments(name)
    makers = [call for call in aws.writes() if "castra:part" in str(call.params) and f"'{name}'" in str(call.params)]
    assert len(makers) >= 7
    assert [call.name for call in makers if str(moment) not in str(call.params)] == []


def test_later_raisings_keep_the_moment_and_a_second_one_writes_nothing(aws: Physics, prefect: str, name: str) -> None:
    spin_up(small(name, expires_after="8h"))
    (first,) = moments(name)
    aws.advance(3600)
    with nothing_written(aws):
        assert plan_of(small(name, expires_after="8h"), scope(name)).settled
        spin_up(small(name, expires_after="8h"))
        spin_up(small(name, expires_after="3d"))
        report = spin_up(small(name))
    assert "castra extend" in str(report.remark)
    spin_up(small(name, expires_after="3d", network={"endpoints": ["s3", "dynamodb"]}))
    assert moments(name) == {first}


def test_a_raising_that_was_cut_short_ends_when_its_first_part_said(aws: Physics, prefect: str, name: str) -> None:
    aws.rule("CreateNatGateway", "error:UnauthorizedOperation:403", nth=1)
    with pytest.raises(CastraError):
        spin_up(small(name, expires_after="8h"))
    aws.rules.clear()
    first = moments(name)
    aws.advance(3600)
    spin_up(small(name, expires_after="8h"))
    assert moments(name) == first
    assert len(first) == 1


def test_an_approval_holds_although_the_moment_moves_with_the_clock(aws: Physics, prefect: str, name: str) -> None:
    environment = small(name, expires_after="8h")
    agreed = plan_of(environment, scope_of(environment)).fingerprint
    aws.advance(600)
    spin_up(environment, approved=agreed)
    assert end(name)


def test_what_stood_before_is_given_no_end_by_a_raising(aws: Physics, prefect: str, name: str) -> None:
    spin_up(small(name))
    with nothing_written(aws):
        report = spin_up(small(name, expires_after="8h"))
    assert "castra extend" in str(report.remark)
    spin_up(small(name, expires_after="8h", network={"endpoints": ["s3", "dynamodb"]}))
    assert moments(name) == {None}
    assert end(name) is None


def test_what_is_made_after_any_look_ends_with_what_stands(aws: Physics, prefect: str, name: str) -> None:
    spin_up(small(name, expires_after="8h"))
    looking = scope(name)
    survey(looking, [KINDS["vpc"]])
    assert looking.expires == end(name)
    assert looking.birth_tags("vpc/another", None)[EXPIRES] in moments(name)


@pytest.mark.thorough
def test_list_and_show_tell_it(aws: Physics, prefect: str, name: str, tmp_path: Path) -> None:
    document: dict[str, Any] = small_document(name, expires_after="8h", owner="ada", purpose="a demo")
    planned = castra("plan", written(document, tmp_path))
    assert "It ends at" in planned.stdout
    assert "in 7 h 59 min" in planned.stdout or "in 8 h" in planned.stdout
    spin_up(small(name, expires_after="8h", owner="ada", purpose="a demo"))
    (row,) = [line for line in castra("list", "--region", REGION).stdout.splitlines() if line.startswith(f"{name} ")]
    assert "in 7 h 59 min" in row
    assert "ada" in row
    assert row.endswith("a demo")
    assert "It ends at" in castra("show", name, "--region", REGION).stdout
    told = json.loads(castra("show", name, "--region", REGION, "--json").stdout)
    assert (told["owner"], told["purpose"]) == ("ada", "a demo")
    (one,) = [one for one in inventory(Scope(None, REGION)) if one.environment == name]
    assert datetime.fromisoformat(told["expires"]) == one.expires == end(name)
