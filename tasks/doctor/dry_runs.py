"""Calls of EC2 that may be tried without being carried out, and that need nothing which stands already."""

from collections.abc import Callable
from typing import Any

NAME = "castra-doctor"

DRY_RUNS: dict[str, tuple[str, str, Callable[[str], dict[str, Any]]]] = {
    "ec2:AllocateAddress": ("allocate_address", "elastic-ip", lambda region: {"Domain": "vpc"}),
    "ec2:CreateInternetGateway": ("create_internet_gateway", "internet-gateway", lambda region: {}),
    "ec2:CreateLaunchTemplate": (
        "create_launch_template",
        "launch-template",
        lambda region: {"LaunchTemplateName": NAME, "LaunchTemplateData": {"InstanceType": "t3.nano"}},
    ),
    "ec2:CreateVolume": ("create_volume", "volume", lambda region: {"AvailabilityZone": f"{region}a", "Size": 1}),
    "ec2:CreateVpc": ("create_vpc", "vpc", lambda region: {"CidrBlock": "10.0.0.0/16"}),
}
"""By action: boto3's method, the type that is tagged, and the arguments in a region."""
