"""Network interfaces that a function leaves behind in a VPC, which hold its security group back for up to an hour."""

from typing import Any

from tasks.errors import gone_is_fine
from tasks.scope import Scope
from tasks.waiting import wait_until

WITHIN = 1800.0  # seconds; AWS lets go of them some four minutes after the function, often, and twenty at times
LEFT = "AWS Lambda VPC ENI-"
"""What their descriptions begin with, before the function's name: nothing else tells whose they are."""


def reap(scope: Scope, function: str, groups: tuple[str, ...]) -> None:
    """Wait until Lambda lets go of the interfaces that a function has in these security groups, and delete them."""
    if not groups:
        return
    filters = [
        {"Name": "description", "Values": [f"{LEFT}{function}", f"{LEFT}{function}-*"]},
        {"Name": "group-id", "Values": list(groups)},
    ]

    def none_left() -> bool:
        found = list(scope.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters))
        for interface in found:
            _delete(scope, interface)
        return not found

    why = "Lambda still holds its network interfaces"
    wait_until(scope, none_left, f"function {function}", WITHIN, lambda: why)


def _delete(scope: Scope, interface: dict[str, Any]) -> None:
    """If it's free."""
    if interface["Status"] == "available":
        with gone_is_fine(
            "InvalidNetworkInterfaceID.NotFound", "InvalidParameterValue", "InvalidNetworkInterface.InUse"
        ):
            scope.ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
