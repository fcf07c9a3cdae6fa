"""Pausing an environment and resuming it: groups to nothing and back, instances and databases stopped and started."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.compute.attaching import STARTS_WITHIN, STOPS_WITHIN, await_state
from tasks.compute.groups import named, standing_groups
from tasks.compute.instance_state import standing_instances
from tasks.compute.paused import SCHEDULES, keep, schedules_suspended, sizes_in, sizes_of
from tasks.data.database_pause import (
    pause_database,
    resume_database,
    start_database,
    stop_database,
    stoppable_databases,
)
from tasks.errors import CastraError
from tasks.operation import KEEP, Deed, Operation
from tasks.scope import PART, PAUSED, Scope, as_dict, as_list

RUNNING = ("pending", "running")


def plan_pause(scope: Scope) -> Operation:
    """What runs, and is to run no more until it's resumed. Reads only."""
    judges = {"scaling-group": _pause_group, "instance": _pause_instance, "database": pause_database}
    judges["database-replica"] = pause_database
    return _plan("pause", scope, judges)


def plan_resume(scope: Scope) -> Operation:
    """What is paused, and is to be as it was. Reads only."""
    judges = {"scaling-group": _resume_group, "instance": _resume_instance, "database": resume_database}
    judges["database-replica"] = resume_database
    return _plan("resume", scope, judges)


def pause(scope: Scope, deed: Deed) -> Deed:
    """Write down how it is, unless an earlier try has; then change it."""
    id = str(deed.id)
    if deed.what.startswith("database/"):
        stop_database(scope, id)
        return deed
    if deed.what.startswith("instance/"):
        scope.ec2.create_tags(Resources=[id], Tags=as_list({PAUSED: "running"}))
        scope.go_ahead.check()
        scope.ec2.stop_instances(InstanceIds=[id])
        await_state(scope, id, "stopped", within=STOPS_WITHIN)
        return deed
    group = _group(scope, id)
    before = sizes_in(as_dict(group.get("Tags")))
    if before is None:
        keep(scope, id, sizes_of(group))
    for call, more in (
        (scope.autoscaling.suspend_processes, {"ScalingProcesses": [SCHEDULES]}),
        (scope.autoscaling.update_auto_scaling_group, {"MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0}),
    ):
        scope.go_ahead.check()
        call(AutoScalingGroupName=id, **more)
    return deed


def resume(scope: Scope, deed: Deed) -> Deed:
    """Make it as it was; that this is done, is written down last."""
    id = str(deed.id)
    if deed.what.startswith("database/"):
        start_database(scope, id)
        return deed
    if deed.what.startswith("instance/"):
        scope.ec2.start_instances(InstanceIds=[id])
        await_state(scope, id, "running", within=STARTS_WITHIN)
        scope.go_ahead.check()
        scope.ec2.delete_tags(Resources=[id], Tags=[{"Key": PAUSED}])
        return deed
    before = sizes_in(as_dict(_group(scope, id).get("Tags")))
    if before is None:
        return deed
    desired = min(max(before.desired, before.min), before.max)  # the blueprint's bounds may have moved meanwhile
    sizes = {"MinSize": before.min, "MaxSize": before.max, "DesiredCapacity": desired}
    scope.autoscaling.update_auto_scaling_group(AutoScalingGroupName=id, **sizes)
    if not before.suspended:
        scope.go_ahead.check()
        scope.autoscaling.resume_processes(AutoScalingGroupName=id, ScalingProcesses=[SCHEDULES])
    scope.go_ahead.check()
    tag = {"ResourceId": id, "ResourceType": "auto-scaling-group", "Key": PAUSED}
    scope.autoscaling.delete_tags(Tags=[tag])
    return deed


# ---------------------------------------------------------------------- what is to be done


def _plan(verb: str, scope: Scope, judges: Mapping[str, Any]) -> Operation:
    scope.look_afresh()
    _ = scope.account
    deeds = []
    for id, thing, tags in _standing(scope):
        needed, because = judges[tags[PART].partition("/")[0]](thing, tags)
        deeds.append(Deed(what=f"{tags[PART]} {id}", action=verb if needed else KEEP, because=because, id=id))
    subject = str(scope.environment)
    return Operation(
        verb=verb, subject=subject, region=scope.region, deeds=tuple(sorted(deeds, key=lambda one: one.what))
    )


def _standing(scope: Scope) -> Iterator[tuple[str, Mapping[str, Any], dict[str, str]]]:
    for group in standing_groups(scope):
        tags = as_dict(group.get("Tags"))
        if tags.get(PART, "").startswith("scaling-group/") and not group.get("Status"):
            yield group["AutoScalingGroupName"], group, tags
    for instance in standing_instances(scope):
        tags = as_dict(instance.get("Tags"))
        if tags.get(PART, "").startswith("instance/") and instance["State"]["Name"] != "shutting-down":
            yield instance["InstanceId"], instance, tags
    yield from stoppable_databases(scope)


def _pause_group(group: Mapping[str, Any], tags: Mapping[str, str]) -> tuple[bool, str]:
    now = sizes_of(group)
    empty = now.max == now.desired == 0
    if PAUSED in tags:
        return not (empty and schedules_suspended(group)), f"is to be as it was on resuming: {tags[PAUSED]}"
    return not empty, "it has no servers" if empty else f"{now.desired} servers, of {now.min} to {now.max}"


def _resume_group(group: Mapping[str, Any], tags: Mapping[str, str]) -> tuple[bool, str]:
    return PAUSED in tags, tags.get(PAUSED, "it isn't paused")


def _pause_instance(instance: Mapping[str, Any], tags: Mapping[str, str]) -> tuple[bool, str]:
    state = instance["State"]["Name"]
    return state in RUNNING or (state == "stopping" and PAUSED in tags), f"it is {state}"


def _resume_instance(instance: Mapping[str, Any], tags: Mapping[str, str]) -> tuple[bool, str]:
    return PAUSED in tags, f"it is {instance['State']['Name']}" if PAUSED in tags else "it isn't paused"


def _group(scope: Scope, id: str) -> dict[str, Any]:
    group = named(scope, id)
    if group is None:
        raise CastraError(f"scaling group {id}", "it is gone", "Run the same command again")
    return group
