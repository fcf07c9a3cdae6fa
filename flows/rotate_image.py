"""Give groups of servers a new image, without a moment below their capacity; a bad one is taken back."""

import time
from datetime import UTC, datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.alarms import alarm
from flows.artifacts import show_operation, this_run
from flows.forms import Blueprint
from tasks.errors import CastraError
from tasks.images.rolling import Rolled, Rolling
from tasks.images.rotation import Standing, begin, plan_rotation, standing
from tasks.lease import lease
from tasks.operation import KEEP, Deed, Operation
from tasks.progress import Event, announce, step
from tasks.reading import scope_of
from tasks.scope import Scope


@flow(name="rotate-image", flow_run_name="rotate images of {blueprint.name}")
def rotate_image(blueprint: Blueprint, servers: tuple[str, ...] = (), image: str = "", approved: str = "") -> Operation:
    """Replace the instances of groups by those of a new image, group after group, each gated on its health.

    Blocks until all is settled. If the image is bad, the group goes back to the version before, and the run fails with
    the reason. Run it again after any failure: it goes on, forth or back.

    Args:
        blueprint: The environment: YAML, or the path of its file, such as examples/rotation.yaml.
            `servers.<name>.rotation` says how, `servers.<name>.image` to what.
        servers: Names of the groups; all of them, if none is named.
        image: An image's id, instead of what the blueprint's mean now.
        approved: The fingerprint of the plan that somebody agreed to; if the world has moved since, nothing is done.
    """
    started, scope = time.monotonic(), scope_of(blueprint)
    _ = scope.account
    with lease(scope, this_run()):
        found = standing(blueprint, scope, servers, image or None)
        planned = plan_rotation(blueprint.name, scope.region, found)
        planned.refuse_unless(approved)
        ended: list[Deed] = []
        figures: dict[str, float | int | str] = {}
        try:
            for one in found:
                if not one.settled:
                    rolled = _rotate(scope, one)
                    ended += _deeds(one, rolled, planned)
                    figures |= told(one, rolled)
                    _refuse_bad(blueprint.name, one, rolled)
        finally:
            done = planned.done(tuple(ended), time.monotonic() - started, scope.calls.summary(), **figures)
            show_operation(done)
    return done


@task(name="rotate", task_run_name="rotate {one.what}", cache_policy=NO_CACHE)
def _rotate(scope: Scope, one: Standing) -> Rolled:
    """One group, from wherever it stands to a settled end."""
    what = f"rotate {one.what}"
    with step(what):
        begin(scope, one, datetime.now(UTC))
        rolled = Rolling(scope, one.group.name, one.settings, one.port).run()
    record = rolled.record
    announce(Event("done", what, f"on version {record.old if record.verdict else record.new}", rolled.seconds))
    return rolled


def told(one: Standing, rolled: Rolled) -> dict[str, float | int | str]:
    """The figures of one group's rotation."""
    figures: dict[str, float | int | str] = {f"{one.servers}: least in service": rolled.lowest}
    if rolled.verdict_seconds is not None:
        figures[f"{one.servers}: seconds to the verdict"] = round(rolled.verdict_seconds, 1)
    return figures | {f"{one.servers}: times that servers were added": rolled.batches}


def _deeds(one: Standing, rolled: Rolled, planned: Operation) -> list[Deed]:
    """What became of the group and of the instances that were to be replaced."""
    record, ended = rolled.record, frozenset(rolled.ended)
    way = f"back on version {record.old}: {record.verdict}" if record.verdict else f"on version {record.new}"
    deeds = [Deed(what=one.what, action="rotate", because=way, id=one.group.name, seconds=round(rolled.seconds, 3))]
    for deed in planned.deeds:
        if deed.what.startswith(f"{one.what} ") and deed.action != KEEP and deed.id not in ended and record.verdict:
            deeds.append(deed.model_copy(update={"action": KEEP}))
    return deeds


def _refuse_bad(environment: str, one: Standing, rolled: Rolled) -> None:
    """Raise CastraError where the image was found bad, and tell it by an event."""
    record = rolled.record
    if not record.verdict:
        return
    took = "" if rolled.verdict_seconds is None else f", {rolled.verdict_seconds:.1f} s after the first was started"
    why = (
        f"image {record.image} is bad: {record.verdict}{took}. "
        f"It is back on version {record.old}, with the capacity that stood"
    )
    alarm("castra.image.refused", environment, one.servers, why, image=record.image)
    raise CastraError(one.what, why, "Mend the image, or name another one by --image, and rotate again")
