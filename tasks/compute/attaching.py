"""What an instance is given once it runs, and gives back: volumes of their own, and an address."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from tasks.compute.instance_state import others_of
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.retry import when_released
from tasks.scope import ENVIRONMENT, PART, RETIRED, Scope, as_dict
from tasks.waiting import wait_until

STARTS_WITHIN, STOPS_WITHIN, LETS_GO_WITHIN = 600.0, 900.0, 300.0  # seconds
GENTLY_WITHIN = 600.0  # seconds that an instance has to shut down by itself, before it is forced to
ATTACHES = (
    "ec2:AssociateAddress",
    "ec2:AttachVolume",
    "ec2:DescribeAddresses",
    "ec2:DescribeInstances",
    "ec2:DetachVolume",
    "ec2:DisassociateAddress",
    "ec2:StopInstances",
)


def described(scope: Scope, id: str) -> dict[str, Any] | None:
    """The instance now; None where it isn't seen (yet, or any more)."""
    named = [{"Name": "instance-id", "Values": [id]}]
    reservations = scope.ec2.describe_instances(Filters=named)["Reservations"]
    return next((dict(one) for reservation in reservations for one in reservation["Instances"]), None)


def await_state(scope: Scope, id: str, *states: str, within: float) -> None:
    """Wait until it's in one of these states. Raises CastraError with AWS's reason if it ends instead."""
    last: dict[str, Any] = {}

    def there() -> bool:
        last.update(described(scope, id) or {})
        now = last.get("State", {}).get("Name", "not seen yet")
        if now == "terminated" and now not in states:
            reason = last.get("StateReason", {}).get("Message") or "AWS gives no reason"
            raise CastraError(f"instance {id}", f"it ended: {reason}", "Mend that, and run again")
        return now in states

    wait_until(scope, there, f"instance {id}", within, lambda: f"it is {last.get('State', {}).get('Name', 'not seen')}")


def attach(scope: Scope, id: str, wanted: Mapping[str, str], ours: Mapping[str, str]) -> None:
    """Attach these volumes, by device, and detach those of `ours` that aren't among them."""
    for device, volume in ours.items():
        if wanted.get(device) != volume:
            scope.go_ahead.check()
            with gone_is_fine("InvalidVolume.NotFound", "IncorrectState"):
                scope.ec2.detach_volume(VolumeId=volume, InstanceId=id, Device=device)
            _await_free(scope, volume)
    for device, volume in wanted.items():
        if ours.get(device) != volume:
            _take_over(scope, id, volume)
            scope.go_ahead.check()
            when_released(f"volume {volume} to be free", _attach, scope, id, device, volume)
    wait_until(scope, lambda: _has(scope, id, wanted), f"instance {id}", LETS_GO_WITHIN, lambda: "a volume isn't there")


def _take_over(scope: Scope, id: str, volume: str) -> None:
    """Have the instance that this one replaces let a volume go: stopped, so that it isn't cut off while it writes."""
    (told,) = scope.ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
    holder = next((one["InstanceId"] for one in told["Attachments"] if one["InstanceId"] != id), "")
    tags, mine = (as_dict((described(scope, one) or {}).get("Tags")) for one in (holder or id, id))
    if not holder or RETIRED not in tags or any(tags.get(key) != mine.get(key) for key in (ENVIRONMENT, PART)):
        return  # whoever holds it is told by AWS's answer
    await_state(scope, holder, "running", "stopped", "terminated", within=STARTS_WITHIN)
    _stop(scope, holder)
    with gone_is_fine("IncorrectState"):
        scope.ec2.detach_volume(VolumeId=volume, InstanceId=holder)
    _await_free(scope, volume)


def _stop(scope: Scope, id: str) -> None:
    """Stop it; one that has failed may not shut down by itself, and is forced to."""
    for within, force in ((GENTLY_WITHIN, {}), (STOPS_WITHIN, {"Force": True})):
        scope.go_ahead.check()
        with gone_is_fine("IncorrectInstanceState"):  # it ends already
            scope.ec2.stop_instances(InstanceIds=[id], **force)
        try:
            await_state(scope, id, "stopped", "terminated", within=within)
        except CastraError:
            if force:
                raise
        else:
            return


def _attach(scope: Scope, id: str, device: str, volume: str) -> None:
    """Where an answer was lost, and the call sent again, it's in use by now: by this very instance."""
    try:
        scope.ec2.attach_volume(VolumeId=volume, InstanceId=id, Device=device)
    except ClientError as error:
        if code_of(error) != "VolumeInUse" or not _has(scope, id, {device: volume}):
            raise


def _await_free(scope: Scope, volume: str) -> None:
    named = [{"Name": "volume-id", "Values": [volume]}]

    def free() -> bool:
        return all(one["State"] == "available" for one in scope.ec2.describe_volumes(Filters=named)["Volumes"])

    busy = "it is still in use: unmount it on the instance"
    wait_until(scope, free, f"volume {volume}", LETS_GO_WITHIN, lambda: busy)


def _has(scope: Scope, id: str, wanted: Mapping[str, str]) -> bool:
    return wanted.items() <= others_of(described(scope, id) or {}).items()


def give_address(scope: Scope, id: str, wanted: str, has: str) -> None:
    """Associate an address, by its allocation, or take the one that it has away."""
    if wanted:
        scope.ec2.associate_address(InstanceId=id, AllocationId=wanted, AllowReassociation=True)
    elif has:
        (address,) = scope.ec2.describe_addresses(AllocationIds=[has])["Addresses"]
        with gone_is_fine("InvalidAssociationID.NotFound"):
            scope.ec2.disassociate_address(AssociationId=address["AssociationId"])
