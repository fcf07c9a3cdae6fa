"""Images that are deprecated, disabled and deregistered; who may launch them, and what goes along."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.ec2.models.amis import AmiBackend

from tests.physics.answers import Answer, Refused
from tests.physics.gaps.images import snapshots_of
from tests.physics.hooks import after, before, during, instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World


def image_of(request: Request, world: World) -> Any:
    """The image that a request names."""
    id, ec2 = request.text("ImageId"), world.backend(request)
    if id not in ec2.amis:
        gone = "Unavailable" if id in ec2.deleted_amis else "NotFound"
        raise Refused(f"InvalidAMIID.{gone}", f"The image id '[{id}]' does not exist")
    return ec2.amis[id]


@during("ec2:DescribeImages")
@contextmanager
def disabled_are_hidden(request: Request, world: World) -> Iterator[None]:
    """Unless they're asked for; one that is asked for by its id isn't told either."""
    ec2 = world.backend(request)
    ec2.hiding = not request.flag("IncludeDisabled")
    yield
    ec2.hiding = False


DESCRIBE_IMAGES = AmiBackend.describe_images


def describe_images(ec2: Any, *arguments: Any, **more: Any) -> list[Any]:
    """What isn't hidden of what moto tells."""
    told = DESCRIBE_IMAGES(ec2, *arguments, **more)
    return [image for image in told if image.state != "disabled"] if getattr(ec2, "hiding", False) else told


AmiBackend.describe_images = describe_images


@during("ec2:DescribeSnapshots")
@contextmanager
def only_of_whom_is_asked(request: Request, world: World) -> Iterator[None]:
    """Moto tells everybody's, whatever owner is named."""
    ec2 = world.backend(request)
    every = ec2.snapshots
    if owners := {ec2.account_id if owner == "self" else owner for owner in request.texts("Owner")}:
        ec2.snapshots = {id: snapshot for id, snapshot in every.items() if snapshot.owner_id in owners}
    try:
        yield
    finally:
        ec2.snapshots = every


@after("ec2:CopyImage")
def knows_its_source(request: Request, answer: Answer, world: World) -> None:
    copy = next(reversed(world.backend(request).amis.values()))
    copy.source_image_id, copy.source_image_region = request.text("SourceImageId"), request.text("SourceRegion")


@before("ec2:DisableImage", "ec2:EnableImage")
def only_the_owners(request: Request, world: World) -> None:
    image = image_of(request, world)
    if image.owner_id != world.backend(request).account_id:
        raise Refused("AuthFailure", f"Not authorized for image:{image.id}")


@after("ec2:DisableImage")
def shares_end(request: Request, answer: Answer, world: World) -> None:
    """For good: they don't come back with the image."""
    image_of(request, world).launch_permissions.clear()


@before("ec2:ModifyImageAttribute")
def disabled_cant_be_shared(request: Request, world: World) -> None:
    if image_of(request, world).state == "disabled" and "LaunchPermission" in request.params:
        raise Refused("InvalidAMIID.Unavailable", f"The image ID '{request.text('ImageId')}' is disabled")


@before("ec2:EnableImageDeprecation")
def not_in_the_past(request: Request, world: World) -> None:
    at = datetime.fromisoformat(request.text("DeprecateAt"))
    if at < datetime.now(UTC) - timedelta(minutes=1):
        raise Refused("InvalidParameterValue", "The date and time to deprecate the AMI can't be in the past")


@instead("ec2:EnableImageDeregistrationProtection", "ec2:DisableImageDeregistrationProtection")
def protection(request: Request, world: World) -> Answer:
    on = request.operation.startswith("Enable")
    image_of(request, world).deregistration_protection = "enabled-without-cooldown" if on else "disabled"
    return ok(request, {"return": "true"})


@before("ec2:DeregisterImage")
def protected_stays(request: Request, world: World) -> None:
    image = image_of(request, world)
    if getattr(image, "deregistration_protection", "disabled") != "disabled":
        raise Refused("OperationNotPermitted", f"The image {image.id} is protected from being deregistered")


@instead("ec2:DeregisterImage")
def deregistered(request: Request, world: World) -> Answer:
    """With `DeleteAssociatedSnapshots` all its snapshots go, but for those that another image stands on."""
    ec2, image = world.backend(request), image_of(request, world)
    ec2.deregister_image(image.id)
    if not request.flag("DeleteAssociatedSnapshots"):
        return ok(request, {"return": True})
    others = [other for other in ec2.amis.values() if other.owner_id == image.owner_id]
    held = {one.id for other in others for one in snapshots_of(ec2, other)}
    results = []
    for snapshot in snapshots_of(ec2, image):
        if snapshot.id not in held:
            ec2.snapshots.pop(snapshot.id, None)
        results.append({"snapshotId": snapshot.id, "returnCode": "skipped" if snapshot.id in held else "success"})
    return ok(request, {"return": True, "deleteSnapshotResultSet": results})
