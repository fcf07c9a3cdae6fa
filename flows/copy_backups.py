"""Copy backups to other regions, and share them with other accounts, as their policies ask for it."""

from datetime import UTC, datetime

from prefect import flow

from flows.carry_out import RUNNER
from flows.forms import Blueprint
from flows.perform import Work, plan_and_perform
from tasks.backups.copies import plan_copies
from tasks.backups.pace import paced
from tasks.backups.sending import Courier
from tasks.operation import Operation
from tasks.reading import scope_of


@flow(name="copy-backups", flow_run_name="copy backups of {blueprint.name}", task_runner=RUNNER)
def copy_backups(blueprint: Blueprint, policies: tuple[str, ...] = (), approved: str = "") -> Operation:
    """Copy what has no copy yet where a policy wants one, and share it; waits until the copies are complete.

    At most 20 copies to a region are under way at once. Run it again after any failure: it goes on.

    Args:
        blueprint: The document with the policies: YAML, or the path of its file, such as examples/backups.yaml.
        policies: Some of them by name; all, if none is named.
        approved: The fingerprint of a plan that was agreed to; refused if the world has moved since.
    """
    scope = scope_of(blueprint)
    paced(scope)

    def plan() -> tuple[Operation, Work]:
        planned, copies = plan_copies(blueprint, scope, datetime.now(UTC), policies)
        return planned, Courier(scope, copies.wanted).carry_out

    return plan_and_perform(plan, scope, f"Copying backups of {blueprint.name}", approved, of="backups")
