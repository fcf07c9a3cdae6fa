"""Publish a folder to a bucket, with or without an environment around it."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from blueprints.sites import CacheRule, Compression, Publishing, Releases
from blueprints.storage import BucketName
from flows.forms import Account, Region
from tasks.progress import Event, announce, step
from tasks.scope import Scope
from tasks.storage.publishing.publish import Published, publish


@task(name="publish", task_run_name="publish {bucket}", cache_policy=NO_CACHE)
def _publish(scope: Scope, bucket: str, folder: str, publishing: Publishing) -> Published:
    what = f"publish {bucket}"
    with step(what):
        done = publish(scope, bucket, folder, publishing)
    announce(Event("done", what, f"release {done.release}", done.seconds))
    return done


@flow(name="publish-site", flow_run_name="publish {bucket}")
def publish_site(
    folder: str,
    bucket: BucketName,
    region: Region,
    compress: Compression = "none",
    keep_releases: Releases = 3,
    cache: tuple[CacheRule, ...] = (),
    account: Account = "",
) -> Published:
    """Publish a folder as a new release: only what differs is sent, pages last. A reader never sees half of it.

    Run it again after any failure: it goes on. Who else publishes to the bucket meanwhile makes one of both fail.

    Args:
        folder: The folder with the files, as the worker sees it.
        bucket: The bucket's name in AWS. It must stand; it should keep versions, or nothing can be rolled back.
        region: Where it is, such as `eu-west-1`.
        compress: How texts are stored, and sent to everybody: browsers take both, scripts may not.
        keep_releases: So many releases before the newest stay whole, and can be rolled back to.
        cache: Rules for how long browsers may keep files; if there are none: a year for names with a hash in them,
            pages are always asked for anew, five minutes for the rest.
        account: If given, checked against the credentials before anything is done.
    """
    scope = Scope(None, region, account=account)
    _ = scope.account
    publishing = Publishing(cache=cache, compress=compress, keep_releases=keep_releases)
    return _publish(scope, bucket, folder, publishing)
