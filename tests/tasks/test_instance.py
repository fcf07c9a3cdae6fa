"""Instances that stand by themselves: what goes over to the next one, what needs a stop, and what's never lost."""

from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.instances import StandingInstance
from blueprints.part import Part
from tasks.compute.attaching import await_state
from tasks.errors import CastraError, NeedsReplacing, Protected
from tasks.leftovers import left_over
from tasks.registry import KINDS
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict
from tests.conductor import carry_out, look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.conftest import Weather

KIND = KINDS["instance"]
IMAGE = {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}
DATA = {"data": {"device": "/dev/sdf", "size": 10, "on_removal": "wipe"}}


@pytest.fixture
def scope(strict: Scope) -> Scope:
    """An environment with nothing else in the account."""
    return strict


def parts(**more: Any) -> tuple[Part, ...]:
    """An instance with a volume and an address, and a network around it."""
    db = {"image": IMAGE, "placement": "public", "elastic_ip": True, "volumes": DATA} | more
    network = {"cidr": "10.0.0.0/16", "zones": 1}
    document = {"name": "strict", "region": "eu-west-1", "network": network, "instances": {"db": db}}
    return Environment.model_validate(document).parts()


def among(*made: Part) -> set[str]:
    return {part.kind for part in made}


def up(scope: Scope, *, replace: tuple[str, ...] = (), **more: Any) -> str:
    """Raise it; gives its id."""
    made = parts(**more)
    raise_all(scope, made, replace, among(*made))
    assert look_and_plan(scope, made, among=among(*made)).settled
    return standing(scope).id


def step(scope: Scope, **more: Any) -> Any:
    made = parts(**more)
    plan = look_and_plan(scope, made, among=among(*made))
    return next(one for one in plan.steps if one.part == "instance/db")


def standing(scope: Scope) -> Any:
    scope.look_afresh()
    (one,) = KIND.owned(scope)
    return one


def told(scope: Scope, id: str) -> dict[str, Any]:
    (reservation,) = scope.ec2.describe_instances(InstanceIds=[id])["Reservations"]
    return dict(reservation["Instances"][0])


def test_another_one_takes_over_its_volumes_and_its_address(scope: Scope) -> None:
    old = up(scope)
    before = standing(scope)
    scope.ec2.create_key_pair(KeyName="other")
    with pytest.raises(NeedsReplacing, match=r"instance/db \(key_pair: what is on its root volume would be lost\)"):
        step(scope, key_pair="other")
    new = up(scope, replace=("instance/db",), key_pair="other")
    now = standing(scope)
    assert new != old
    assert told(scope, old)["State"]["Name"] == "terminated"
    assert (now.state.volumes, now.state.address) == (before.state.volumes, before.state.address)
    assert now.outputs["public_ip"] == before.outputs["public_ip"]


def test_where_the_new_one_cant_be_launched_the_old_one_still_runs_with_its_volumes(scope: Scope) -> None:
    old = up(scope)
    volumes = standing(scope).state.volumes
    with pytest.raises(Exception, match="InvalidKeyPair"):
        up(scope, replace=("instance/db",), key_pair="nobodys")
    now = told(scope, old)
    assert now["State"]["Name"] == "running"
    assert volumes["/dev/sdf"] in {disk["Ebs"]["VolumeId"] for disk in now["BlockDeviceMappings"]}
    assert up(scope) != old
    assert standing(scope).state.volumes == volumes
    assert told(scope, old)["State"]["Name"] == "terminated"


def test_the_old_one_is_stopped_before_its_volumes_are_taken(weather: Weather) -> None:
    times = {"instance_running": 20, "instance_stopped": 30, "instance_terminated": 40}
    aws = weather(scale=400, times=times)
    scope = Scope("strict", "eu-west-1", poll_seconds=0.01)
    up(scope)
    scope.ec2.create_key_pair(KeyName="other")
    before = len(aws.writes())
    up(scope, replace=("instance/db",), key_pair="other")
    made = [call.operation for call in aws.writes()[before:]]
    order = ["RunInstances", "StopInstances", "DetachVolume", "AttachVolume", "AssociateAddress", "TerminateInstances"]
    assert [operation for operation in made if operation in order] == order


def test_cut_off_while_its_volumes_go_over_the_next_run_goes_on_with_the_new_one(
    physics: Physics, scope: Scope
) -> None:
    old = up(scope)
    volumes = standing(scope).state.volumes
    scope.ec2.create_key_pair(KeyName="other")
    cut = physics.rule("AttachVolume", "error:UnauthorizedOperation:403", nth=1)
    with pytest.raises(Exception, match="UnauthorizedOperation"):
        up(scope, replace=("instance/db",), key_pair="other")
    physics.rules.rules.remove(cut)
    new = up(scope, key_pair="other")
    assert new != old
    assert standing(scope).state.volumes == volumes
    assert told(scope, old)["State"]["Name"] == "terminated"
    assert physics.counts()["ec2:RunInstances"] == 2


def test_a_newer_image_is_for_new_instances_but_another_one_by_its_id_is_a_change(scope: Scope) -> None:
    up(scope)
    images = scope.ec2.describe_images(Owners=["amazon"])["Images"]
    other = next(one["ImageId"] for one in images if one["ImageId"] != standing(scope).state.image)
    scope.client("ssm").put_parameter(Name="/images/newest", Value=other, Type="String")
    assert step(scope, image={"ssm": "/images/newest"}).action == "keep"
    with pytest.raises(NeedsReplacing, match="image"):
        step(scope, image={"id": other})


def test_it_is_stopped_for_another_type_only_where_that_is_allowed(scope: Scope) -> None:
    id = up(scope)
    with pytest.raises(NeedsReplacing, match="may_stop: true") as caught:
        step(scope, instance_type="m5.large")
    assert "--replace instance/db" in caught.value.way_out
    changed = {"instance_type": "m5.large", "bootstrap": "#!/bin/sh\ntrue\n", "may_stop": True}
    assert step(scope, **changed).action == "update"
    assert up(scope, **changed) == id
    now = told(scope, id)
    assert (now["InstanceType"], now["State"]["Name"]) == ("m5.large", "running")
    assert standing(scope).state.user_data == "#!/bin/sh\ntrue\n"


def test_one_that_is_stopped_can_be_changed_in_place_and_stays_stopped(scope: Scope) -> None:
    id = up(scope, running=False)
    assert told(scope, id)["State"]["Name"] == "stopped"
    assert up(scope, running=False, instance_type="m5.large") == id
    assert told(scope, id)["State"]["Name"] == "stopped"
    assert up(scope, instance_type="m5.large") == id
    assert told(scope, id)["State"]["Name"] == "running"


def test_one_that_was_stopped_by_hand_is_started(scope: Scope) -> None:
    id = up(scope)
    scope.ec2.stop_instances(InstanceIds=[id])
    one = step(scope)
    assert (one.action, one.because, [change.field for change in one.changes]) == (
        "update",
        "changed by hand",
        ["running"],
    )
    assert up(scope) == id


def test_protected_it_is_neither_struck_nor_replaced_before_anything_is_removed(scope: Scope) -> None:
    id = up(scope, deletion_protection=True)
    before = scope.calls.summary()["write"]
    with pytest.raises(Protected, match="instance/db"):
        look_and_plan(scope, (), among=among(*parts()))
    with pytest.raises(Protected, match="instance/db"):
        raise_all(scope, parts(deletion_protection=True, key_pair="other"), ["instance/db"], among(*parts()))
    assert scope.calls.summary()["write"] == before
    assert up(scope) == id
    raise_all(scope, (), among=among(*parts()))
    assert left_over(scope) == {}


def test_its_root_volume_carries_the_environment_and_goes_with_it(scope: Scope) -> None:
    id = up(scope, root={"size": 20, "type": "gp2"})
    (root,) = [
        volume
        for volume in scope.ec2.describe_volumes(Filters=scope.filters)["Volumes"]
        if as_dict(volume["Tags"])[PART] == "instance/db"
    ]
    assert (root["Size"], root["VolumeType"], root["Encrypted"]) == (20, "gp2", True)
    assert as_dict(root["Tags"])[ENVIRONMENT] == "strict"
    assert root["Attachments"][0]["InstanceId"] == id
    raise_all(scope, (), among=among(*parts()))
    assert scope.ec2.describe_volumes(Filters=scope.filters)["Volumes"] == []


def test_a_volume_that_leaves_the_blueprint_is_detached_before_it_goes(scope: Scope) -> None:
    id = up(scope)
    assert up(scope, volumes={}) == id
    assert standing(scope).state.volumes == {}
    assert [one["DeviceName"] for one in told(scope, id)["BlockDeviceMappings"]] == ["/dev/xvda"]


def test_what_somebody_attached_by_hand_is_left_alone(scope: Scope) -> None:
    id = up(scope)
    zone = told(scope, id)["Placement"]["AvailabilityZone"]
    volume = scope.ec2.create_volume(AvailabilityZone=zone, Size=1)["VolumeId"]
    scope.ec2.attach_volume(VolumeId=volume, InstanceId=id, Device="/dev/sdz")
    assert step(scope).action == "keep"


def test_cut_off_before_its_volume_is_attached_the_next_run_goes_on_with_the_same_one(
    physics: Physics, scope: Scope
) -> None:
    cut = physics.rule("AttachVolume", "error:UnauthorizedOperation:403", nth=1)
    with pytest.raises(Exception, match="UnauthorizedOperation"):
        up(scope)
    physics.rules.rules.remove(cut)
    one = step(scope)
    assert (one.action, {change.field for change in one.changes}) == ("update", {"volumes", "address"})
    id = up(scope)
    assert physics.counts()["ec2:RunInstances"] == 1
    assert standing(scope).id == id


@pytest.mark.parametrize("call", ["RunInstances", "AttachVolume", "AssociateAddress"])
def test_a_call_whose_answer_was_lost_makes_no_second_one(call: str, physics: Physics, scope: Scope) -> None:
    physics.rule(call, "lose-answer", nth=1)
    up(scope)
    assert physics.counts()[f"ec2:{call}"] == 2
    assert len(scope.ec2.describe_instances(Filters=scope.filters)["Reservations"]) == 1


def test_it_waits_for_what_takes_its_time(weather: Weather) -> None:
    """Nothing can be attached to what doesn't run yet, and nothing be started that is still stopping."""
    times = {"instance_running": 20, "instance_stopped": 30, "instance_terminated": 40, "volume_available": 10}
    weather(scale=400, times=times)
    scope = Scope("strict", "eu-west-1", poll_seconds=0.01)
    id = up(scope)
    scope.ec2.stop_instances(InstanceIds=[id])
    assert up(scope) == id
    assert up(scope, may_stop=True, instance_type="m5.large") == id
    raise_all(scope, (), among=among(*parts()))
    assert left_over(scope) == {}


def test_one_that_is_pending_is_not_made_again_though_aws_doesnt_tell_of_its_disks_yet(weather: Weather) -> None:
    aws = weather(scale=400, times={"instance_running": 1e5})
    scope = Scope("strict", "eu-west-1", poll_seconds=0.01)
    made = parts(elastic_ip=False, volumes={}, placement="private", root={"size": 20})
    plan = look_and_plan(scope, made, among=among(*made))
    rest = plan.model_copy(update={"steps": tuple(one for one in plan.steps if one.kind != "instance")})
    ids = dict(plan.ids) | {outcome.part: str(outcome.id) for outcome in carry_out(rest, scope)}
    (part,) = (one for one in made if isinstance(one, StandingInstance))
    id = KIND.create(scope, "db", KIND.wanted(part, ids))
    now = standing(scope)
    assert (now.id, now.phase, now.state.root) == (id, "pending", None)
    again = look_and_plan(scope, made, among=among(*made))
    assert [(one.action, one.part) for one in again.changes] == [("update", "instance/db")]
    aws.advance(1e5)
    raise_all(scope, made, among=among(*made))
    assert standing(scope).id == id
    assert "ec2:ModifyVolume" not in aws.counts()
    assert look_and_plan(scope, made, among=among(*made)).settled


def test_one_that_ends_instead_of_starting_is_told_with_the_reason(weather: Weather) -> None:
    weather(scale=400, times={"instance_running": 1e6, "instance_terminated": 5})
    scope = Scope("strict", "eu-west-1", poll_seconds=0.01)
    made = parts(elastic_ip=False, volumes={}, placement="private")
    plan = look_and_plan(scope, made, among=among(*made))
    ids = dict(plan.ids)
    first = plan.model_copy(update={"steps": tuple(one for one in plan.steps if one.kind != "instance")})
    ids |= {outcome.part: str(outcome.id) for outcome in carry_out(first, scope)}
    (part,) = (one for one in made if isinstance(one, StandingInstance))
    id = KIND.create(scope, "db", KIND.wanted(part, ids))
    scope.ec2.terminate_instances(InstanceIds=[id])
    with pytest.raises(CastraError, match=r"it ended: Client\.UserInitiatedShutdown"):
        await_state(scope, id, "running", within=20)


def test_a_new_image_of_the_blueprints_own_replaces_it_only_when_it_is_asked_for(scope: Scope) -> None:
    snapshots = []
    for _ in range(2):
        volume = scope.ec2.create_volume(AvailabilityZone="eu-west-1a", Size=8)["VolumeId"]
        snapshots.append(scope.ec2.create_snapshot(VolumeId=volume)["SnapshotId"])
    old = up(scope, image={"from_snapshot": snapshots[0]})
    with pytest.raises(NeedsReplacing, match=r"instance/db \(image: "):
        step(scope, image={"from_snapshot": snapshots[1]})
    new = up(scope, image={"from_snapshot": snapshots[1]}, replace=("instance/db",))
    assert new != old
    root = told(scope, new)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert scope.ec2.describe_volumes(VolumeIds=[root])["Volumes"][0]["SnapshotId"] == snapshots[1]
