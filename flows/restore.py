"""Restore a backup: an instance with its volumes, a volume, a database or a cache, beside the old one or elsewhere."""

import time

from prefect import flow

from flows.artifacts import show_operation, this_run
from flows.carry_out import RUNNER, carry_out
from flows.forms import Account, Region, Role, moment
from tasks.backups.restoration import carried_out, plan_restore, within
from tasks.backups.restoring import Wish
from tasks.lease import lease
from tasks.operation import Operation
from tasks.scope import Scope


@flow(name="restore", flow_run_name="restore {what} of {environment}", task_runner=RUNNER)
def restore(
    environment: str,
    region: Region,
    what: str,
    at: str = "",
    backup: str = "",
    device: str = "",
    into: str = "",
    where_it_was: bool = False,
    instance_type: str = "",
    zone: str = "",
    account: Account = "",
    role: Role = "",
    approved: str = "",
) -> Operation:
    """Restore the newest backup, or one of them, as parts that `castra show` shows and `castra down` strikes.

    What it is a backup of is left as it is. Run it again after any failure: it goes on, and makes nothing twice.

    Args:
        environment: Whose backup it is: the name of the document with the policy.
        region: Where the backup is; copies are restored in their own region.
        what: What it is a backup of: a part such as `instance/db` or `replication-group/sessions`, or an id in AWS.
        at: The newest backup of a time up to this one is taken; the newest of all, if
            left empty. Such as 2027-01-02T18:00Z; in UTC, if no zone is named.
        backup: Or the backup with this id, or of this slot.
        device: Only the volume of this device, such as `/dev/sdf`.
        into: Another environment, by name, with a network of its own; the same environment, if left empty.
        where_it_was: In another environment: in the subnet and the groups of the source even so.
        instance_type: Another type than the source had: of instances, a database's class, a cache's node type.
        zone: Another zone than the source was in.
        account: If given, checked against the credentials before anything is done.
        role: The ARN of a role to assume, for work in another account.
        approved: The fingerprint of a plan that was agreed to; refused if the world has moved since.
    """
    started, scope = time.monotonic(), Scope(environment, region, account=account, role=role)
    wish = Wish(what, moment(at), backup or None, device or None, into or None, where_it_was, instance_type, zone)
    with lease(within(scope, into or environment), this_run()) as held:
        scope.go_ahead = held
        planned = plan_restore(scope, wish)
        planned.operation.refuse_unless(approved)
        show_operation(planned.operation)
        outcomes = carry_out(planned.plan, planned.scope, f"Restoring {what}")
    deeds = carried_out(planned.operation, outcomes)
    done = planned.operation.done(deeds, time.monotonic() - started, planned.scope.calls.summary())
    show_operation(done)
    return done
