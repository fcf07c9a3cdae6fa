"""What a failed instance gives up for the new one: its place in the environment, and in target groups."""

from typing import Any

from tasks.each import each
from tasks.errors import gone_is_fine
from tasks.kind import Found
from tasks.retry import when_visible
from tasks.scope import RETIRED, Scope


def retire(scope: Scope, old: Found[Any]) -> None:
    """Mark it as retired, and take its protection off: the engine then makes another one beside it, and ends it last.

    The new one has it stopped, and takes its volumes over, once it runs itself.
    """
    scope.go_ahead.check()
    scope.ec2.create_tags(Resources=[old.id], Tags=[{"Key": RETIRED, "Value": "true"}])
    if old.protected:
        scope.go_ahead.check()
        scope.ec2.modify_instance_attribute(InstanceId=old.id, DisableApiTermination={"Value": False})


def move_targets(scope: Scope, old: str, new: str) -> int:
    """Register the new instance wherever the old one is, then deregister that; gives at how many places.

    AWS tells who is registered for one target group at a time only.
    """
    groups = [one["TargetGroupArn"] for one in scope.pages("elbv2", "describe_target_groups", "TargetGroups")]
    moved = 0
    for group, targets in each(lambda arn: _targets(scope, arn, old), groups):
        for port in targets:
            scope.go_ahead.check()
            target = {"Port": port}
            register = scope.elbv2.register_targets
            when_visible(f"instance {new}", register, TargetGroupArn=group, Targets=[{"Id": new} | target])
            scope.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": old} | target])
            moved += 1
    return moved


def _targets(scope: Scope, group: str, instance: str) -> list[int]:
    """The ports on which a target group has an instance."""
    with gone_is_fine("TargetGroupNotFound"):
        told = scope.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return [one["Target"]["Port"] for one in told if one["Target"]["Id"] == instance]
    return []
