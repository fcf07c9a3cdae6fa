"""Back up what a document's policies cover: each source once for each due time."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from prefect import flow

from flows.alarms import alarm
from flows.artifacts import show_operation, this_run
from flows.forms import Blueprint
from flows.perform import NARROW, perform
from tasks.backups.pace import paced
from tasks.backups.planning import plan_back_up
from tasks.backups.taking import Taker
from tasks.errors import Failed
from tasks.lease import lease
from tasks.operation import Deed, Operation
from tasks.reading import scope_of


@flow(name="back-up", flow_run_name="back up {blueprint.name}", task_runner=NARROW)
def back_up(
    blueprint: Blueprint,
    policies: tuple[str, ...] = (),
    label: str = "",
    approved: str = "",
) -> Operation:
    """Take the backups that are due, and wait until they are complete. One that fails holds up no other.

    A backup stands for the newest time at which its policy's was due: run again, nothing is taken twice, and what a
    run that was killed left undone is finished.

    Args:
        blueprint: The document with the policies: YAML, or the path of its file, such as examples/backups.yaml.
        policies: Some of them by name; all, if none is named.
        label: What this backup is called, for one by hand, beside those of the schedule; each label once.
        approved: The fingerprint of a plan that was agreed to; refused if the world has moved since.
    """
    started, scope = time.monotonic(), scope_of(blueprint)
    pace, what = paced(scope), f"Backing up {blueprint.name}"
    _ = scope.account
    with lease(scope, this_run(), of="backups"):
        due = plan_back_up(blueprint, scope, datetime.now(UTC), policies, label or None)
        planned = due.operation(blueprint.name, blueprint.region, scope.calls.summary())
        planned.refuse_unless(approved)
        show_operation(planned)
        taker = Taker(scope, due)
        try:
            perform(planned, taker.carry_out, scope, what)
        except Failed:
            if not taker.failures:
                raise
        taker.note_devices()
    taker.await_all()  # it writes nothing, and may take hours: others may back up meanwhile
    done = planned.done(taker.deeds, time.monotonic() - started, scope.calls.summary(), throttled=pace.throttled)
    show_operation(done)
    if taker.failures:
        _tell(blueprint.name, taker.failures)
        reasons = {f"{deed.action} {deed.what}": why for deed, why in taker.failures.items()}
        raise Failed(what, reasons, (), len(planned.changes) - len(reasons))
    return done


def _tell(environment: str, failures: Mapping[Deed, str]) -> None:
    """An event for each policy of which something failed."""
    by_policy: dict[str, list[str]] = {}
    for deed, why in failures.items():
        policy, _, source = deed.what.partition(" ")
        by_policy.setdefault(policy, []).append(f"{source}: {why}")
    for policy, reasons in by_policy.items():
        alarm("castra.backup.failed", environment, policy, "\n".join(reasons))
