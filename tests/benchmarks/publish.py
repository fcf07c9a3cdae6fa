"""Publishing a site of 5,000 files, beside a loop that sends one after the other, and `aws s3 sync`."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from blueprints.sites import Publishing
from tasks.scope import Scope
from tasks.storage.publishing.folder import items_in
from tasks.storage.publishing.publish import publish

FILES, SIZE, CHANGED = 5_000, 4_096, 50
REGION = "eu-west-1"
ANSWERS_AFTER = 0.02  # seconds that S3 takes for a small object; the emulator itself needs some more
PLAIN = Publishing()


def run() -> Iterator[str]:
    """Each to a bucket of its own, on one S3 that takes 20 ms for an answer; then with 50 files changed."""
    scope = Scope("bench", REGION)
    for bucket in ("ours", "theirs", "loop"):
        place = {"LocationConstraint": REGION}
        scope.client("s3").create_bucket(Bucket=f"bench-{bucket}", CreateBucketConfiguration=place)
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), range(FILES), "a")
        ask("rules", {"operation": "PutObject", "effect": f"delay:{ANSWERS_AFTER}"})
        ours = seconds(lambda: publish(scope, "bench-ours", folder, PLAIN))
        theirs = seconds(lambda: sync(folder))
        loop = seconds(lambda: one_by_one(scope, folder))
        yield f"{FILES} files of {SIZE} bytes, first publish: {ours:.1f} s, {FILES / ours:.0f} files a second"
        yield f"one after the other: {loop:.1f} s, {loop / ours:.1f} x as long"
        yield f"aws s3 sync: {theirs:.1f} s, {theirs / ours:.1f} x as long"
        fill(Path(folder), range(CHANGED), "b")
        for name, call in (
            ("publish", lambda: publish(scope, "bench-ours", folder, PLAIN)),
            ("aws s3 sync", lambda: sync(folder)),
        ):
            before = ask("counts")
            took = seconds(call)
            after = ask("counts")
            calls = {call: count - before.get(call, 0) for call, count in after.items() if count != before.get(call, 0)}
            yield f"{CHANGED} files changed, {name}: {took:.1f} s, {calls}"


def fill(folder: Path, numbers: range, letter: str) -> None:
    for number in numbers:
        path = folder / f"{number // 100}" / f"{number}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(letter * SIZE)


def one_by_one(scope: Scope, folder: str) -> None:
    for item in items_in(folder, PLAIN, "site"):
        scope.client("s3").put_object(Bucket="bench-loop", Key=item.key, Body=item.body(), **item.headers())


def sync(folder: str) -> None:
    command = [str(Path(sys.executable).with_name("aws")), "s3", "sync", folder, "s3://bench-theirs", "--quiet"]
    subprocess.run(command, check=True, env=os.environ | {"AWS_DEFAULT_REGION": REGION})


def ask(what: str, body: dict[str, Any] | None = None) -> Any:
    """The emulator's own words."""
    data = json.dumps(body).encode() if body else None
    return json.load(urlopen(Request(f"{os.environ['AWS_ENDPOINT_URL']}/physics/{what}", data=data)))


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
