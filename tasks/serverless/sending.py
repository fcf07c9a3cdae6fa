"""Sending archives to Lambda: in the call itself, or by the depot bucket where they are too large for that."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tasks.lease import depot, make_depot
from tasks.progress import Event, announce, current, waiting
from tasks.scope import Scope
from tasks.serverless.archive import DIRECT, Archive, in_megabytes


@contextmanager
def sent(scope: Scope, archive: Archive, key: str) -> Iterator[dict[str, Any]]:
    """Within, what Lambda takes as an archive: its bytes, or where it lies in the depot bucket.

    What was put there is removed afterwards. A run that is killed meanwhile leaves it; the next of the same `key` takes
    its place.
    """
    if len(archive.content) <= DIRECT:
        waiting(f"sending {in_megabytes(len(archive.content))}")
        yield {"ZipFile": archive.content}
        return
    place = {"Bucket": depot(scope.account, scope.region), "Key": f"{key}.zip"}
    make_depot(scope)
    size = len(archive.content)
    scope.client("s3").upload_fileobj(io.BytesIO(archive.content), *place.values(), Callback=_counting(size))
    try:
        yield {"S3Bucket": place["Bucket"], "S3Key": place["Key"]}
    finally:
        scope.client("s3").delete_object(**place)


def _counting(size: int) -> Callable[[int], None]:
    """Tells, for each piece that is sent, how much of it all is. It is called from boto3's own threads."""
    total, what = [0], current()

    def count(sent: int) -> None:
        total[0] += sent
        if what:
            announce(Event("waiting", what, f"{in_megabytes(total[0])} of {in_megabytes(size)} sent"))

    return count
