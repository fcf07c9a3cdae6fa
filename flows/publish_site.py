"""Publish a folder to a bucket, with or without an environment around it."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from blueprints.sites import Publishing
from blueprints.storage import BucketName
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
    folder: str, bucket: BucketName, region: str, publishing: Publishing | None = None, account: str | None = None
) -> Published:
    """Publish a folder as a new release: only what differs is sent, pages last. A reader never sees half of it.

    Run it again after any failure: it goes on. Who else publishes to the bucket meanwhile makes one of both fail.

    Args:
        folder: The folder with the files, as the worker sees it.
        bucket: The bucket's name in AWS. It must stand; it should keep versions, or nothing can be rolled back.
        region: Where it is, such as `eu-west-1`.
        publishing: How long files may be kept by browsers, how they are compressed, how many releases are kept.
        account: If given, checked against the credentials before anything is done.
    """
    scope = Scope(None, region, account=account)
    _ = scope.account
    return _publish(scope, bucket, folder, publishing or Publishing())
