"""10,000 volumes in four regions backed up side by side under EC2's token buckets, one of the runs killed half-way."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import yaml

from tests.benchmarks.backups import ask
from tests.physics.buckets import SIZES

PROFILE = "buckets"
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1", "us-west-2")
COUNT = 2_500  # volumes of a region
KILLED_AT = 1_000  # snapshots of the first region
CASTRA = Path(sys.executable).with_name("castra")
POLICY = {"select": {"tags": {"backup": "bench"}}, "when": {"cron": "0 0 1 1 *"}, "keep": {"yearly": 1}}


def run() -> Iterator[str]:
    """One process a region, as a worker has one for each run of a sweep. The dead run's lease is waited for."""
    with ThreadPoolExecutor(len(REGIONS)) as pool:
        list(pool.map(make_volumes, REGIONS))
    ask("advance", {"seconds": 120})
    size, refill = SIZES["ec2:CreateSnapshot"]
    best = (COUNT - size) / refill
    yield f"{len(REGIONS)} regions of {COUNT} volumes; the buckets allow it in {best:.0f} s at best"
    with tempfile.TemporaryDirectory() as folder:
        files = [written(Path(folder), region) for region in REGIONS]
        started = time.perf_counter()
        first, *others = [back_up(file) for file in files]
        killed_after = kill(first, started)
        again = back_up(files[0])
        for process in others:
            process.wait()
        others_seconds = time.perf_counter() - started
        again.wait()
        seconds = time.perf_counter() - started
        ended = {file.stem: file.with_suffix(".json").read_text() for file in files}
    taken = {region: Counter(slots(region)) for region in REGIONS}
    twice = sum(count - 1 for of in taken.values() for count in of.values())
    missing = sum(COUNT - len(of) for of in taken.values())
    throttled = Counter(call["outcome"] for call in ask("log"))["RequestLimitExceeded"]
    yield f"three regions undisturbed: {others_seconds:.1f} s, {others_seconds / best:.2f} x the best"
    yield f"one killed after {killed_after:.0f} s and run again: all done after {seconds:.1f} s, {seconds / best:.2f} x"
    yield f"{missing} missing, {twice} taken twice, {throttled} calls throttled"
    for region, said in ended.items():
        yield f"{region}: {told(said)}"


def make_volumes(region: str) -> None:
    ec2 = boto3.client("ec2", region_name=region)
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "backup", "Value": "bench"}]}]
    for number in range(COUNT):
        if number % 40 == 0:
            ask("advance", {"seconds": 30})
        ec2.create_volume(AvailabilityZone=f"{region}a", Size=8, TagSpecifications=tags)


def written(folder: Path, region: str) -> Path:
    file = folder / f"{region}.yaml"
    file.write_text(yaml.safe_dump({"name": "bench", "region": region, "backups": {"nightly": POLICY}}))
    return file


def back_up(file: Path) -> "subprocess.Popen[bytes]":
    """What it tells goes into files: a pipe that nobody empties would hold it up."""
    command = [str(CASTRA), "back-up", str(file), "--yes", "--json"]
    with file.with_suffix(".json").open("wb") as out, file.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=log, env=os.environ)


def kill(process: "subprocess.Popen[bytes]", started: float) -> float:
    """Kill it once it has taken so many; gives the seconds since the beginning."""
    while len(slots(REGIONS[0])) < KILLED_AT:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(5)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return time.perf_counter() - started


def slots(region: str) -> list[str]:
    """The volume of each backup that stands. Its few reads are drawn from the same bucket as those of the runs."""
    pages = boto3.client("ec2", region_name=region).get_paginator("describe_snapshots")
    filters = [{"Name": "tag-key", "Values": ["castra:slot"]}]
    asked = {"OwnerIds": ["self"], "Filters": filters, "PaginationConfig": {"PageSize": 1000}}
    return [one["VolumeId"] for page in pages.paginate(**asked) for one in page["Snapshots"]]


def told(said: str) -> str:
    try:
        document: dict[str, Any] = json.loads(said[said.index("{") :])
    except ValueError:
        return f"failed: {said.strip().splitlines()[-3:]}"
    return f"{document.get('counts')}, {document.get('seconds')} s, {document.get('calls')}, {document.get('figures')}"
