"""The policy of `castra retire`, from its options and a blueprint."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import shell

if TYPE_CHECKING:
    from blueprints.environment import Environment
    from blueprints.retiring import Retiring
    from tasks.errors import Problem


def asked_of(
    options: Mapping[str, Any], blueprint: Path | None, region: str | None
) -> tuple["Environment | None", "Retiring", str]:
    """The document, if one is named, the policy, and the region. Raises Invalid with all that doesn't fit."""
    from pydantic import ValidationError

    from blueprints.retiring import Retiring
    from blueprints.wording import all_in_words
    from tasks.errors import Invalid, Problem

    given = {name: value for name, value in options.items() if value is not None and value is not False and value != []}
    problems = list(_bad_tags(given.get("tags", ())))
    given["tags"] = dict(pair.split("=", 1) for pair in given.get("tags", ()) if "=" in pair)
    document = shell.load(blueprint) if blueprint else None
    if document and region:
        problems.append(Problem("--region", f"{blueprint} names it", "Leave it out"))
    try:
        policy = Retiring(**given)
    except ValidationError as error:
        raise Invalid("castra retire", [*problems, *all_in_words(error, given, Retiring)]) from None
    if document and policy.of(document.images) is None:
        problems.append(Problem("images", "it builds none of these", "Leave --blueprint out"))
    if problems:
        raise Invalid("castra retire", problems)
    return document, policy, document.region if document else shell.scope_in(None, region).region


def parameters_of(policy: "Retiring") -> dict[str, Any]:
    """What of a policy was asked for, as the flow takes it."""
    asked = policy.model_dump(exclude_unset=True)
    return asked | {"tags": tuple(f"{key}={value}" for key, value in policy.tags.items())}


def _bad_tags(pairs: Iterable[str]) -> Iterator["Problem"]:
    from tasks.errors import Problem

    for pair in pairs:
        if "=" not in pair:
            yield Problem("--tag", f"{pair!r} has no value", "Write it as key=value")
