"""What forms ask for: types of parameters that Prefect's UI shows as one field, and other systems may send.

Text that may be left out is "" and never None, for which a form would have to offer a choice of two fields.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler

from blueprints.environment import Environment
from blueprints.lifetimes import FORM, lasting
from blueprints.problem import Invalid, Problem
from blueprints.reading import build, load, parse

Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
RegionOrNone = Annotated[str, Field(pattern=r"^([a-z]{2}(-[a-z]+)+-[0-9])?$")]
Account = Annotated[str, Field(pattern=r"^([0-9]{12})?$")]
Role = Annotated[str, Field(pattern=r"^(arn:aws[a-z-]*:iam::[0-9]{12}:role/.+)?$")]


def environment_of(document: Any) -> Environment:
    """An environment from YAML text, from the path of a file below the working folder, or from an object.

    Raises Invalid with every problem.
    """
    if isinstance(document, Environment):
        return document
    if isinstance(document, Mapping):
        return build(document)
    said = str(document).strip()
    if "\n" in said or not said.endswith((".yaml", ".yml")):
        return parse(said)
    if not Path(said).resolve().is_relative_to(Path.cwd()):
        way_out = "Name a file of the repository, such as examples/web.yaml, or paste the text"
        raise Invalid(said, [Problem("document", "it's outside of the worker's folder", way_out)])
    return load(said)


def moment(text: str) -> datetime | None:
    """A moment such as `2027-01-02T18:00Z`, in UTC if no zone is named; None for "". Raises Invalid."""
    if not text:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        problem = Problem("at", f"{text!r} is no moment", "Write one such as 2027-01-02T18:00Z")
        raise Invalid("document", [problem]) from None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


class _Text:
    """A document in a schema: forms show a field of text; an object is checked as a whole document, field by field.

    `if` and `then`, and not a choice of two: of those, a server wouldn't say what is wrong in which field.
    """

    def __get_pydantic_json_schema__(self, _: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        shown = [{"type": "string", "title": "YAML or path"}, {"type": "object", "title": "Object"}]
        whole = handler(Environment.__pydantic_core_schema__)
        return {"anyOf": shown, "if": {"type": "object"}, "then": whole}


Blueprint = Annotated[Environment, BeforeValidator(environment_of), _Text()]

BlueprintOrNone = Annotated[
    Environment | Literal[""], BeforeValidator(lambda document: document and environment_of(document)), _Text()
]
"""The same, and "" where there's none."""

LifetimeOrNone = Annotated[str, Field(pattern=FORM), AfterValidator(lambda text: text and lasting(text) and text)]
"""Such as 8h or 3d; "" where there's none."""
