"""What extensions and reapings are killed on: environments that end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.crash.stage import Stage
from tests.flows.world import small_document

EXPIRES = "castra:expires"
LATER = "2099-01-02T18:00:00Z"
TELLING = ("describe_vpcs", "describe_subnets", "describe_addresses", "describe_nat_gateways", "describe_route_tables")


def extend(stage: Stage, folder: Path) -> tuple[str, ...]:
    """A network that ends in eight hours, and a bucket, whose tags are written as one set."""
    _raised(stage, folder, "crash", expires_after="8h", buckets={"notes": {"on_removal": "wipe"}})
    return "extend", "crash", LATER, "--region", "eu-west-1", "--yes"


def extended(stage: Stage) -> Iterator[str]:
    """All that tells an end tells the new one; a bucket keeps its other tags."""
    ends = [tags[EXPIRES] for tags in _all_tags(stage) if EXPIRES in tags]
    if not ends or set(ends) != {LATER}:
        yield f"the tags tell {sorted(set(ends))}, not {LATER}"
    (bucket,) = [one["Name"] for one in stage.client("s3").list_buckets()["Buckets"] if "--" in one["Name"]]
    told = {tag["Key"]: tag["Value"] for tag in stage.client("s3").get_bucket_tagging(Bucket=bucket)["TagSet"]}
    if told.get(EXPIRES) != LATER or told.get("castra:part") != "bucket/notes":
        yield f"the bucket's tags are {told}"


def reap(stage: Stage, folder: Path) -> tuple[str, ...]:
    """Two that are over, one that isn't, and one that never is."""
    for name, ends in (("over", {"expires_after": "10m"}), ("over-too", {"expires_after": "10m"})):
        _raised(stage, folder, name, **ends, network={"zones": 1, "nat": "none"})
    for name, ends in (("later", {"expires_after": "9d"}), ("endless", {})):
        _raised(stage, folder, name, **ends, network={"zones": 1, "nat": "none", "endpoints": []})
    stage.ask("POST", "advance", seconds=11 * 60)
    return "reap", "--region", "eu-west-1", "--yes"


def reaped(stage: Stage) -> Iterator[str]:
    """What stands is of those that aren't over, and of both of them."""
    stand = {tags.get("castra:environment", "") for tags in _all_tags(stage)} - {""}
    if stand != {"later", "endless"}:
        yield f"of {sorted(stand)} something stands"


def _all_tags(stage: Stage) -> Iterator[dict[str, str]]:
    ec2 = stage.client("ec2")
    for call in TELLING:
        for listed in getattr(ec2, call)().values():
            for one in listed if isinstance(listed, list) else ():
                if one.get("State") not in ("deleted", "deleting"):
                    yield {tag["Key"]: tag["Value"] for tag in one.get("Tags", [])}


def _raised(stage: Stage, folder: Path, name: str, **more: Any) -> None:
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump(small_document(name, **more)))
    ended = stage.castra("up", file, "--yes")
    assert ended.code == 0, ended.output
