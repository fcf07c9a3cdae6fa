"""Tags of people's own: what every service takes in them, and how many there may be."""

import re
from collections.abc import Iterator, Mapping

from blueprints.problem import Problem

OWN_TAGS = 50 - 9  # AWS's limit for one resource, without Castra's own and `Name`
IN_TAGS = r"^[\w\s.:/=+@-]*$"  # what every service takes as a tag's value; IAM takes nothing else


def fits_a_tag(value: str | None) -> str | None:
    """The value as it is. Raises ValueError with what some service doesn't take in a tag."""
    if value and not re.fullmatch(IN_TAGS, value):
        odd = ", ".join(sorted(set(re.sub(r"[\w\s.:/=+@-]", "", value))))
        raise ValueError(f"has {odd}, which IAM takes in no tag: use letters, digits, blanks and . : / = + - @")
    return value


def tag_problems(own: Mapping[str, str], together: Mapping[str, str]) -> Iterator[Problem]:
    """Of each, and of all `together`, with the owner and the purpose."""
    for key, value in own.items():
        yield from _problems_of(key, value)
    if len(listed := " ".join(together)) > 256 or len(together) > OWN_TAGS:
        why = f"there are {len(together)}, and their keys are {len(listed)} characters long together"
        yield Problem("tags", why, f"At most {OWN_TAGS}, and 256 characters, are allowed: use fewer or shorter ones")


def _problems_of(key: str, value: str) -> Iterator[Problem]:
    """AWS's limits: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html"""
    if key.lower().startswith(("castra:", "aws:")) or key == "Name":
        yield Problem(f"tags.{key}", "this key is reserved", "Choose another one")
    if not 1 <= len(key) <= 128 or len(value) > 256 or " " in key:
        yield Problem(f"tags.{key}", "a key has 1 to 128 characters and no blank, a value at most 256", "Shorten it")
