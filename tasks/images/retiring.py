"""What is to be done with each image: stay, with the reason, or the next step of its retirement. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from blueprints.retiring import Retiring
from tasks.images.owned import STEPS, Image, Snapshot
from tasks.images.provenance import IMAGE, built_under
from tasks.images.references import Reached
from tasks.operation import KEEP, Deed
from tasks.scope import ENVIRONMENT, PART

DEPRECATE, DISABLE, DEREGISTER, RESTORE, REMOVE = "deprecate", "disable", "deregister", "restore", "remove"
MAKING = ("pending", "transient")
MOST_NAMED = 3  # reasons that are told of one image; the others are counted


@dataclass(frozen=True)
class Stock:
    """The account's own images and snapshots, and what reaches them."""

    images: Sequence[Image] = ()
    snapshots: Sequence[Snapshot] = ()
    reached: Reached = field(default_factory=dict)


def retirement(stock: Stock, policy: Retiring, now: datetime) -> list[Deed]:
    """A deed for every image that the policy is about, and for every snapshot whose image is gone."""
    newest = newest_of(stock.images, policy)
    deeds = [_verdict(image, stock, newest, policy, now) for image in stock.images if image.family]
    return [*deeds, *_loose(stock, policy, now)]


def newest_of(images: Iterable[Image], policy: Retiring) -> frozenset[str]:
    """The newest of each name, so many as the policy keeps; none that a rotation found bad, or that can't be used."""
    families: defaultdict[str, list[Image]] = defaultdict(list)
    for image in images:
        usable = image.state == "available" or (image.state == "disabled" and image.disabled)
        if image.family and usable and not image.refused:
            families[image.family].append(image)
    return frozenset(
        image.id
        for name, several in families.items()
        for image in sorted(several, key=lambda one: one.order, reverse=True)[: policy.kept_of(name)]
    )


def goes_along(image: Image, stock: Stock) -> tuple[list[Snapshot], dict[str, str]]:
    """The snapshots that go with an image, and those that stay after it with the reason.

    Only what was made for it goes: it may have been registered from a snapshot that is somebody's backup.
    """
    known = {snapshot.id: snapshot for snapshot in stock.snapshots}
    going, staying = [], {}
    for snapshot in (known[id] for id in image.snapshots if id in known):
        if why := _stays(snapshot, image, stock):
            staying[snapshot.id] = why
        else:
            going.append(snapshot)
    return going, staying


# ---------------------------------------------------------------------- images


def _verdict(image: Image, stock: Stock, newest: frozenset[str], policy: Retiring, now: datetime) -> Deed:
    holds = list(_holds(image, stock.reached, newest, policy, now))
    if holds:
        undo = image.state not in MAKING and any(step in image.tags for step in STEPS)
        return _deed(image, RESTORE if undo else KEEP, _in_words(holds))
    action, why = _next_step(image, policy, now)
    if action != DEREGISTER:
        return _deed(image, action, why)
    going, staying = goes_along(image, stock)
    left = "".join(f"; {id} stays: {reason}" for id, reason in staying.items())
    return _deed(image, action, why + left, sum(snapshot.gib for snapshot in going))


def _holds(image: Image, reached: Reached, newest: frozenset[str], policy: Retiring, now: datetime) -> Iterator[str]:
    """Every reason for an image to stay."""
    if image.state in MAKING:
        yield "it is being made"
    yield from reached.get(image.id, ())
    if PART in image.tags:
        yield f"it is {image.tags[PART]} of {image.tags.get(ENVIRONMENT, '')}"
    if image.id in newest:
        kept = policy.kept_of(image.family)
        yield f"it is {'the newest' if kept == 1 else f'among the newest {kept}'} of {image.family}"
    if image.public and not policy.shared:
        yield "it is shared with everybody"
    if image.protected:
        yield "it is protected from being deregistered"
    for moment, what in ((image.created, "made"), (image.launched, "last launched")):
        if moment and now < moment + timedelta(days=policy.days):
            yield f"it was {what} on {moment:%Y-%m-%d}, less than {policy.days} days ago"


def _next_step(image: Image, policy: Retiring, now: datetime) -> tuple[str, str]:
    """What comes next for an image that nothing reaches, or until when nothing does."""
    pause = timedelta(days=policy.days)
    if image.state not in ("available", "disabled"):
        return DEREGISTER, f"it is {image.state}, and can't be launched"
    if image.state == "disabled":
        if image.disabled is None:
            return DISABLE, "nothing reaches it, and somebody disabled it: its days are counted from now"
        return _when(image.disabled + pause, now, DEREGISTER, f"disabled since {image.disabled:%Y-%m-%d}")
    if image.deprecated is None:
        return DEPRECATE, "nothing reaches it"
    return _when(image.deprecated + pause, now, DISABLE, f"deprecated since {image.deprecated:%Y-%m-%d}")


def _when(due: datetime, now: datetime, action: str, since: str) -> tuple[str, str]:
    if now < due:
        return KEEP, f"nothing reaches it, {since}; {action} from {due:%Y-%m-%d %H:%M} on"
    return action, f"nothing reaches it, {since}"


def _in_words(holds: Sequence[str]) -> str:
    more = f" and {len(holds) - MOST_NAMED} more" if len(holds) > MOST_NAMED else ""
    return ", ".join(holds[:MOST_NAMED]) + more


def _deed(image: Image, action: str, because: str, gib: int | None = None) -> Deed:
    return Deed(what=image.name or image.id, action=action, because=because, id=image.id, gib=gib)


# ---------------------------------------------------------------------- snapshots


def _stays(snapshot: Snapshot, image: Image, stock: Stock) -> str:
    """Why a snapshot stays when its image goes; empty where it goes along."""
    if snapshot.spoken_for:
        return snapshot.spoken_for
    if snapshot.id in _stood_on(one for one in stock.images if one.id != image.id):
        return "another image stands on it"
    if whys := stock.reached.get(snapshot.id):
        return _in_words(whys)
    made_for_it = snapshot.image == image.id or (IMAGE in image.tags and snapshot.tags.get(IMAGE) == image.tags[IMAGE])
    return "" if made_for_it else "it wasn't made for this image"


def _loose(stock: Stock, policy: Retiring, now: datetime) -> Iterator[Deed]:
    """Snapshots that were made for an image which is gone, and that no image stands on."""
    standing, stood_on = {image.id for image in stock.images}, _stood_on(stock.images)
    for snapshot in stock.snapshots:
        bereft = snapshot.id not in stood_on and snapshot.image not in standing
        if bereft and not snapshot.spoken_for and _concerns(snapshot, policy):
            yield _verdict_on_loose(snapshot, stock.reached, policy, now)


def _concerns(snapshot: Snapshot, policy: Retiring) -> bool:
    """Whether it was made for an image that the policy could be about."""
    if name := built_under(snapshot.tags):
        return not policy.only or name in policy.only
    return bool(snapshot.image) and not policy.only


def _verdict_on_loose(snapshot: Snapshot, reached: Reached, policy: Retiring, now: datetime) -> Deed:
    gone = f"its image {snapshot.image or built_under(snapshot.tags)} is gone"
    due = snapshot.started + timedelta(days=policy.loose_days)
    action = KEEP
    if whys := reached.get(snapshot.id, ()):
        gone = _in_words(whys)
    elif not built_under(snapshot.tags) and not policy.loose:
        gone += ", but Castra hasn't built that one: it goes if loose ones are asked for"
    elif now < due:
        gone += f"; it goes from {due:%Y-%m-%d} on"
    else:
        action = REMOVE
    return Deed(what=f"snapshot {snapshot.id}", action=action, because=gone, id=snapshot.id, gib=snapshot.gib)


def _stood_on(images: Iterable[Image]) -> set[str]:
    return {id for image in images for id in image.snapshots}
