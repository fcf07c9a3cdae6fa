"""Emptying a bucket: every version and every delete marker, a thousand a call."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tasks.errors import CastraError
from tasks.progress import waiting
from tasks.scope import Scope

WIDTH = 8  # batches at once
MANY = 10_000  # from so many on, it's told how far it is


def empty(scope: Scope, bucket: str) -> int:
    """Remove all that's in it; gives how many that were. What is listed next is listed while batches are removed.

    DeleteObjects takes 1,000 a call, ListObjectVersions gives as many:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html. Raises CastraError for what S3 won't
    remove, such as an object under a lock.
    """
    count, under_way = 0, list[Future[None]]()
    with ThreadPoolExecutor(WIDTH, thread_name_prefix="wipe") as pool:
        for batch in _batches(scope, bucket):
            if len(under_way) >= WIDTH:
                under_way.pop(0).result()
            scope.go_ahead.check()
            under_way.append(pool.submit(_remove, scope, bucket, batch))
            count += len(batch)
            if count >= MANY:
                waiting(f"wiping bucket {bucket}: {count} versions")
        for removal in under_way:
            removal.result()
    return count


def _batches(scope: Scope, bucket: str) -> Iterator[list[dict[str, str]]]:
    for page in scope.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket):
        listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if listed:
            yield [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in listed]


def _remove(scope: Scope, bucket: str, batch: list[dict[str, str]]) -> None:
    answer: dict[str, Any] = scope.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
    for error in answer.get("Errors", []):
        if error.get("Code") not in ("NoSuchKey", "NoSuchVersion"):
            why = f"{error['Key']} can't be removed: {error.get('Code')} {error.get('Message', '')}".strip()
            raise CastraError(f"bucket {bucket}", why, "Lift what protects it, and run this again; or keep the bucket")
