"""Retire the images that nothing reaches any more, a step at a time."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from blueprints.problem import Invalid, Problem
from blueprints.retiring import Retiring
from flows.forms import BlueprintOrNone, RegionOrNone
from flows.perform import NARROW, Work, plan_and_perform
from tasks.images.stepping import carry_out
from tasks.images.stock import retired_in, retirement_in
from tasks.operation import Operation

Count = Annotated[int, Field(ge=0)]
Tag = Annotated[str, Field(pattern="^[^=]+=")]


@flow(name="retire-images", flow_run_name="retire images {region}", task_runner=NARROW)
def retire_images(
    blueprint: BlueprintOrNone = "",
    region: RegionOrNone = "",
    only: tuple[str, ...] = (),
    keep: Count = 0,
    days: Count = 14,
    versions: Count = 1,
    names: tuple[str, ...] = (),
    tags: tuple[Tag, ...] = (),
    shared: bool = False,
    loose: bool = False,
    loose_days: Count = 30,
    approved: str = "",
) -> Operation:
    """Deprecate, disable and deregister images that nothing reaches, with days between, and undo what was too early.

    Run it daily: each run does the steps that are due. Run it again after any failure: it goes on.

    Args:
        blueprint: The document whose built images are retired: YAML, or the path of its file; all that Castra built
            in a region, if left empty.
        region: That region, such as `eu-west-1`; a document says its own.
        only: Only images that were built under these names.
        keep: So many of the newest of each name stay, whatever reaches them; as the document says, or 3, if 0.
        days: Days between two steps; younger images, and those launched within, stay.
        versions: Versions of a launch template before each that is in use: kept for rolling back.
        names: Other images of one's own as well, by patterns of their names, such as app-*.
        tags: Other images of one's own as well: those with all these, each as key=value.
        shared: Whether images that are shared with others go, too: they'd lose them at once.
        loose: Whether snapshots whose image is gone go, too, where Castra built no such image.
        loose_days: How old such a snapshot must be, in days.
        approved: The fingerprint of the plan that somebody agreed to; if the world has moved since, nothing is done.
    """
    if not (blueprint or region):
        raise Invalid("retire-images", [Problem("region", "is missing, and no blueprint says it", "Name one of both")])
    which = {"only": only, "names": names, "tags": dict(pair.split("=", 1) for pair in tags)}
    how = {"days": days, "versions": versions, "shared": shared, "loose": loose, "loose_days": loose_days}
    own = {"keep": keep} if keep else {}  # else a document's own numbers count
    document, policy = blueprint or None, Retiring(**which, **how, **own)
    scope = retired_in(document, region)

    def plan() -> tuple[Operation, Work]:
        planned, stock = retirement_in(scope, document, policy)
        return planned, lambda deed: carry_out(scope, deed, stock)

    of = f"images-of-{document.name}" if document else "images"
    return plan_and_perform(plan, scope, f"Retiring images in {scope.region}", approved, of=of)
