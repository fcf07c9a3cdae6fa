"""What a policy covers, as it stands: sources of all stores, and buckets by their versions."""

from botocore.exceptions import ClientError

from blueprints.backups import BackupPolicy
from blueprints.environment import Environment
from tasks.backups.sources import MENDED, MISSING, Covered
from tasks.backups.stores import STORES
from tasks.each import each
from tasks.errors import code_of
from tasks.scope import Scope


def covered_by(policy: BackupPolicy, environment: Environment, scope: Scope) -> Covered:
    """What stands of all that a policy names or selects. Writes nothing; a few calls, however much there is."""
    found = [one for _, one in each(lambda store: store.covered(policy, environment, scope), STORES)]
    sources = tuple(source for one in found for source in one.sources)
    missing = {part: why for one in found for part, why in one.missing.items()}
    by_itself: dict[str, str] = {}
    if policy.select and not any(one.selected for one in found):
        told = " and ".join(f"{key}={value}" for key, value in policy.select.tags.items())
        by_itself["select"] = f"none of the {' and '.join(policy.select.of)} carries {told}"
    for bucket, why in _buckets(policy, environment, scope).items():
        (missing if why.endswith(MENDED) else by_itself)[f"bucket/{bucket}"] = why
    return Covered(sources=sources, missing=missing, by_itself=by_itself)


def _buckets(policy: BackupPolicy, environment: Environment, scope: Scope) -> dict[str, str]:
    """Of each bucket how it's backed up: by its versions, and by its replica, if it has one."""
    return {name: _versions(name, environment, scope) for name in policy.buckets}


def _versions(name: str, environment: Environment, scope: Scope) -> str:
    bucket = environment.buckets[name]
    called = bucket.name or scope.bucket_name(name)
    try:
        status = scope.client("s3").get_bucket_versioning(Bucket=called).get("Status", "off")
    except ClientError as error:
        if code_of(error) != "NoSuchBucket":
            raise
        return MISSING
    if status != "Enabled":
        return f"its versioning is {status.lower()}; {MENDED}"
    replica = ", and each is written to a second bucket" if bucket.replicate else ""
    return f"its backup is its versions, which it keeps{replica}"
