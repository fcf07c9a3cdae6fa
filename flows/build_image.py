"""Build an image beside all environments: from a snapshot, from an instance, or baked by a recipe."""

import time

from prefect import flow

from flows.artifacts import show_operation, this_run
from flows.carry_out import RUNNER
from flows.forms import Blueprint
from flows.perform import perform
from tasks.images.bases import building_scope, order_of
from tasks.images.building import build_of, plan_build, stages
from tasks.images.works import carry_out, look_at
from tasks.lease import lease
from tasks.operation import Operation


@flow(name="build-image", flow_run_name="build image {name}", task_runner=RUNNER)
def build_image(
    blueprint: Blueprint, name: str, commit: str = "", again: bool = False, approved: str = ""
) -> Operation:
    """Build the next numbered image of a name, copy and share it; nothing that it was built with is left.

    The same recipe on the same base makes no second one. Run it again after any failure: it goes on, and clears away
    what a run that was killed has left.

    Args:
        blueprint: The document that says how it's built, and where it goes: YAML, or the path of its file, such as
            examples/images.yaml.
        name: What it's called in the section `images`.
        commit: Of the repository that the recipe is in; becomes a tag.
        again: Build another one even if the same stands.
        approved: The fingerprint of the plan that somebody agreed to; if the world has moved since, nothing is done.
    """
    started, scope = time.monotonic(), building_scope(blueprint)
    region, _ = scope.region, scope.account
    with lease(scope, run := this_run(), of=f"image-{name}"):
        order = order_of(scope, blueprint, name, commit, again)
        site = look_at(scope, order)
        planned, build = plan_build(order, site, region), build_of(order, site)
        planned.refuse_unless(approved)
        done = planned
        for stage in stages(order, site, planned):
            done = perform(done, lambda deed: carry_out(scope, deed, order, build, run), scope, f"build {name}", stage)
    done = done.model_copy(update={"seconds": round(time.monotonic() - started, 3), "calls": scope.calls.summary()})
    show_operation(done)
    return done
