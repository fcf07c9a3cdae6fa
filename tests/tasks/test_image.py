"""Images and copied snapshots: found again after a lost answer, and told why when they fail."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from blueprints.images import CopiedSnapshot, RegisteredImage
from tasks.errors import CastraError
from tasks.registry import KINDS
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.conftest import Weather

FAR = "eu-central-1"


@pytest.fixture
def scope(strict: Scope) -> Scope:
    """An environment with nothing else in the account."""
    return strict


def source(scope: Scope) -> str:
    """A snapshot that somebody took in another region."""
    ec2 = scope.client("ec2", region=FAR)
    volume = ec2.create_volume(AvailabilityZone=f"{FAR}a", Size=8)["VolumeId"]
    return str(ec2.create_snapshot(VolumeId=volume)["SnapshotId"])


def parts(of: str) -> tuple[CopiedSnapshot, RegisteredImage]:
    copy = CopiedSnapshot(name="golden", source=of, source_region=FAR)
    return copy, RegisteredImage(name="golden", snapshot="snapshot/golden")


def images(scope: Scope) -> list[dict[str, Any]]:
    return list(scope.ec2.describe_images(Owners=["self"])["Images"])


def copies(scope: Scope) -> list[dict[str, Any]]:
    return list(scope.ec2.describe_snapshots(Filters=scope.filters)["Snapshots"])


def test_an_image_whose_answer_was_lost_is_found_by_its_name(physics: Physics, scope: Scope) -> None:
    physics.rule("RegisterImage", "lose-answer", nth=1)
    made = parts(source(scope))
    raise_all(scope, made)
    assert physics.counts()["ec2:RegisterImage"] == 2
    assert len(images(scope)) == 1
    assert look_and_plan(scope, made).settled


def test_an_image_of_its_name_that_is_somebody_elses_is_left_alone(scope: Scope) -> None:
    made = parts(source(scope))
    raise_all(scope, made)
    (image,) = images(scope)
    scope.ec2.delete_tags(Resources=[image["ImageId"]], Tags=[{"Key": "castra:part"}])
    with pytest.raises(CastraError, match="doesn't carry its tags"):
        raise_all(scope, made)
    assert [one["ImageId"] for one in images(scope)] == [image["ImageId"]]


def test_a_copy_whose_answer_was_lost_is_not_sent_again(physics: Physics, scope: Scope) -> None:
    made = parts(source(scope))
    physics.rule("CopySnapshot", "lose-answer", nth=1)
    with pytest.raises(Exception, match="closed"):
        raise_all(scope, made)
    assert physics.counts()["ec2:CopySnapshot"] == 1
    assert look_and_plan(scope, made).counts["create"] == 1
    raise_all(scope, made)
    assert len(copies(scope)) == 1


def test_copies_and_images_are_awaited(weather: Weather) -> None:
    weather(scale=400, times={"snapshot_copied": 100, "image_registered": 50})
    scope = Scope("slow", "eu-west-1", poll_seconds=0.01)
    made = parts(source(scope))
    raise_all(scope, made)
    assert [one["State"] for one in copies(scope)] == ["completed"]
    assert [one["State"] for one in images(scope)] == ["available"]


def test_a_pending_one_is_neither_ready_nor_made_again(weather: Weather) -> None:
    aws = weather(times={"snapshot_copied": 100})
    scope = Scope("slow", "eu-west-1", poll_seconds=0.01)
    made = parts(source(scope))[:1]
    kind = KINDS["snapshot"]
    id = kind.create(scope, "golden", kind.wanted(made[0], {}))
    (step,) = look_and_plan(scope, made).steps
    assert (step.action, step.pending) == ("keep", True)
    aws.advance(101)
    kind.ready(scope, id)
    assert look_and_plan(scope, made).settled


@pytest.mark.parametrize("kind", ["snapshot", "image"])
def test_one_that_fails_is_told_and_made_again(kind: str, physics: Physics, scope: Scope) -> None:
    from moto.backends import get_backend
    from moto.core import DEFAULT_ACCOUNT_ID

    made = parts(source(scope))
    raise_all(scope, made)
    ec2 = get_backend("ec2")[DEFAULT_ACCOUNT_ID]["eu-west-1"]
    scope.look_afresh()
    (one,) = KINDS[kind].owned(scope)
    if kind == "snapshot":
        ec2.snapshots[one.id].status = "error"
    else:
        ec2.amis[one.id].state = "failed"
    with pytest.raises(CastraError, match="it failed: AWS gives no reason"):
        KINDS[kind].ready(scope, one.id)
    steps = {step.part: step.because for step in look_and_plan(scope, made).steps}
    assert steps[f"{kind}/golden"] == "has failed and will never be ready"


def test_a_source_that_isnt_there_is_told_at_once(physics: Physics, scope: Scope) -> None:
    with pytest.raises(ClientError, match=r"InvalidSnapshot\.NotFound"):
        raise_all(scope, parts("snap-0123456789abcdef0"))
    assert physics.counts()["ec2:CopySnapshot"] == 1
