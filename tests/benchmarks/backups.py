"""Snapshots of 500 volumes taken and pruned under EC2's token buckets, beside a plain loop and cloud-custodian."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from blueprints.reading import build
from flows.back_up import back_up
from flows.console import console, stop_local_server
from flows.prune_backups import prune_backups
from tasks.backups.record import slot_of, tags_of
from tasks.scope import as_list
from tests.physics.buckets import SIZES

PROFILE = "buckets"
REGION = "eu-west-1"
COUNT = 500
WIDTH = 32
CUSTODIAN = ("tool", "run", "--quiet", "--from", "c7n", "custodian")
BLUEPRINT = build(
    {
        "name": "bench",
        "region": REGION,
        "backups": {
            "nightly": {
                "select": {"tags": {"backup": "bench"}},
                "when": {"cron": "0 0 1 1 *"},
                "keep": {"yearly": 1},
            }
        },
    }
)


@dataclass
class Ran:
    """How long it took, how many calls were throttled, and how many of the volumes were left out."""

    seconds: float
    throttled: int
    left: int

    def told(self, what: str, best: float) -> str:
        short = f", {self.left} of {COUNT} LEFT UNDONE" if self.left else ""
        return f"{what}: {self.seconds:.1f} s, {self.seconds / best:.2f} x the best, {self.throttled} throttled{short}"


def run() -> Iterator[str]:
    """One after the other, each with full buckets, on the same volumes; Castra's flows on a local Prefect server."""
    with console():
        back_up(BLUEPRINT)  # of nothing yet: the depot is made, and what is imported only then
        prune_backups(BLUEPRINT)
        volumes = made_volumes()
        best = at_best("ec2:CreateSnapshot")
        yield f"take snapshots of {COUNT} volumes; the buckets allow it in {best:.1f} s at best"
        yield measured(lambda: back_up(BLUEPRINT), lambda: COUNT - standing("castra:slot")).told("castra", best)
        yield measured(lambda: loop(volumes, take_plainly), lambda: COUNT - standing("by", "loop")).told(
            f"plain loop, {WIDTH} threads", best
        )
        yield custodian("take", best)
        best = at_best("ec2 writes")
        yield f"remove {COUNT} snapshots; the buckets allow it in {best:.1f} s at best"
        age(volumes)
        yield measured(lambda: prune_backups(BLUEPRINT), lambda: standing("castra:slot") - COUNT).told("castra", best)
        snapshots = [one["SnapshotId"] for one in listed("by", "loop")]
        yield measured(lambda: loop(snapshots, remove_plainly), lambda: standing("by", "loop")).told(
            f"plain loop, {WIDTH} threads", best
        )
        yield custodian("prune", best)
    stop_local_server()


def at_best(bucket: str) -> float:
    size, refill = SIZES[bucket]
    return (COUNT - size) / refill


def measured(work: Callable[[], object], left: Callable[[], int]) -> Ran:
    """With full buckets before; what is left is counted afterwards."""
    ask("advance", {"seconds": 120})
    before = throttled()
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    more = throttled() - before
    ask("advance", {"seconds": 120})
    return Ran(seconds, more, left())


def throttled() -> int:
    return Counter(call["outcome"] for call in ask("log"))["RequestLimitExceeded"]


# ---------------------------------------------------------------------- a plain loop


def loop(things: list[str], work: Callable[[Any, str], object]) -> None:
    """What one writes first: threads, and boto3 as it is, but for a connection for each of them."""
    ec2 = boto3.client("ec2", region_name=REGION, config=Config(max_pool_connections=WIDTH))
    with ThreadPoolExecutor(WIDTH) as pool:
        list(pool.map(lambda one: work(ec2, one), things))


def take_plainly(ec2: Any, volume: str) -> None:
    tags = [{"ResourceType": "snapshot", "Tags": [{"Key": "by", "Value": "loop"}]}]
    with suppress(ClientError):  # its retries are used up: it's counted as left
        ec2.create_snapshot(VolumeId=volume, TagSpecifications=tags)


def remove_plainly(ec2: Any, snapshot: str) -> None:
    with suppress(ClientError):
        ec2.delete_snapshot(SnapshotId=snapshot)


# ---------------------------------------------------------------------- cloud-custodian

POLICIES: dict[str, Any] = {
    "take": {
        "resource": "aws.ebs",
        "filters": [{"tag:backup": "bench"}],
        "actions": [{"type": "snapshot", "tags": {"by": "custodian"}}],
    },
    "prune": {"resource": "aws.ebs-snapshot", "filters": [{"tag:by": "custodian"}], "actions": ["delete"]},
}


def custodian(what: str, best: float) -> str:
    """Its figure, or why there's none."""
    said: list[str] = []

    def work() -> None:
        said.append(run_custodian(what))

    def left() -> int:
        return COUNT - standing("by", "custodian") if what == "take" else standing("by", "custodian")

    ran = measured(work, left)
    if ran.left == COUNT:
        return f"cloud-custodian: it doesn't run here: {said[0].strip().splitlines()[-1:]}"
    return ran.told("cloud-custodian", best)


def run_custodian(what: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "policy.json"
        file.write_text(json.dumps({"policies": [{"name": what, **POLICIES[what]}]}))
        uv = Path(sys.executable).with_name("uv")
        command = [str(uv), *CUSTODIAN, "run", "--cache-period", "0", "--region", REGION, "-s", folder, str(file)]
        settings = os.environ | {"AWS_DEFAULT_REGION": REGION}
        ended = subprocess.run(command, env=settings, capture_output=True, text=True, check=False, timeout=1800)
        return ended.stderr + ended.stdout


# ---------------------------------------------------------------------- the stage


def made_volumes() -> list[str]:
    ec2 = boto3.client("ec2", region_name=REGION)
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "backup", "Value": "bench"}]}]
    made = []
    for number in range(COUNT):
        refill(number)
        made.append(ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=8, TagSpecifications=tags)["VolumeId"])
    return made


def age(volumes: list[str]) -> None:
    """A backup of each from years ago, which the new one makes superfluous."""
    ec2 = boto3.client("ec2", region_name=REGION)
    due = slot_of(datetime.now(UTC) - timedelta(days=3 * 365))
    for number, volume in enumerate(volumes):
        refill(number)
        told = tags_of("bench", "nightly", volume, None, due, "snapshot", 1, BLUEPRINT.backups["nightly"].keep, "UTC")
        ec2.create_snapshot(VolumeId=volume, TagSpecifications=[{"ResourceType": "snapshot", "Tags": as_list(told)}])


def refill(number: int) -> None:
    if number % 40 == 0:
        ask("advance", {"seconds": 30})


def standing(key: str, value: str = "*") -> int:
    return len(listed(key, value))


def listed(key: str, value: str) -> list[Any]:
    pages = boto3.client("ec2", region_name=REGION).get_paginator("describe_snapshots")
    filters = [{"Name": f"tag:{key}", "Values": [value]}]
    asked = {"OwnerIds": ["self"], "Filters": filters, "PaginationConfig": {"PageSize": 1000}}
    return [one for page in pages.paginate(**asked) for one in page["Snapshots"]]


def ask(what: str, body: dict[str, Any] | None = None) -> Any:
    """The emulator's own words."""
    data = json.dumps(body).encode() if body else None
    return json.load(urlopen(Request(f"{os.environ['AWS_ENDPOINT_URL']}/physics/{what}", data=data)))
