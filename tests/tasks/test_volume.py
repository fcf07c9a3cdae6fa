"""Volumes of their own: what's left of them, and how they're changed in place."""

from typing import Any

import pytest

from blueprints.volumes import Block, StandingVolume
from tasks.errors import CastraError, NeedsReplacing
from tasks.registry import KINDS
from tasks.scope import ENVIRONMENT, KEPT, PART, Scope, as_dict
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.conftest import Weather

DATA = StandingVolume(name="db-data", zone="eu-west-1a", size=20)
KIND = KINDS["volume"]


@pytest.fixture
def scope(strict: Scope) -> Scope:
    """An environment with nothing else in the account."""
    return strict


def but(**more: Any) -> StandingVolume:
    return DATA.model_copy(update=more)


def standing(scope: Scope) -> str:
    scope.look_afresh()
    (one,) = KIND.owned(scope)
    return one.id


def volumes(scope: Scope, *ids: str) -> list[dict[str, Any]]:
    return list(scope.ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": list(ids)}])["Volumes"])


def test_struck_it_stays_and_the_next_raising_takes_it_on_with_what_has_changed_since(scope: Scope) -> None:
    raise_all(scope, [DATA])
    id = standing(scope)
    (step,) = look_and_plan(scope, []).steps
    assert f"the volume {id} with all that is on it stays" in step.because
    raise_all(scope, [])
    (kept,) = volumes(scope, id)
    tags = as_dict(kept["Tags"])
    assert (tags[KEPT], tags[PART], ENVIRONMENT in tags) == (scope.environment, "volume/db-data", False)
    raise_all(scope, [but(size=30)])
    assert standing(scope) == id
    assert volumes(scope, id)[0]["Size"] == 30
    assert KEPT not in as_dict(volumes(scope, id)[0]["Tags"])
    assert look_and_plan(scope, [but(size=30)]).settled


def test_of_two_that_were_kept_none_is_chosen(scope: Scope) -> None:
    for _ in range(2):
        raise_all(scope, [DATA])
        id = standing(scope)
        raise_all(scope, [])
        scope.ec2.delete_tags(Resources=[id], Tags=[{"Key": KEPT}])
    for one in scope.ec2.describe_volumes(Filters=[{"Name": f"tag:{PART}", "Values": ["volume/db-data"]}])["Volumes"]:
        scope.ec2.create_tags(Resources=[one["VolumeId"]], Tags=[{"Key": KEPT, "Value": str(scope.environment)}])
    with pytest.raises(CastraError, match="were both kept"):
        raise_all(scope, [DATA])


def test_one_kept_in_another_zone_is_left_where_it_is(scope: Scope) -> None:
    raise_all(scope, [DATA])
    id = standing(scope)
    raise_all(scope, [])
    raise_all(scope, [but(zone="eu-west-1b")])
    assert standing(scope) != id
    assert len(volumes(scope, id)) == 1


def test_it_goes_once_a_last_snapshot_is_complete_which_is_taken_once(weather: Weather) -> None:
    aws = weather(scale=1000, times={"snapshot_completed": 60})
    scope = Scope("last", "eu-west-1", poll_seconds=0.02)
    raise_all(scope, [but(on_removal="snapshot")])
    id = standing(scope)
    refused = aws.rule("DeleteVolume", "error:UnauthorizedOperation:403", nth=1)
    with pytest.raises(Exception, match="UnauthorizedOperation"):
        KIND.delete(scope, id)
    aws.rules.rules.remove(refused)
    KIND.delete(scope, id)
    assert volumes(scope, id) == []
    ours = [{"Name": "tag:castra:source", "Values": [id]}]
    (snapshot,) = scope.ec2.describe_snapshots(Filters=ours)["Snapshots"]
    tags = as_dict(snapshot["Tags"])
    assert snapshot["State"] == "completed"
    assert (tags[KEPT], tags[PART], ENVIRONMENT in tags) == ("last", "volume/db-data", False)


def test_a_smaller_one_is_another_one_and_must_be_asked_for(scope: Scope) -> None:
    raise_all(scope, [DATA])
    id = standing(scope)
    with pytest.raises(NeedsReplacing, match=r"volume/db-data \(size: all that is on it would be lost\)"):
        look_and_plan(scope, [but(size=10)])
    raise_all(scope, [but(size=10)], replace=["volume/db-data"])
    assert standing(scope) != id


def test_a_change_is_awaited_until_it_is_in_force_and_the_next_one_is_refused_in_words(weather: Weather) -> None:
    weather(scale=1000, times={"volume_modified": 30, "volume_rested": 1e6})
    scope = Scope("grown", "eu-west-1", poll_seconds=0.01)
    raise_all(scope, [DATA])
    raise_all(scope, [but(size=40)])
    id = standing(scope)
    (change,) = scope.ec2.describe_volumes_modifications(VolumeIds=[id])["VolumesModifications"]
    assert change["ModificationState"] == "optimizing"
    with pytest.raises(CastraError, match="within the last six hours"):
        raise_all(scope, [but(size=50)])


def test_what_its_type_performs_by_itself_is_no_difference(scope: Scope) -> None:
    for block in (Block(), Block(type="gp2"), Block(type="st1"), Block(type="io1", iops=200)):
        part = but(name=block.type, size=125, block=block, on_removal="wipe")
        raise_all(scope, [part])
        assert look_and_plan(scope, [part]).settled


def test_a_volume_whose_answer_was_lost_is_made_once(physics: Physics, strict: Scope) -> None:
    physics.rule("CreateVolume", "lose-answer", nth=1)
    raise_all(strict, [DATA])
    assert len(strict.ec2.describe_volumes(Filters=strict.filters)["Volumes"]) == 1
    assert physics.counts()["ec2:CreateVolume"] == 2
