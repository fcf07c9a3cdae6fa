"""What retiring looks at, read afresh: images, snapshots, what reaches them, and with whom they are shared."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from blueprints.environment import Environment
from blueprints.retiring import Retiring
from tasks.each import each
from tasks.errors import code_of, explain
from tasks.images import listing
from tasks.images.owned import images_of, snapshots_of
from tasks.images.references import Reached, reached
from tasks.images.retiring import DEPRECATE, DEREGISTER, DISABLE, REMOVE, Stock, goes_along, retirement
from tasks.operation import Deed, Operation
from tasks.scope import Scope

GONE = ("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable", "InvalidSnapshot.NotFound")


def retired_in(document: Environment | None, region: str) -> Scope:
    """Where images are retired: where a document is, or in a region."""
    if document is None:
        return Scope(None, region)
    return Scope(None, document.region, account=document.account, role=document.role)


def retirement_in(scope: Scope, document: Environment | None, policy: Retiring) -> tuple[Operation, Stock]:
    """What is due now, and the stock that it's of: the images that a document builds, or all of the region.

    The time is AWS's own, as a wrong clock would skip the days between two steps.
    """
    chosen = policy if document is None else policy.of(document.images)
    if chosen is None:
        return Operation(verb="retire", subject="images", region=scope.region), Stock()
    now = scope.now
    stock = take_stock(scope, chosen, now)
    return plan_retirement(stock, chosen, scope.region, now), stock


def take_stock(scope: Scope, policy: Retiring, now: datetime, beside: Iterable[str] = ()) -> Stock:
    """Read all of it, side by side. `beside` are other regions that images may be on their way to.

    Whom something is shared with, AWS tells one by one: it's only asked for what would be touched. Raises Unreadable.
    """
    try:
        with ThreadPoolExecutor(3, thread_name_prefix="stock") as pool:
            images = pool.submit(copy_context().run, images_of, scope, policy)
            snapshots = pool.submit(copy_context().run, snapshots_of, scope)
            listed = pool.submit(copy_context().run, listing.read, scope, tuple(beside))
        stock = Stock(images.result(), snapshots.result(), reached(listed.result(), policy.versions))
        return stock if policy.shared else dataclasses.replace(stock, reached=_with_shares(scope, stock, policy, now))
    except (BotoCoreError, ClientError) as error:
        raise explain(error, "Reading images", (*listing.ACTIONS, "ec2:DescribeImageAttribute")) from error


def plan_retirement(stock: Stock, policy: Retiring, region: str, now: datetime) -> Operation:
    """What is to be done with each image, and what that frees."""
    deeds = tuple(retirement(stock, policy, now))
    freed = sum(deed.gib or 0 for deed in deeds if deed.action in (DEREGISTER, REMOVE))
    subject = ", ".join(policy.only) or "images"
    return Operation(verb="retire", subject=subject, region=region, deeds=deeds, figures={"gib_freed": freed})


def _with_shares(scope: Scope, stock: Stock, policy: Retiring, now: datetime) -> Reached:
    """The same, with the shares of what would be touched among what reaches it."""
    deeds = retirement(stock, policy, now)
    images = [str(deed.id) for deed in deeds if deed.action in (DEPRECATE, DISABLE)]
    shares = {id: _in_words(_launchers(told)) for id, told in each(lambda id: _permissions(scope, id), images)}
    volumes = each(lambda id: _volume_permissions(scope, id), _going(deeds, stock))
    shares |= {id: _in_words(_launchers(told)) for id, told in volumes}
    return {**stock.reached, **{id: (*stock.reached.get(id, ()), why) for id, why in shares.items() if why}}


def _going(deeds: Iterable[Deed], stock: Stock) -> list[str]:
    """The snapshots that would go, alone or with their images."""
    actions = {deed.id: deed.action for deed in deeds}
    leaving = [image for image in stock.images if actions.get(image.id) == DEREGISTER]
    along = [snapshot.id for image in leaving for snapshot in goes_along(image, stock)[0]]
    return [*along, *(str(id) for id, action in actions.items() if action == REMOVE)]


def _permissions(scope: Scope, image: str) -> list[Mapping[str, Any]]:
    try:
        answer = scope.ec2.describe_image_attribute(ImageId=image, Attribute="launchPermission")
    except ClientError as error:
        if code_of(error) in GONE:
            return []
        raise
    return list(answer["LaunchPermissions"])


def _volume_permissions(scope: Scope, snapshot: str) -> list[Mapping[str, Any]]:
    try:
        answer = scope.ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
    except ClientError as error:
        if code_of(error) in GONE:
            return []
        raise
    return list(answer["CreateVolumePermissions"])


def _launchers(permissions: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for permission in permissions:
        yield "everybody" if permission.get("Group") == "all" else next(iter(map(str, permission.values())))


def _in_words(names: Iterable[str]) -> str:
    told = sorted(names)
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return f"it is shared with {', '.join(told[:3])}{more}" if told else ""
