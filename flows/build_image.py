"""Build an image beside all environments: from a snapshot, from an instance, or baked by a recipe."""

import time

from prefect import flow

from blueprints.images import BuiltImage
from flows.artifacts import show_operation, this_run
from flows.carry_out import RUNNER
from flows.perform import perform
from tasks.images.bases import order_of
from tasks.images.building import build_of, plan_build, stages
from tasks.images.works import carry_out, look_at
from tasks.lease import lease
from tasks.operation import Operation
from tasks.scope import Scope


@flow(name="build-image", flow_run_name="build image {name}", task_runner=RUNNER)
def build_image(
    name: str,
    image: BuiltImage,
    region: str,
    environment: str = "",
    tags: dict[str, str] | None = None,
    account: str | None = None,
    role: str | None = None,
    commit: str = "",
    again: bool = False,
    approved: str | None = None,
) -> Operation:
    """Build the next numbered image of a name, copy and share it; nothing that it was built with is left.

    The same recipe on the same base makes no second one. Run it again after any failure: it goes on, and clears away
    what a run that was killed has left.

    Args:
        name: What it's called; servers name it by `{built: NAME}`.
        image: How it's built, and where it goes.
        region: Where it's built.
        environment: The environment whose instances are named, if it's made of one that's named.
        tags: Your own tags.
        account: If given, checked against the credentials before anything is done.
        role: The ARN of a role to assume, for work in another account.
        commit: Of the repository that the recipe is in; becomes a tag.
        again: Build another one even if the same stands.
        approved: The fingerprint of the plan that somebody agreed to; if the world has moved since, nothing is done.
    """
    started, scope = time.monotonic(), Scope(None, region, account=account, role=role)
    _ = scope.account
    with lease(scope, run := this_run(), of=f"image-{name}"):
        order = order_of(scope, name, image, environment, tags, commit, again)
        site = look_at(scope, order)
        planned, build = plan_build(order, site, region), build_of(order, site)
        planned.refuse_unless(approved)
        done = planned
        for stage in stages(order, site, planned):
            done = perform(done, lambda deed: carry_out(scope, deed, order, build, run), scope, f"build {name}", stage)
    done = done.model_copy(update={"seconds": round(time.monotonic() - started, 3), "calls": scope.calls.summary()})
    show_operation(done)
    return done
