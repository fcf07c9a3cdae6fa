"""Images by name, made once, and awaited."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.images.provenance import BUILD
from tasks.retry import when_released
from tasks.scope import Scope, as_dict, as_list
from tasks.waiting import wait_until

WITHIN = 7200.0  # seconds; a copy to another region may take more than half an hour
BROKEN = ("failed", "error", "invalid")
NO_IMAGE = ("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable")
Told = Mapping[str, Any]


def named(scope: Scope, title: str, region: str = "") -> Told | None:
    """The account's own image of a name, in any state; None if there's none."""
    filters = [{"Name": "name", "Values": [title]}]
    asked: dict[str, Any] = {"Owners": ["self"], "Filters": filters, "IncludeDisabled": True}
    return next(iter(scope.pages("ec2", "describe_images", "Images", region=region, **asked)), None)


def ours(scope: Scope, title: str, build: str, region: str = "") -> Told | None:
    """The image of a name, if it's of this build."""
    there = named(scope, title, region)
    return there if there is not None and as_dict(there.get("Tags")).get(BUILD) == build else None


def made_once(scope: Scope, title: str, tags: Mapping[str, str], make: Callable[..., Any], region: str = "") -> str:
    """The id of the image that `make` makes under a name and with tags, or has made already, its answer being lost.

    Raises CastraError where somebody else's image has the name.
    """
    scope.go_ahead.check()
    try:
        return str(make(Name=title)["ImageId"])
    except ClientError as error:
        if code_of(error) != "InvalidAMIName.Duplicate":
            raise
    there = ours(scope, title, tags[BUILD], region)
    if there is None:
        way_out = f"Deregister or rename it, or call yours otherwise than {title}"
        raise CastraError(title, "somebody else's image has this name", way_out)
    return str(there["ImageId"])


def tagged(tags: Mapping[str, str], *kinds: str) -> list[dict[str, Any]]:
    """Tags as EC2's create calls take them, for these types of resources."""
    return [{"ResourceType": kind, "Tags": as_list(tags)} for kind in kinds]


def await_image(scope: Scope, id: str, what: str, region: str = "") -> None:
    """Wait until it can be launched. Raises CastraError with AWS's reason where it never will."""
    told = {"state": "not seen yet"}
    asked: dict[str, Any] = {"Owners": ["self"], "Filters": [{"Name": "image-id", "Values": [id]}]}

    def available() -> bool:
        for image in scope.pages("ec2", "describe_images", "Images", region=region, **asked):
            told["state"] = image["State"]
            if image["State"] in BROKEN:
                why = image.get("StateReason", {}).get("Message", "AWS gives no reason")
                raise CastraError(what, f"image {id} failed: {why}", "Mend that, and run again")
        return told["state"] == "available"

    wait_until(scope, available, what, WITHIN, lambda: f"image {id} is {told['state']}")


def drop_image(scope: Scope, id: str) -> None:
    """Deregister it, with the snapshots that were made for it and no others; gone already is fine."""
    asked: dict[str, Any] = {"Owners": ["self"], "Filters": [{"Name": "image-id", "Values": [id]}]}
    for image in scope.pages("ec2", "describe_images", "Images", IncludeDisabled=True, **asked):
        stood_on = [one["Ebs"]["SnapshotId"] for one in image.get("BlockDeviceMappings", []) if "Ebs" in one]
        made = _made_for_a_build(scope, stood_on)
        scope.go_ahead.check()
        with gone_is_fine(*NO_IMAGE):
            scope.ec2.deregister_image(ImageId=id, DeleteAssociatedSnapshots=made == stood_on)
        for snapshot in made if made != stood_on else ():
            scope.go_ahead.check()
            with gone_is_fine("InvalidSnapshot.NotFound"):
                when_released(f"{snapshot} to be free", scope.ec2.delete_snapshot, SnapshotId=snapshot)


def _made_for_a_build(scope: Scope, snapshots: list[str]) -> list[str]:
    """Those that carry a build's tag: others are somebody's, and an image was only registered from them."""
    filters = [{"Name": "snapshot-id", "Values": snapshots}, {"Name": "tag-key", "Values": [BUILD]}]
    told = scope.pages("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"], Filters=filters)
    made = {str(one["SnapshotId"]) for one in told}
    return [snapshot for snapshot in snapshots if snapshot in made]
