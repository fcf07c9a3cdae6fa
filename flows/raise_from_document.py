"""Raise a blueprint that is pasted into a form, or that is a file of the repository."""

from pathlib import Path
from typing import Annotated

from prefect import flow
from pydantic import Field

from blueprints.environment import Environment
from blueprints.lifetimes import Lifetime
from blueprints.problem import Invalid, Problem
from blueprints.reading import load, parse
from flows.spin_up import spin_up
from tasks.report import Report

LONGEST = 200_000  # characters of a document


@flow(name="raise-from-document", flow_run_name="raise from a document")
def raise_from_document(
    document: Annotated[str, Field(min_length=1, max_length=LONGEST)],
    expires_after: Lifetime | None = None,
    ask: bool = False,
) -> Report:
    """Raise an environment, or bring one up to date. Run it again after any failure: it goes on from what stands.

    Args:
        document: The blueprint as YAML text, or the path of its file in the repository that the worker has, such as
            examples/web.yaml.
        expires_after: How long it stands, such as 8h or 3d, before it ends itself; as the document says, if left empty.
        ask: Plan, then wait until somebody has answered the run's form; nothing is written before.
    """
    blueprint = environment_of(document)
    if expires_after is not None:
        blueprint = blueprint.model_copy(update={"expires_after": expires_after})
    return spin_up(blueprint, ask=ask)


def environment_of(document: str) -> Environment:
    """An environment from YAML text, or from a file below the working folder. Raises Invalid with every problem."""
    said = document.strip()
    if "\n" in said or not said.endswith((".yaml", ".yml")):
        return parse(document)
    if not Path(said).resolve().is_relative_to(Path.cwd()):
        way_out = "Name a file of the repository, such as examples/web.yaml, or paste the text"
        raise Invalid(said, [Problem("document", "it's outside of the worker's folder", way_out)])
    return load(said)
