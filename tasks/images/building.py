"""A build of an image: what stands of it, what is to be done, and each deed. The same order again does what is left."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from blueprints.building import CopyTo
from tasks.images.availability import BROKEN, Told
from tasks.images.provenance import BUILD, IMAGE, RECIPE, REFUSED, number_of
from tasks.images.recipe import Order
from tasks.operation import KEEP, Deed, Operation
from tasks.scope import as_dict

BUILT, COPY, SHARE, TERMINATE, DEREGISTER = "build", "copy", "share", "terminate", "deregister"
GOING_ON = ("pending", "transient")


@dataclass(frozen=True)
class Site:
    """What stands of a name: its images in this region and by other regions, machines, and who may launch an image."""

    images: Sequence[Told] = ()
    machines: Sequence[Told] = ()
    elsewhere: Mapping[str, Sequence[Told]] = field(default_factory=dict)
    launchers: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Build:
    """Which build is meant: a new one, or one that stands or is under way (`image`, or what it's first made as)."""

    number: int
    image: Told | None = None
    plain: Told | None = None

    @property
    def under_way(self) -> bool:
        """Whether an earlier run has begun to make it."""
        return self.plain is not None or (self.image is not None and self.image["State"] in GOING_ON)

    @property
    def stands(self) -> bool:
        """Whether there's nothing left to be made."""
        return self.image is not None and self.image["State"] == "available"


def build_of(order: Order, site: Site) -> Build:
    """The build of an order: the newest of the same recipe and base, unless a rotation refused it or another is wanted.

    One that an earlier run has begun goes on in any case. Numbers are never used twice while an image has them.
    """
    same = [one for one in site.images if _is_same(one, order)]
    finished = {number_of(as_dict(one.get("Tags"))): one for one in same if IMAGE in as_dict(one.get("Tags"))}
    begun = {number_of(as_dict(one.get("Tags"))): one for one in same if IMAGE not in as_dict(one.get("Tags"))}
    for number in sorted({*finished, *begun}, reverse=True):
        build = Build(number, finished.get(number), begun.get(number) if number not in finished else None)
        if build.under_way or (build.stands and not order.again):
            return build
    taken = [int(match[1]) for one in site.images if (match := _numbered(order.name, one.get("Name", "")))]
    return Build(max(taken, default=0) + 1)


def plan_build(order: Order, site: Site, region: str) -> Operation:
    """What is to be done. Pure."""
    build = build_of(order, site)
    deeds = [_made(order, build, region), *_copied(order, build, site), *_shared(order, build, site, region)]
    return Operation(verb="build-image", subject=order.name, region=region, deeds=(*_left(order, build, site), *deeds))


def stages(order: Order, site: Site, planned: Operation) -> list[list[Deed]]:
    """The deeds that write, stage after stage: what's left is cleared away first, unless something is made of it."""
    clearing = [TERMINATE, DEREGISTER]
    late = build_of(order, site).under_way
    actions = [[BUILT], [COPY, *clearing], [SHARE]] if late else [clearing, [BUILT], [COPY], [SHARE]]
    staged = [[deed for deed in planned.changes if deed.action in those] for those in actions]
    return [stage for stage in staged if stage]


# ---------------------------------------------------------------------- the deeds


def _left(order: Order, build: Build, site: Site) -> Iterator[Deed]:
    """What earlier runs that were killed have left."""
    for machine in site.machines:
        id, left = str(machine["InstanceId"]), as_dict(machine.get("Tags"))[BUILD]
        why = f"left by an earlier run, which built {left}"
        yield Deed(what=f"machine {id}", action=TERMINATE, because=why, id=id)
    for image in site.images:
        tags = as_dict(image.get("Tags"))
        ours = tags.get(BUILD, "").rpartition("/")[0] == order.name
        meant = build.plain is not None and image["ImageId"] == build.plain["ImageId"]
        if ours and not meant and (IMAGE not in tags or image["State"] in BROKEN):
            why = "it failed" if image["State"] in BROKEN else "left by an earlier run"
            yield Deed(what=image["Name"], action=DEREGISTER, because=why, id=image["ImageId"])


def _made(order: Order, build: Build, region: str) -> Deed:
    what = f"{order.title(build.number)} in {region}"
    if build.image is not None and build.stands:
        why = f"built already, by the same recipe from {order.base}; --again builds another"
        return Deed(what=what, action=KEEP, because=why, id=build.image["ImageId"])
    if build.under_way:
        going = build.image or build.plain or {}
        return Deed(what=what, action=BUILT, because="an earlier run has begun it", id=going["ImageId"])
    return Deed(what=what, action=BUILT, because=_how(order))


def _how(order: Order) -> str:
    image = order.image
    if image.from_snapshot is not None:
        how = f"registered from {order.base}"
    elif image.from_instance is not None:
        how = f"made of {order.base}, {'rebooted for it' if image.from_instance.reboot else 'without a reboot'}"
    else:
        how = f"baked on {order.base}"
    return how + (", and encrypted" if image.encrypted else "")


def _copied(order: Order, build: Build, site: Site) -> Iterator[Deed]:
    for to in order.image.copies:
        there = standing_copy(site.elsewhere.get(to.region, ()), order.build(build.number))
        whole = there is not None and there["State"] == "available"
        why = "as asked for in copies" if there is None else "copied already" if whole else "it's being copied"
        id = str(there["ImageId"]) if there else None
        what = copy_in_words(order, build.number, to)
        yield Deed(what=what, action=KEEP if whole else COPY, because=why, id=id)


def _shared(order: Order, build: Build, site: Site, region: str) -> Iterator[Deed]:
    """One deed a region, for whom it isn't shared with there yet."""
    for at in (region, *(copy.region for copy in order.image.copies)):
        there = build.image if at == region else standing_copy(site.elsewhere.get(at, ()), order.build(build.number))
        having = site.launchers.get(str(there["ImageId"]), frozenset()) if there else frozenset()
        if missing := [account for account in order.image.share if account not in having]:
            what = f"{order.title(build.number)} in {at} with {', '.join(missing)}"
            yield Deed(what=what, action=SHARE, because="as asked for in share")


def copy_in_words(order: Order, number: int, to: CopyTo) -> str:
    """A copy, as its deed names it."""
    return f"{order.title(number)} in {to.region}"


def standing_copy(images: Iterable[Told], build: str) -> Told | None:
    """The image of a build among those of a region, where it's whole or will be."""
    for image in images:
        tags = as_dict(image.get("Tags"))
        if tags.get(BUILD) == build and IMAGE in tags and image["State"] in ("available", *GOING_ON):
            return image
    return None


def _is_same(image: Told, order: Order) -> bool:
    """Whether it's of the same recipe and base, good, and can be used once it's there."""
    tags: Mapping[str, Any] = as_dict(image.get("Tags"))
    ours = tags.get(BUILD, "").rpartition("/")[0] == order.name and tags.get(RECIPE) == order.digest
    return ours and REFUSED not in tags and image["State"] in ("available", *GOING_ON)


def _numbered(name: str, title: str) -> "re.Match[str] | None":
    return re.fullmatch(rf"{re.escape(name)}-(\d+)(?:-plain)?", title)
