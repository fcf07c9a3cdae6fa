"""Retire the images that nothing reaches any more, a step at a time."""

from prefect import flow

from blueprints.environment import Environment
from blueprints.retiring import Retiring
from flows.perform import NARROW, Work, plan_and_perform
from tasks.images.stepping import carry_out
from tasks.images.stock import retired_in, retirement_in
from tasks.operation import Operation


@flow(name="retire-images", flow_run_name="retire images {region}", task_runner=NARROW)
def retire_images(
    blueprint: Environment | None = None,
    policy: Retiring | None = None,
    region: str = "",
    approved: str | None = None,
) -> Operation:
    """Deprecate, disable and deregister images that nothing reaches, with days between, and undo what was too early.

    Run it daily: each run does the steps that are due. Run it again after any failure: it goes on.

    Args:
        blueprint: The document whose built images are retired; without one, all that Castra built.
        policy: Which others are looked at, how many stay, and the days between two steps.
        region: Where, without a document.
        approved: The fingerprint of the plan that somebody agreed to; if the world has moved since, nothing is done.
    """
    scope = retired_in(blueprint, region)

    def plan() -> tuple[Operation, Work]:
        planned, stock = retirement_in(scope, blueprint, policy or Retiring())
        return planned, lambda deed: carry_out(scope, deed, stock)

    of = f"images-of-{blueprint.name}" if blueprint else "images"
    return plan_and_perform(plan, scope, f"Retiring images in {scope.region}", approved, of=of)
