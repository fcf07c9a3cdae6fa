"""Images that are registered from snapshots."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.images import RegisteredImage
from blueprints.part import Id
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Fixed, Found, Kind, Phase, State
from tasks.retry import when_visible
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict
from tasks.waiting import wait_until

PHASES: Mapping[str, Phase] = {"pending": "pending", "failed": "failed", "invalid": "failed", "error": "failed"}
WITHIN = 1800.0  # seconds
LONGEST_NAME = 128


class ImageState(State):
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/creating-an-ami-ebs.html

    With `imds` v2.0, what is launched from it gives its metadata for a session token only, whoever launches it.
    """

    snapshot: Fixed[str]
    architecture: Fixed[str]
    boot_mode: Fixed[str]
    ena: Fixed[bool]
    root_device: Fixed[str]
    imds: Fixed[str] = "v2.0"


class ImageKind(Kind[RegisteredImage, ImageState]):
    """Images that are registered from snapshots."""

    name = "image"
    actions = (
        "ec2:CreateTags",
        "ec2:DeleteTags",
        "ec2:DeregisterImage",
        "ec2:DescribeImages",
        "ec2:RegisterImage",
    )

    def owned(self, scope: Scope) -> Iterator[Found[ImageState]]:
        """DescribeImages of the account's own, filtered by tag."""
        for image in scope.pages("ec2", "describe_images", "Images", Owners=["self"], Filters=scope.filters):
            tags = as_dict(image.get("Tags"))
            if name := self.named_in(tags):
                phase = PHASES.get(image["State"], "standing")
                outputs = {"id": image["ImageId"]}
                yield Found(self.name, name, image["ImageId"], _state_of(image), tags, phase, outputs)

    def wanted(self, part: RegisteredImage, ids: Mapping[str, str]) -> ImageState:
        """See the base."""
        return ImageState(
            snapshot=ids[part.snapshot] if isinstance(part.snapshot, Id) else part.snapshot,
            architecture=part.architecture,
            boot_mode=part.boot_mode or "",
            ena=part.ena,
            root_device=part.root_device,
        )

    def create(self, scope: Scope, name: str, wanted: ImageState) -> str:
        """RegisterImage has no ClientToken, but names are unique: one that's there already is taken on if it's ours."""
        title = scope.name(name, LONGEST_NAME, variant=wanted.foundation)
        try:
            made = when_visible(
                f"snapshot {wanted.snapshot}",
                scope.ec2.register_image,
                Name=title,
                **registration(wanted),
                TagSpecifications=self.tag_specifications(scope, name, wanted, "image"),
            )
        except ClientError as error:
            if code_of(error) != "InvalidAMIName.Duplicate":
                raise
            return self._ours(scope, name, title)
        return str(made["ImageId"])

    def ready(self, scope: Scope, id: str) -> None:
        """Seconds, as its snapshot is complete."""
        told = {"state": "not seen yet"}

        def available() -> bool:
            seen = scope.ec2.describe_images(Owners=["self"], Filters=[{"Name": "image-id", "Values": [id]}])["Images"]
            for one in seen:
                told.update(state=one["State"], why=one.get("StateReason", {}).get("Message", "AWS gives no reason"))
            if PHASES.get(told["state"]) == "failed":
                raise CastraError(f"image {id}", f"it failed: {told['why']}", "Mend that, and run again")
            return told["state"] == "available"

        wait_until(scope, available, f"image {id}", WITHIN, lambda: f"it is {told['state']}")

    def update(self, scope: Scope, id: str, wanted: ImageState, changed: frozenset[str]) -> None:
        """There's nothing to change in place."""

    def delete(self, scope: Scope, id: str) -> None:
        """Deregistered; its snapshot stays, which is a part of its own or nobody's of Castra's."""
        with gone_is_fine("InvalidAMIID.Unavailable", "InvalidAMIID.NotFound"):
            scope.ec2.deregister_image(ImageId=id)

    def _ours(self, scope: Scope, name: str, title: str) -> str:
        """The id of the image of this name. Raises CastraError if it isn't ours."""
        named = [{"Name": "name", "Values": [title]}]
        (there,) = scope.ec2.describe_images(Owners=["self"], Filters=named)["Images"]
        tags = as_dict(there.get("Tags"))
        if scope.owns(tags) and self.named_in(tags) == name:
            return str(there["ImageId"])
        why = f"there is an image {title} that doesn't carry its tags"
        way_out = f"Deregister it, or tag it with {ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
        raise CastraError(self.key(name), why, way_out)


def registration(wanted: ImageState) -> dict[str, Any]:
    """An image, as RegisterImage takes it."""
    root = {"SnapshotId": wanted.snapshot, "VolumeType": "gp3", "DeleteOnTermination": True}
    return {
        "Architecture": wanted.architecture,
        "BlockDeviceMappings": [{"DeviceName": wanted.root_device, "Ebs": root}],
        "EnaSupport": wanted.ena,
        "ImdsSupport": wanted.imds,
        "RootDeviceName": wanted.root_device,
        "VirtualizationType": "hvm",
        **({"BootMode": wanted.boot_mode} if wanted.boot_mode else {}),
    }


def _state_of(image: Mapping[str, Any]) -> ImageState:
    """An image as AWS tells it."""
    disks = {one["DeviceName"]: one.get("Ebs", {}) for one in image.get("BlockDeviceMappings", [])}
    root = image.get("RootDeviceName", "")
    return ImageState(
        snapshot=disks.get(root, {}).get("SnapshotId", ""),
        architecture=image.get("Architecture", ""),
        boot_mode=image.get("BootMode", ""),
        ena=image.get("EnaSupport", False),
        root_device=root,
        imds=image.get("ImdsSupport", ""),
    )
