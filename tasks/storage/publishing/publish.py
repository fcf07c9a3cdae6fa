"""Carrying a release out: files concurrently, phase by phase; then stale ones; the manifest before and after."""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from pydantic import BaseModel

from blueprints.sites import Publishing
from tasks.errors import CastraError
from tasks.progress import Event, announce, current
from tasks.scope import Scope
from tasks.storage.publishing import manifest as manifests
from tasks.storage.publishing.folder import Item, digest_of, items_in
from tasks.storage.publishing.release import Planned, plan_release, plan_rollback

WIDTH = 48  # calls at once
BATCH = 1000  # keys that DeleteObjects takes
TOLD_EVERY = 0.5  # seconds between two lines of progress


class Published(BaseModel):
    """What a publish, or a rollback, has done. `of` is the release that was rolled back to."""

    bucket: str
    release: int
    of: int | None = None
    sent: int
    bytes: int
    unchanged: int
    removed: int
    seconds: float
    calls: dict[str, int] = {}


def publish(
    scope: Scope, bucket: str, folder: str, publishing: Publishing, where: str = "site", expected: str = ""
) -> Published:
    """Publish a folder. Raises Invalid for what can't be, Held where somebody else publishes.

    Where there's an `expected` digest, raises CastraError if the files are no longer those that were planned.
    """
    started, items = time.monotonic(), {item.key: item for item in items_in(folder, publishing, where)}
    stamps = {key: item.stamp for key, item in items.items()}
    if expected and digest_of(stamps) != expected:
        raise CastraError(where, "its files changed since the plan was made", "Run again")
    manifest, etag = manifests.read(scope, bucket)
    planned = plan_release(stamps, manifest, publishing.keep_releases)

    def send(key: str) -> str:
        return _send(scope, bucket, items[key])

    sizes = {key: items[key].size for key in planned.written}
    return _carry_out(scope, bucket, planned, manifest, etag, send, sizes, started)


def roll_back(scope: Scope, bucket: str, number: int | None = None) -> Published:
    """Make an earlier release the current one again, by copies within the bucket. Raises CastraError, and Held."""
    started = time.monotonic()
    manifest, etag = manifests.read(scope, bucket)
    planned = plan_rollback(manifest, bucket, number)

    def copy(key: str) -> str:
        return _copy(scope, bucket, key, planned.files[key][1])

    return _carry_out(scope, bucket, planned, manifest, etag, copy, {}, started)


def unpublish(scope: Scope, bucket: str) -> None:
    """Remove all files of all releases, and what the bucket says of them last. Gone already is fine."""
    if manifests.glance(scope, bucket) is not None:
        manifest, _ = manifests.read(scope, bucket)
        _remove(scope, bucket, [*dict.fromkeys((*manifest.present, *manifest.under_way)), manifests.KEY])


def _carry_out(
    scope: Scope,
    bucket: str,
    planned: Planned,
    manifest: manifests.Manifest,
    etag: str,
    write: Callable[[str], str],
    sizes: dict[str, int],
    started: float,
) -> Published:
    """What is planned, written down before and after."""
    if not planned.settled or planned.stale:
        etag = manifests.write(scope, bucket, planned.begun(manifest), etag)
        versions = _written(scope, planned, write, sizes)
        _remove(scope, bucket, planned.stale)
        at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        manifests.write(scope, bucket, planned.done(manifest, versions, at), etag)
    return Published(
        bucket=bucket,
        release=planned.number - (1 if planned.settled and not planned.stale else 0),
        of=planned.of,
        sent=len(planned.written),
        bytes=sum(sizes.values()),
        unchanged=len(planned.files) - len(planned.written),
        removed=len(planned.stale),
        seconds=round(time.monotonic() - started, 3),
        calls=scope.calls.summary(),
    )


def _written(scope: Scope, planned: Planned, write: Callable[[str], str], sizes: dict[str, int]) -> dict[str, str]:
    """Write all files; gives the versions that S3 made of them. Each phase ends before the next begins."""
    versions: dict[str, str] = {}
    progress = _Progress(len(planned.written), sum(sizes.values()))
    with ThreadPoolExecutor(WIDTH, thread_name_prefix="publish") as pool:
        for phase in planned.phases:
            scope.go_ahead.check()
            futures = {pool.submit(write, key): key for key in phase}
            try:
                for future in as_completed(futures):
                    key = futures[future]
                    versions[key] = future.result()
                    progress.count(sizes.get(key, 0))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
    return versions


def _send(scope: Scope, bucket: str, item: Item) -> str:
    body: Any = item.body()
    try:
        answer = scope.client("s3").put_object(Bucket=bucket, Key=item.key, Body=body, **item.headers())
    finally:
        if hasattr(body, "close"):
            body.close()
    return _version(answer)


def _copy(scope: Scope, bucket: str, key: str, version: str) -> str:
    source = {"Bucket": bucket, "Key": key, "VersionId": version}
    answer = scope.client("s3").copy_object(Bucket=bucket, Key=key, CopySource=source, MetadataDirective="COPY")
    return _version(answer)


def _version(answer: Mapping[str, Any]) -> str:
    """Empty where the bucket keeps none, or no longer does: S3 overwrites the version called null."""
    version = str(answer.get("VersionId", ""))
    return "" if version == "null" else version


def _remove(scope: Scope, bucket: str, keys: Iterable[str]) -> None:
    """In batches. Raises CastraError for what S3 won't remove."""
    keys = list(keys)
    for start in range(0, len(keys), BATCH):
        batch = [{"Key": key} for key in keys[start : start + BATCH]]
        answer = scope.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        for error in answer.get("Errors", []):
            why = f"{error['Key']} can't be removed: {error.get('Code')}"
            raise CastraError(f"bucket {bucket}", why, "Lift what protects it, and publish again")


class _Progress:
    """Tells how far it is, by files and bytes, twice a second."""

    def __init__(self, files: int, size: int) -> None:
        self._files, self._size, self._what = files, size, current()
        self._done, self._bytes, self._told, self._lock = 0, 0, time.monotonic(), Lock()

    def count(self, size: int) -> None:
        """One file more."""
        with self._lock:
            self._done, self._bytes = self._done + 1, self._bytes + size
            due = time.monotonic() - self._told > TOLD_EVERY or self._done == self._files
            if due and self._what:
                self._told = time.monotonic()
                size_told = f", {self._bytes / 1e6:.1f} of {self._size / 1e6:.1f} MB" if self._size else ""
                announce(Event("waiting", self._what, f"{self._done} of {self._files} files{size_told}"))
