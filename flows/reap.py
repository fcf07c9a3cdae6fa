"""Strike the environments whose time is over, from tags alone."""

import time
from datetime import timedelta
from typing import Any

from prefect import flow

from blueprints.lifetimes import Lifetime, lasting
from flows.alarms import Happening, environment_event
from flows.artifacts import show_operation
from flows.carry_out import RUNNER
from flows.forms import Account, Region, Role
from flows.perform import perform
from flows.tear_down import tear_down
from tasks.errors import Moved
from tasks.expiry import as_tag, in_words
from tasks.operation import KEEP, Deed, Operation
from tasks.reading import Standing, inventory
from tasks.reaping import expiring, plan_reaping
from tasks.scope import Scope


@flow(name="reap", flow_run_name="reap in {region}", task_runner=RUNNER)
def reap(
    region: Region,
    account: Account = "",
    role: Role = "",
    warn: Lifetime = "2h",
    approved: str = "",
) -> Operation:
    """Strike each environment whose time is over, in a run of its own, and warn of those that end soon.

    Nothing but the tag `castra:expires` is asked: what carries none is left alone. One failure holds up no other.

    Args:
        region: Where to look, such as `eu-west-1`.
        account: If given, checked against the credentials before anything is done.
        role: The ARN of a role to assume, for work in another account.
        warn: How long before its end an environment is warned of, such as `2h`.
        approved: The fingerprint of a plan that was agreed to; refused if the world has moved since.
    """
    started, scope = time.monotonic(), Scope(None, region, account=account, role=role)
    standing, now = inventory(scope), scope.now
    _warn(standing, region, expiring(standing, now, lasting(warn)))
    planned = plan_reaping(standing, region, now)
    planned.refuse_unless(approved)
    show_operation(planned)
    by_name = {one.environment: one for one in standing}
    done = perform(planned, lambda deed: _strike(deed, by_name[deed.what], scope), scope, f"Reaping in {region}")
    done = done.model_copy(update={"seconds": round(time.monotonic() - started, 3)})
    show_operation(done)
    return done


def _strike(deed: Deed, one: Standing, scope: Scope) -> Deed:
    """Strike one, which looks again, under the lease, whether its time is over; then say so."""
    try:
        report = tear_down(one.environment, scope.region, scope.account, role=scope.role or "", expired=True)
    except Moved as moved:
        return deed.model_copy(update={"action": KEEP, "because": moved.why})
    reason = f"its time was over at {as_tag(one.expires)}; it was struck, {report.left} resources left"
    _tell("castra.environment.expired", one, scope.region, reason, left=report.left)
    return deed.model_copy(update={"because": f"{deed.because}; {report.left} resources left"})


def _warn(standing: list[Standing], region: str, left: dict[str, int]) -> None:
    for one in standing:
        if one.environment in left and one.expires:
            seconds = left[one.environment]
            reason = f"it ends {in_words(one.expires, one.expires - timedelta(seconds=seconds))}"
            reason += f", at {as_tag(one.expires)}; `castra extend {one.environment} 8h` gives it more time"
            _tell("castra.environment.expiring", one, region, reason, seconds_left=seconds)


def _tell(event: Happening, one: Standing, region: str, reason: str, **told: Any) -> None:
    whose = {"owner": one.owner, "purpose": one.purpose, "expires": as_tag(one.expires)}
    environment_event(event, one.environment, region, reason, **whose, **told)
