"""Prune: remove the backups that no policy wants any more."""

import time
from datetime import UTC, datetime

from prefect import flow

from flows.alarms import alarm
from flows.artifacts import show_coverage, show_operation, this_run
from flows.forms import Blueprint
from flows.perform import NARROW, perform
from tasks.backups.coverage import late
from tasks.backups.disks import GIB_MONTH
from tasks.backups.pace import paced
from tasks.backups.pruning import plan_pruning, remove
from tasks.lease import lease
from tasks.operation import Operation
from tasks.reading import scope_of


@flow(name="prune-backups", flow_run_name="prune backups of {blueprint.name}", task_runner=NARROW)
def prune_backups(blueprint: Blueprint, price: float = GIB_MONTH, approved: str = "") -> Operation:
    """Remove what no tier wants: never the last good backup of anything, nor one that something still uses.

    Backups of policies that are gone from the document age by the calendar. Where something has no backup as new as it
    should, the event `castra.backup.late` tells it. Run it again after any failure: it goes on.

    Args:
        blueprint: The document with the policies: YAML, or the path of its file, such as examples/backups.yaml.
        price: US dollars for a GiB-month of EBS snapshots, for the figures.
        approved: The fingerprint of a plan that was agreed to; refused if the world has moved since.
    """
    started, scope = time.monotonic(), scope_of(blueprint)
    pace = paced(scope)
    _ = scope.account
    with lease(scope, this_run(), of="backups"):
        pruning = plan_pruning(blueprint, scope, datetime.now(UTC), price)
        pruning.operation.refuse_unless(approved)
        show_operation(pruning.operation)
        done = perform(
            pruning.operation,
            lambda deed: remove(scope, deed, pruning.going[deed.what]),
            scope,
            f"Pruning backups of {blueprint.name}",
        )
    seconds = round(time.monotonic() - started, 3)
    done = done.model_copy(update={"seconds": seconds, "figures": done.figures | {"throttled": pace.throttled}})
    show_operation(done)
    show_coverage(blueprint.name, pruning.coverage)
    for policy, reasons in late(pruning.coverage).items():
        alarm("castra.backup.late", blueprint.name, policy, "\n".join(reasons))
    return done
