"""The deeds of a build, carried out, and the site they find. Each looks first whether it's done already."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from blueprints.building import CopyTo
from tasks.compute.commands import ACTIONS as COMMANDS
from tasks.compute.image import ImageState, registration
from tasks.each import each
from tasks.errors import explain
from tasks.images import building
from tasks.images.availability import Told, await_image, drop_image, made_once, ours, tagged
from tasks.images.baking import bake, machines, terminate
from tasks.images.building import Build, Site, copy_in_words, standing_copy
from tasks.images.provenance import BUILD
from tasks.images.recipe import Order
from tasks.operation import Deed
from tasks.scope import COPY_OF, Scope

ACTIONS = (
    "ec2:CopyImage",
    "ec2:CreateImage",
    "ec2:CreateTags",
    "ec2:DeleteSnapshot",
    "ec2:DeregisterImage",
    "ec2:DescribeImageAttribute",
    "ec2:DescribeImages",
    "ec2:DescribeInstances",
    "ec2:DescribeSnapshots",
    "ec2:ModifyImageAttribute",
    "ec2:RegisterImage",
    "ec2:RunInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
    "iam:PassRole",
    *COMMANDS,
)


def look_at(scope: Scope, order: Order) -> Site:
    """What stands of an order's name, here and where it's copied to. Raises Unreadable."""
    regions = [scope.region, *(copy.region for copy in order.image.copies)]
    try:
        images = dict(each(lambda region: _images(scope, order, region), regions))
        left = machines(scope, f"{order.name}/*")
        shared = _launchers(scope, images) if order.image.share else {}
    except (BotoCoreError, ClientError) as error:
        raise explain(error, f"Reading what stands of image {order.name}", ACTIONS) from error
    elsewhere = {region: told for region, told in images.items() if region != scope.region}
    return Site(images[scope.region], left, elsewhere, shared)


def carry_out(scope: Scope, deed: Deed, order: Order, build: Build, by: str) -> Deed:
    """Carry one deed out, and give it with the id of what came out of it. `by` is the run."""
    try:
        return deed.model_copy(update={"id": _carried_out(scope, deed, order, build, by)})
    except (BotoCoreError, ClientError) as error:
        raise explain(error, f"{deed.action} {deed.what}", ACTIONS) from error


def _carried_out(scope: Scope, deed: Deed, order: Order, build: Build, by: str) -> str | None:
    match deed.action:
        case building.BUILT:
            return _build(scope, order, build.number, by)
        case building.COPY:
            to = next(to for to in order.image.copies if copy_in_words(order, build.number, to) == deed.what)
            return _copy(scope, order, build.number, to, by)
        case building.SHARE:
            return _share(scope, order, build.number, deed.what.split(" with ")[0].rpartition(" in ")[2])
        case building.TERMINATE:
            scope.go_ahead.check()
            terminate(scope, str(deed.id))
        case _:
            drop_image(scope, str(deed.id))
    return deed.id


# ---------------------------------------------------------------------- made


def _build(scope: Scope, order: Order, number: int, by: str) -> str:
    """The id of the image, once it's available, with nothing left that was there for it only."""
    title, plain, tags = order.title(number), order.plain(number), order.provenance(number, by)
    there = ours(scope, title, order.build(number))
    if there is None and not order.image.encrypted:
        id = _make(scope, order, title, order.passing(number), tags)
    elif there is None:
        begun = ours(scope, plain, order.build(number))
        first = str(begun["ImageId"]) if begun else _make(scope, order, plain, order.passing(number), {})
        await_image(scope, first, plain)
        id = _encrypted(scope, order, first, title, tags)
    else:
        id = str(there["ImageId"])
    await_image(scope, id, title)
    if begun_as := ours(scope, plain, order.build(number)):
        drop_image(scope, str(begun_as["ImageId"]))
    terminate(scope, *(str(one["InstanceId"]) for one in machines(scope, order.build(number))))
    return id


def _make(scope: Scope, order: Order, title: str, passing: Mapping[str, str], tags: Mapping[str, str]) -> str:
    """Make it in its own way. Without tags of its own it's there only in passing."""
    image, own = order.image, tags or {**passing, "Name": title}
    if image.bake is not None:
        return bake(scope, image.bake, order.base, title, passing, own)
    if image.from_instance is not None:
        still = {"InstanceId": order.base, "NoReboot": not image.from_instance.reboot}
        asked = {**still, "TagSpecifications": tagged(own, "image", "snapshot")}
        return made_once(scope, title, own, lambda **named: scope.ec2.create_image(**asked, **named))
    said = registration(_registered(order)) | {"TagSpecifications": tagged(own, "image")}
    return made_once(scope, title, own, lambda **named: scope.ec2.register_image(**said, **named))


def _registered(order: Order) -> ImageState:
    """What a snapshot is registered as."""
    made = order.image.from_snapshot
    assert made is not None
    return ImageState(
        snapshot=order.base,
        architecture=made.architecture,
        boot_mode=made.boot_mode or "",
        ena=made.ena,
        root_device=made.root_device,
    )


def _encrypted(scope: Scope, order: Order, source: str, title: str, tags: Mapping[str, str]) -> str:
    """A copy of it, encrypted."""
    key = {"KmsKeyId": order.image.kms_key} if order.image.kms_key else {}
    asked: dict[str, Any] = {"SourceImageId": source, "SourceRegion": scope.region, "Encrypted": True, **key}
    asked |= {"ClientToken": scope.token(title, source), "TagSpecifications": tagged(tags, "image", "snapshot")}
    return made_once(scope, title, tags, lambda **named: scope.ec2.copy_image(**asked, **named))


# ---------------------------------------------------------------------- copied and shared


def _copy(scope: Scope, order: Order, number: int, to: CopyTo, by: str) -> str:
    """The id of the copy, once it's available."""
    title, ec2 = order.title(number), scope.client("ec2", region=to.region)
    there = ours(scope, title, order.build(number), to.region)
    if there is None:
        source = str(_standing(scope, order, number, scope.region)["ImageId"])
        tags = order.provenance(number, by) | {COPY_OF: f"{scope.region}/{source}"}
        secret = {"Encrypted": True} if order.image.encrypted or to.kms_key else {}
        asked: dict[str, Any] = {"SourceImageId": source, "SourceRegion": scope.region, **secret}
        asked |= {"KmsKeyId": to.kms_key} if to.kms_key else {}
        asked |= {"TagSpecifications": tagged(tags, "image", "snapshot")}
        id = made_once(scope, title, tags, lambda **named: ec2.copy_image(**asked, **named), to.region)
    else:
        id = str(there["ImageId"])
    await_image(scope, id, f"{title} in {to.region}", to.region)
    return id


def _share(scope: Scope, order: Order, number: int, region: str) -> str:
    """Let the accounts launch it; saying so again changes nothing."""
    id = str(_standing(scope, order, number, region)["ImageId"])
    scope.go_ahead.check()
    added = {"Add": [{"UserId": account} for account in order.image.share]}
    scope.client("ec2", region=region).modify_image_attribute(ImageId=id, LaunchPermission=added)
    return id


def _standing(scope: Scope, order: Order, number: int, region: str) -> Told:
    """The image of a build in a region, which stands by now."""
    there = standing_copy(_images(scope, order, region), order.build(number))
    assert there is not None, f"{order.title(number)} doesn't stand in {region}"
    return there


def _images(scope: Scope, order: Order, region: str) -> list[Told]:
    """All own images whose names begin like it, the retired ones too."""
    asked: dict[str, Any] = {"Owners": ["self"], "Filters": [{"Name": "name", "Values": [f"{order.name}-*"]}]}
    asked |= {"IncludeDisabled": True, "IncludeDeprecated": True}
    return list(scope.pages("ec2", "describe_images", "Images", region=region, **asked))


def _launchers(scope: Scope, images: Mapping[str, list[Told]]) -> dict[str, frozenset[str]]:
    """Who may launch each image that's good for it, which AWS tells one by one."""
    places = [(region, str(one["ImageId"])) for region, told in images.items() for one in told if _usable(one)]
    return {id: accounts for (_, id), accounts in each(lambda place: _accounts(scope, *place), places)}


def _usable(image: Told) -> bool:
    return image["State"] == "available" and any(tag["Key"] == BUILD for tag in image.get("Tags", []))


def _accounts(scope: Scope, region: str, id: str) -> frozenset[str]:
    ec2 = scope.client("ec2", region=region)
    told = ec2.describe_image_attribute(ImageId=id, Attribute="launchPermission")["LaunchPermissions"]
    return frozenset(one["UserId"] for one in told if "UserId" in one)
