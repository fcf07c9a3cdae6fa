"""The end of a rotation: what was changed for it is put back, and the default version is the one that stays."""

from collections.abc import Mapping
from typing import Any

from tasks.compute.mixed_instances import template_in
from tasks.images.numbered import make_default
from tasks.images.provenance import IMAGE, REFUSED
from tasks.images.rotating import Finish
from tasks.images.rotation_record import ROTATION, VERDICT, Record
from tasks.images.seen_group import launching_version
from tasks.retry import when_visible
from tasks.scope import Scope, as_dict


def finish(scope: Scope, record: Record, move: Finish, raw: Mapping[str, Any]) -> None:
    """Put all back, the record last: until it's gone, another run does what is left. Done already is fine."""
    id, scaling = raw["AutoScalingGroupName"], scope.autoscaling
    template = template_in(raw)["LaunchTemplateId"]
    if not record.verdict:
        make_default(scope, template, record.new)
    else:
        make_default(scope, template, record.old, instead_of=record.new)
        refuse(scope, record)
    wanted = ("$Default", move.desired, move.max)
    if (template_in(raw).get("Version"), raw["DesiredCapacity"], raw["MaxSize"]) != wanted:
        scope.go_ahead.check()
        sizes = {"DesiredCapacity": move.desired, "MaxSize": move.max}
        again = {"AutoScalingGroupName": id, **launching_version(raw, "$Default"), **sizes}
        when_visible(f"what scaling group {id} needs", scaling.update_auto_scaling_group, **again)
    if record.suspends:
        scope.go_ahead.check()
        scaling.resume_processes(AutoScalingGroupName=id, ScalingProcesses=list(record.suspends))
    scope.go_ahead.check()
    about = {"ResourceId": id, "ResourceType": "auto-scaling-group"}
    scaling.delete_tags(Tags=[{**about, "Key": key} for key in (ROTATION, VERDICT)])


def write_tags(scope: Scope, id: str, tags: Mapping[str, str]) -> None:
    """Tags of the group's own, that no instance is given."""
    about = {"ResourceId": id, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    scope.autoscaling.create_or_update_tags(Tags=[{**about, "Key": key, "Value": value} for key, value in tags.items()])


def refuse(scope: Scope, record: Record) -> None:
    """An image of our own that was found bad says so: it's no longer the newest good one of its name."""
    filters = [{"Name": "image-id", "Values": [record.image]}, {"Name": "tag-key", "Values": [IMAGE]}]
    for image in scope.pages("ec2", "describe_images", "Images", Owners=["self"], Filters=filters):
        if REFUSED not in as_dict(image.get("Tags")):
            scope.go_ahead.check()
            scope.ec2.create_tags(Resources=[image["ImageId"]], Tags=[{"Key": REFUSED, "Value": record.since}])
