"""What moto loads anew for each account and region after each reset, loaded once: Amazon's images and IAM policies."""

from copy import copy
from typing import Any

from moto.ec2.models.amis import AmiBackend
from moto.iam import models as iam

iam.PARTITION_NAMES = ["aws"]
"""Else moto loads all managed policies for each of the partitions with the first call after a reset: a second."""

LOAD_IMAGES = AmiBackend._load_amis
LOAD_POLICIES = iam.IAMBackend._init_aws_policies

IMAGES: dict[tuple[str, str], list[Any]] = {}
POLICIES: dict[str, list[Any]] = {}


def load_images(ec2: Any) -> None:
    """Amazon's images with their snapshots, as copies of those that moto has once made for the region."""
    key = (ec2.account_id, ec2.region_name)
    if key not in IMAGES:
        LOAD_IMAGES(ec2)
        IMAGES[key] = list(ec2.amis.values())
    for original in IMAGES[key]:
        image, snapshot = copy(original), copy(original.ebs_snapshot)
        image.ec2_backend = snapshot.ec2_backend = ec2
        image.ebs_snapshot, image.launch_permissions = snapshot, list(original.launch_permissions)
        ec2.amis[image.id] = image
        ec2.snapshots[snapshot.id] = snapshot


def load_policies(backend: Any) -> list[Any]:
    """AWS's managed policies, as copies: who is attached is counted in each."""
    if backend.account_id not in POLICIES:
        POLICIES[backend.account_id] = LOAD_POLICIES(backend)
    return [copy(policy) for policy in POLICIES[backend.account_id]]


AmiBackend._load_amis = load_images
iam.IAMBackend._init_aws_policies = load_policies
