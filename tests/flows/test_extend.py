"""Another end for an environment: told by every tag, never sooner unless that's said, and gone on with after a kill."""

import signal
from collections.abc import Iterator
from datetime import timedelta

import pytest

from flows.extend import extend
from flows.spin_up import spin_up
from tasks.errors import Failed, Refused
from tasks.expiry import moment_in
from tasks.reading import plan_of
from tests.flows.shell import LIMIT, castra, start
from tests.flows.test_expiry import end, moments
from tests.flows.world import REGION, age_the_lease, nothing_written, scope, small, standing, whole
from tests.physics import Physics

pytestmark = pytest.mark.usefixtures("prefect")
LATER = "2040-01-02T08:00:00Z"


@pytest.fixture(autouse=True)
def orders_end(aws: Physics) -> Iterator[None]:
    yield
    aws.rules.clear()


def test_every_resource_is_told_the_new_moment_and_nothing_else_is_changed(aws: Physics, name: str) -> None:
    spin_up(small(name, expires_after="8h"))
    done = extend(name, REGION, LATER)
    assert moments(name) == {LATER}
    assert done.figures == {"ends": LATER}
    assert {deed.action for deed in done.deeds} == {"extend"}
    assert plan_of(small(name, expires_after="8h"), scope(name)).settled
    with nothing_written(aws, lease=True):
        assert extend(name, REGION, LATER).settled


def test_a_time_counts_from_now_on_by_awss_clock(aws: Physics, name: str) -> None:
    spin_up(small(name, expires_after="8h"))
    aws.advance(3 * 86400)
    extend(name, REGION, "3d")
    (moment,) = moments(name)
    ends = moment_in({"castra:expires": str(moment)})
    assert ends
    assert timedelta(0) <= scope(name).now + timedelta(days=3) - ends < timedelta(minutes=2)


@pytest.mark.thorough
def test_it_ends_no_sooner_unless_that_is_said(aws: Physics, name: str) -> None:
    spin_up(small(name, expires_after="8h"))
    before = moments(name)
    with nothing_written(aws, lease=True):
        assert extend(name, REGION, "1h").settled
    assert moments(name) == before
    extend(name, REGION, "1h", sooner=True)
    assert moments(name) != before


def test_what_has_no_end_is_given_one_only_if_that_is_said(aws: Physics, name: str) -> None:
    spin_up(small(name))
    with nothing_written(aws), pytest.raises(Refused, match="it has no end"):
        extend(name, REGION, "8h")
    extend(name, REGION, LATER, sooner=True)
    assert moments(name) == {LATER}
    extend(name, REGION, "never")
    assert moments(name) == {"never"}
    assert end(name) is None
    assert plan_of(small(name), scope(name)).settled


@pytest.mark.parametrize("until", ["soon", "8", "2020-01-01T00:00Z", "2027-13-01", ""])
def test_what_is_no_moment_or_over_is_refused_before_anything_is_read(aws: Physics, name: str, until: str) -> None:
    ended = castra("extend", name, until, "--region", REGION, "--yes")
    assert ended.returncode == 2
    assert "until" in ended.stderr


def test_what_doesnt_stand_is_told(aws: Physics, name: str) -> None:
    with pytest.raises(Refused, match="nothing of it stands"):
        extend(name, REGION, "8h")


@pytest.mark.thorough
def test_one_that_fails_holds_up_no_other_and_the_environment_ends_later_all_the_same(aws: Physics, name: str) -> None:
    spin_up(small(name, expires_after="8h"))
    aws.rule("CreateTags", "error:UnauthorizedOperation:403", nth=2)
    with pytest.raises(Failed):
        extend(name, REGION, LATER)
    aws.rules.clear()
    assert len(moments(name)) == 2
    assert end(name) == moment_in({"castra:expires": LATER})
    done = extend(name, REGION, LATER)
    assert [deed.action for deed in done.deeds].count("extend") == 1
    assert moments(name) == {LATER}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.thorough
def test_killed_at_any_write_the_next_run_ends_where_an_undisturbed_one_would(
    aws: Physics, name: str, when: str
) -> None:
    spin_up(small(name, expires_after="8h"))
    process = start("extend", name, LATER, "--region", REGION, "--yes")
    aws.kill(process.pid, 5, when)
    process.communicate(timeout=LIMIT)
    assert process.returncode == -signal.SIGKILL
    assert end(name) == moment_in({"castra:expires": LATER})
    assert len(moments(name)) == 2
    age_the_lease(name)
    ended = castra("extend", name, LATER, "--region", REGION, "--yes")
    assert ended.returncode == 0, ended.stderr
    assert moments(name) == {LATER}
    assert standing(name) == whole(small(name))
