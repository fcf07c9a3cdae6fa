"""Where an image comes from: the tags that say so, and which one of a name is the newest good one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tasks.scope import Scope, as_dict

IMAGE = "castra:image"  # the name it was built under
REFUSED = "castra:refused"  # when a rotation found it bad
BUILD = "castra:build"  # <name>/<number>: on all that a build makes, the machine that it's baked on too
BASE = "castra:provenance-base"  # the image, instance or snapshot that it's made of
RECIPE = "castra:provenance-recipe"  # a digest of how
COMMIT = "castra:provenance-commit"  # of the repository that the recipe is in, if it was given
BUILT_BY = "castra:provenance-built-by"  # the flow run


def built_images(scope: Scope, lookups: Sequence[str]) -> dict[str, str]:
    """Each lookup `built-image:NAME` with the id of its newest good image; one call for all. None for one without."""
    if not lookups:
        return {}
    names = [lookup.partition(":")[2] for lookup in lookups]
    filters = [{"Name": f"tag:{IMAGE}", "Values": names}, {"Name": "state", "Values": ["available"]}]
    told = list(scope.pages("ec2", "describe_images", "Images", Owners=["self"], Filters=filters))
    found = {name: newest(told, name) for name in names}
    return {f"built-image:{name}": str(image["ImageId"]) for name, image in found.items() if image}


def newest(images: Iterable[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """The newest good one of a name among images as AWS tells them: available, and refused by no rotation. Pure."""
    good = [image for image in images if image["State"] == "available" and is_good(as_dict(image.get("Tags")), name)]
    return max(good, key=order, default=None)


def is_good(tags: Mapping[str, str], name: str) -> bool:
    """Whether tags are those of a good image of a name."""
    return tags.get(IMAGE) == name and REFUSED not in tags


def built_under(tags: Mapping[str, str]) -> str:
    """The name that Castra built or was building something under; empty for anything else."""
    return tags.get(IMAGE) or tags.get(BUILD, "").rpartition("/")[0]


def order(image: Mapping[str, Any]) -> tuple[str, int, str]:
    """By age. AWS tells whole seconds, so that of two of one second the one of the higher number is the newer."""
    return image["CreationDate"], number_of(as_dict(image.get("Tags"))), image["ImageId"]


def number_of(tags: Mapping[str, str]) -> int:
    """Which build of its name it is; 0 where it's none."""
    number = tags.get(BUILD, "").rpartition("/")[2]
    return int(number) if number.isdigit() else 0
