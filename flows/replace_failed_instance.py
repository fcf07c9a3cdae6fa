"""Put a new instance into a failed one's place."""

import time
from collections.abc import Sequence

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.artifacts import show_operation, this_run
from flows.carry_out import RUNNER, settle, submit, submit_removals
from flows.forms import Blueprint
from tasks.backups.handing_over import move_targets, retire
from tasks.backups.replacing import CLEAR, MOVE, RETIRE, Exchange, helper_of, plan_exchange
from tasks.backups.restoration import carried_out
from tasks.lease import lease
from tasks.operation import Deed, Operation
from tasks.progress import Event, announce, step
from tasks.reading import scope_of
from tasks.registry import KINDS
from tasks.report import Outcome
from tasks.scope import Scope
from tasks.survey import look


@flow(
    name="replace-failed-instance",
    flow_run_name="replace instance {name} of {blueprint.name}",
    task_runner=RUNNER,
)
def replace_failed_instance(
    blueprint: Blueprint,
    name: str,
    from_blueprint: bool = False,
    even_if_well: bool = False,
    approved: str = "",
) -> Operation:
    """Replace an instance that is gone, or whose status checks have failed, by one that boots from its newest backup.

    Its volumes, its address and its places in target groups go over to the new one; a volume that is gone comes back
    from the backup. The old one is stopped once the new one runs, and ended last. Run it again after any failure:
    exactly one stands.

    Args:
        blueprint: The document that the instance is in: YAML, or the path of its file, such as examples/instances.yaml.
        name: Its name in the section `instances`.
        from_blueprint: The new one boots from the blueprint's image, not from a backup.
        even_if_well: Replace it though it hasn't failed.
        approved: The fingerprint of a plan that was agreed to; refused if the world has moved since.
    """
    started, scope = time.monotonic(), scope_of(blueprint)
    with lease(scope, this_run()):
        exchange = plan_exchange(blueprint, name, scope, from_blueprint=from_blueprint, even_if_well=even_if_well)
        exchange.operation.refuse_unless(approved)
        show_operation(exchange.operation)
        deeds = _exchange(scope, exchange, f"Replacing instance {name}")
    done = exchange.operation.done(deeds, time.monotonic() - started, scope.calls.summary())
    show_operation(done)
    return done


def _exchange(scope: Scope, exchange: Exchange, what: str) -> tuple[Deed, ...]:
    """One after the other: the old one retired, the new one up, the targets over, the old one ended."""
    if exchange.plan is None:
        return ()
    done = [_retire(scope, deed, exchange) for deed in _of(exchange, RETIRE)]
    outcomes: list[Outcome] = settle(submit(exchange.plan, scope), what)
    new = next((one.id for one in outcomes if one.part == f"instance/{exchange.name}"), None)
    new = new or exchange.plan.ids[f"instance/{exchange.name}"]
    done += [_move(scope, deed, new) for deed in _of(exchange, MOVE)]
    removed: list[Outcome] = settle(submit_removals(exchange.plan, scope), what)
    done += carried_out(exchange.operation, outcomes)
    ended = {outcome.id: outcome for outcome in removed}
    done += [
        deed.model_copy(update={"seconds": ended[deed.id].seconds})
        for deed in exchange.operation.deeds
        if deed.action == "delete" and deed.id in ended
    ]
    return (*done, *(_clear(scope, deed, exchange.name) for deed in _of(exchange, CLEAR)))


def _of(exchange: Exchange, action: str) -> Sequence[Deed]:
    return [deed for deed in exchange.operation.deeds if deed.action == action]


@task(name="retire", task_run_name="{deed.action} {deed.what}", cache_policy=NO_CACHE)
def _retire(scope: Scope, deed: Deed, exchange: Exchange) -> Deed:
    started, (old,) = time.monotonic(), [one for one in exchange.old if one.id == deed.id]
    with step(f"{deed.action} {deed.what}"):
        retire(scope, old)
    return _told(deed, started)


@task(name="move targets", task_run_name="{deed.action} {deed.what}", cache_policy=NO_CACHE)
def _move(scope: Scope, deed: Deed, new: str) -> Deed:
    started = time.monotonic()
    with step(f"{deed.action} {deed.what}"):
        moved = move_targets(scope, str(deed.id), new)
    because = f"{moved} place{'' if moved == 1 else 's'} in target groups"
    return _told(deed.model_copy(update={"because": because, "id": new}), started)


@task(name="clear", task_run_name="{deed.action} {deed.what}", cache_policy=NO_CACHE)
def _clear(scope: Scope, deed: Deed, name: str) -> Deed:
    """Deregister the image that the new one booted from, if it was made for that only; the snapshot is the backup's."""
    started, kind = time.monotonic(), KINDS["image"]
    with step(f"{deed.action} {deed.what}"):
        for one in look(scope, kind, helper_of(name)):
            scope.go_ahead.check()
            kind.delete(scope, one.id)
    return _told(deed, started)


def _told(deed: Deed, started: float) -> Deed:
    seconds = round(time.monotonic() - started, 3)
    announce(Event("done", f"{deed.action} {deed.what}", deed.id or "", seconds))
    return deed.model_copy(update={"seconds": seconds})
