"""The policy of `castra retire`, from its options and a blueprint."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import shell

if TYPE_CHECKING:
    from blueprints.retiring import Retiring
    from tasks.errors import Problem
    from tasks.scope import Scope


def policy_and_scope(
    asked: Mapping[str, Any], blueprint: Path | None, region: str | None
) -> tuple["Retiring", "Scope"]:
    """What is asked for, and where. Raises Invalid with all that doesn't fit."""
    from pydantic import ValidationError

    from blueprints.retiring import Retiring
    from blueprints.wording import all_in_words
    from tasks.errors import Invalid, Problem

    given = {field: value for field, value in asked.items() if value is not None and value is not False and value != []}
    problems = list(_bad_tags(given.get("tags", ())))
    given["tags"] = dict(pair.split("=", 1) for pair in given.get("tags", ()) if "=" in pair)
    if blueprint is None:
        scope = shell.scope_in(None, region)
    else:
        problems += [Problem("--region", f"{blueprint} names it", "Leave it out")] if region else []
        scope, keeps = _built_by(blueprint)
        given["only"] = tuple(given.get("only", ())) or tuple(keeps)
        given["keep_of"] = {} if "keep" in given else keeps
        problems += [] if given["only"] else [Problem("images", "it builds none", "Leave --blueprint out")]
    if problems:
        raise Invalid("castra retire", problems)
    try:
        return Retiring(**given), scope
    except ValidationError as error:
        raise Invalid("castra retire", all_in_words(error, given, Retiring)) from None


def _built_by(blueprint: Path) -> tuple["Scope", dict[str, int]]:
    """Where a blueprint's images are, and how many are kept of those that are built; the others are its parts."""
    from blueprints.retiring import built
    from tasks.reading import scope_of
    from tasks.scope import Scope

    document = shell.load(blueprint)
    own = scope_of(document)
    scope = Scope(None, own.region, account=own.expected_account, role=own.role)
    return scope, built(document.images)


def _bad_tags(pairs: Iterable[str]) -> Iterator["Problem"]:
    from tasks.errors import Problem

    for pair in pairs:
        if "=" not in pair:
            yield Problem("--tag", f"{pair!r} has no value", "Write it as key=value")
