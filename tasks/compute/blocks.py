"""EBS volumes as AWS tells them, and how one is changed in place: an instance's root, and those of their own."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.volumes import TAKES_IOPS, Block
from tasks.errors import CastraError, code_of
from tasks.kind import State
from tasks.scope import Scope
from tasks.waiting import wait_until

GP3_IOPS, GP3_THROUGHPUT = 3000, 125  # https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
MODIFIED_WITHIN = 600.0  # seconds until a change is in force; what's moved behind it goes on for hours
MODIFIES = ("ec2:DescribeVolumesModifications", "ec2:ModifyVolume")


class BlockState(State):
    """How a volume performs. What its type doesn't let one choose is None."""

    type: str
    iops: int | None
    throughput: int | None


def block_wanted(block: Block) -> BlockState:
    """The same as it's asked for."""
    gp3 = block.type == "gp3"
    return BlockState(
        type=block.type,
        iops=block.iops or (GP3_IOPS if gp3 else None),
        throughput=block.throughput or (GP3_THROUGHPUT if gp3 else None),
    )


def block_of(volume: Mapping[str, Any]) -> BlockState:
    """The same as AWS tells it; gp2 has iops by its size, which nobody chose."""
    kind = volume["VolumeType"]
    return BlockState(
        type=kind,
        iops=volume.get("Iops") if kind in TAKES_IOPS else None,
        throughput=volume.get("Throughput") if kind == "gp3" else None,
    )


def asked_of(block: BlockState) -> dict[str, Any]:
    """The same as EC2's calls take it."""
    given = {"VolumeType": block.type, "Iops": block.iops, "Throughput": block.throughput}
    return {key: value for key, value in given.items() if value is not None}


def owned_volumes(scope: Scope) -> list[dict[str, Any]]:
    """All volumes that carry the environment's tag, listed once a survey for two kinds."""
    return scope.listed(
        "volumes", lambda: list(scope.pages("ec2", "describe_volumes", "Volumes", Filters=scope.filters))
    )


def modify(scope: Scope, id: str, size: int | None, block: BlockState) -> None:
    """Change a volume in place, and wait until that is in force.

    AWS takes the next change after six hours only. Raises CastraError with AWS's reason.
    """
    grown = {"Size": size} if size else {}
    try:
        scope.ec2.modify_volume(VolumeId=id, **grown, **asked_of(block))
    except ClientError as error:
        if code_of(error) != "VolumeModificationRateExceeded":
            raise
        why = "it was changed within the last six hours, and AWS takes no other change before they're over"
        raise CastraError(f"volume {id}", why, "Run the same command again later") from error
    wait_until(
        scope, lambda: _in_force(scope, id), f"volume {id}", MODIFIED_WITHIN, lambda: "its change isn't in force"
    )


def _in_force(scope: Scope, id: str) -> bool:
    """Whether the newest change is: AWS may go on optimising for hours, with all of it usable."""
    answer = scope.ec2.describe_volumes_modifications(VolumeIds=[id])["VolumesModifications"]
    newest = max(answer, key=lambda one: str(one.get("StartTime", "")), default={"ModificationState": "completed"})
    if newest["ModificationState"] == "failed":
        why = f"its change failed: {newest.get('StatusMessage', 'AWS gives no reason')}"
        raise CastraError(f"volume {id}", why, "Mend that, and run again")
    return newest["ModificationState"] != "modifying"
