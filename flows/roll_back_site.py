"""Roll a site back to an earlier release, with or without an environment around it."""

from typing import Annotated

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from pydantic import Field

from blueprints.storage import BucketName
from flows.forms import Account, Region
from tasks.progress import Event, announce, step
from tasks.scope import Scope
from tasks.storage.publishing.publish import Published, roll_back


@task(name="roll back", task_run_name="roll back {bucket}", cache_policy=NO_CACHE)
def _roll_back(scope: Scope, bucket: str, release: int) -> Published:
    what = f"roll back {bucket}"
    with step(what):
        done = roll_back(scope, bucket, release or None)
    announce(Event("done", what, f"release {done.release}", done.seconds))
    return done


@flow(name="roll-back-site", flow_run_name="roll back {bucket}")
def roll_back_site(
    bucket: BucketName, region: Region, release: Annotated[int, Field(ge=0)] = 0, account: Account = ""
) -> Published:
    """Make an earlier release of a site the current one again, by copies within its bucket.

    It becomes a release of its own. Raised again, an environment publishes its folder as it then is.

    Args:
        bucket: The bucket's name in AWS.
        region: Where it is, such as `eu-west-1`.
        release: Its number; the one before the current, if 0. A publish that broke off is undone first.
        account: If given, checked against the credentials before anything is done.
    """
    scope = Scope(None, region, account=account)
    _ = scope.account
    return _roll_back(scope, bucket, release)
