"""One step of an image's retirement, carried out. Each may be repeated after any failure."""

from collections.abc import Mapping
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from tasks.errors import CastraError, explain, gone_is_fine
from tasks.images.owned import DEPRECATED, DISABLED, STEPS, Image
from tasks.images.retiring import DEPRECATE, DEREGISTER, DISABLE, REMOVE, RESTORE, Stock, goes_along
from tasks.operation import Deed
from tasks.retry import when_released
from tasks.scope import Scope, as_list

ACTIONS = (
    "ec2:CreateTags",
    "ec2:DeleteSnapshot",
    "ec2:DeleteTags",
    "ec2:DeregisterImage",
    "ec2:DisableImage",
    "ec2:DisableImageDeprecation",
    "ec2:EnableImage",
    "ec2:EnableImageDeprecation",
)
NO_IMAGE = ("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable")
AHEAD = timedelta(minutes=2)  # AWS rounds to minutes, and takes no time that's over


def carry_out(scope: Scope, deed: Deed, stock: Stock) -> Deed:
    """Carry one deed out."""
    try:
        _carry_out(scope, deed, stock)
    except (BotoCoreError, ClientError) as error:
        raise explain(error, f"{deed.action} {deed.what}", ACTIONS) from error
    return deed


def _carry_out(scope: Scope, deed: Deed, stock: Stock) -> None:
    if deed.action == REMOVE:
        return _remove_snapshot(scope, str(deed.id))
    image = next(image for image in stock.images if image.id == deed.id)
    steps = {DEPRECATE: _deprecate, DISABLE: _disable, RESTORE: _restore}
    if deed.action == DEREGISTER:
        return _deregister(scope, image, stock)
    with gone_is_fine(*NO_IMAGE):
        return steps[deed.action](scope, image)


def _deprecate(scope: Scope, image: Image) -> None:
    """The tag first: what Castra began it can undo."""
    _tag(scope, image, {DEPRECATED: _now(scope)})
    scope.go_ahead.check()
    scope.ec2.enable_image_deprecation(ImageId=image.id, DeprecateAt=scope.now + AHEAD)


def _disable(scope: Scope, image: Image) -> None:
    """The tag first: its days are counted from it, once it's disabled."""
    _tag(scope, image, {DISABLED: _now(scope)})
    if image.state != "disabled":
        scope.go_ahead.check()
        scope.ec2.disable_image(ImageId=image.id)


def _restore(scope: Scope, image: Image) -> None:
    """The tags last: until they're gone, it is tried again. What people deprecated stays so."""
    if image.state == "disabled":
        scope.go_ahead.check()
        scope.ec2.enable_image(ImageId=image.id)
    if DEPRECATED in image.tags:
        scope.go_ahead.check()
        scope.ec2.disable_image_deprecation(ImageId=image.id)
    scope.go_ahead.check()
    scope.ec2.delete_tags(Resources=[image.id], Tags=[{"Key": step} for step in STEPS])


def _deregister(scope: Scope, image: Image, stock: Stock) -> None:
    """With the snapshots that were made for it; in one call, unless one of them has to stay."""
    going, staying = goes_along(image, stock)
    scope.go_ahead.check()
    with gone_is_fine(*NO_IMAGE):
        answer = scope.ec2.deregister_image(ImageId=image.id, DeleteAssociatedSnapshots=not staying)
        left = [
            one for one in answer.get("DeleteSnapshotResults", []) if one["ReturnCode"] not in ("success", "skipped")
        ]
        if left:
            told = ", ".join(f"{one['SnapshotId']} ({one['ReturnCode']})" for one in left)
            raise CastraError(
                image.id, f"AWS left its snapshots: {told}", "They are found when this is run again later"
            )
    for snapshot in going if staying else ():
        _remove_snapshot(scope, snapshot.id)


def _remove_snapshot(scope: Scope, id: str) -> None:
    scope.go_ahead.check()
    with gone_is_fine("InvalidSnapshot.NotFound"):
        when_released(f"{id} to be free", scope.ec2.delete_snapshot, SnapshotId=id)


def _tag(scope: Scope, image: Image, tags: Mapping[str, str]) -> None:
    scope.go_ahead.check()
    scope.ec2.create_tags(Resources=[image.id], Tags=as_list(tags))


def _now(scope: Scope) -> str:
    return f"{scope.now:%Y-%m-%dT%H:%M:%SZ}"
