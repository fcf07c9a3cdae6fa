"""Instances, images, templates: names, sizes, references."""

import base64
import binascii
from typing import Any

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Params, Request
from tests.physics.world import World

USER_DATA_BYTES = 16 * 1024


@before("ec2:CreateImage", "ec2:CopyImage", "ec2:RegisterImage")
def image_name_taken(request: Request, world: World) -> None:
    ec2, name = world.backend(request), request.text("Name")
    for image in ec2.amis.values():
        if image.name == name and image.owner_id == ec2.account_id and name:
            raise Refused("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {image.id}")


@before("ec2:RunInstances")
def launch_sound(request: Request, world: World) -> None:
    sound(request.params, request, world)


@before("ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion")
def template_sound(request: Request, world: World) -> None:
    limit_user_data(request.params.get("LaunchTemplateData", {}))


def sound(data: Params, request: Request, world: World) -> None:
    """A launch's data, as EC2 checks it at launch (and not when a template is made)."""
    limit_user_data(data)
    ec2 = world.backend(request, "ec2")
    if (image := data.get("ImageId")) and image.startswith("ami-") and image not in ec2.amis:
        raise Refused("InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist")
    if image in ec2.amis and ec2.amis[image].state != "available":
        raise Refused("InvalidAMIID.Unavailable", f"The image ID '{image}' is {ec2.amis[image].state}")
    if profile := data.get("IamInstanceProfile"):
        know_profile(profile, world.backend(request, "iam"), world)


def limit_user_data(data: Params) -> None:
    try:
        size = len(base64.b64decode(str(data.get("UserData") or "")))
    except binascii.Error:
        raise Refused("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.") from None
    if size > USER_DATA_BYTES:
        raise Refused("InvalidParameterValue", "User data is limited to 16384 bytes")


def know_profile(profile: Params, iam: Any, world: World) -> None:
    """A profile that IAM doesn't know, or not yet, can't be launched with."""
    name, arn = profile.get("Name", ""), profile.get("Arn", "")
    known = [each for each in iam.instance_profiles.values() if each.name == name or each.arn == arn]
    if not known or world.hidden(f"instance-profile/{known[0].name}"):
        field, value = ("name", name) if name else ("arn", arn)
        why = (
            f"Value ({value}) for parameter iamInstanceProfile.{field} is invalid. Invalid IAM Instance Profile {field}"
        )
        raise Refused("InvalidParameterValue", why)


@before("ec2:DescribeImages")
def images_unknown(request: Request, world: World) -> None:
    known = world.backend(request).amis
    gone = [each for each in request.texts("ImageId") if each.startswith("ami-") and each not in known]
    if gone:
        raise Refused("InvalidAMIID.NotFound", f"The image id '[{', '.join(gone)}]' does not exist")


@before("ec2:DescribeLaunchTemplates")
def templates_unknown(request: Request, world: World) -> None:
    known = world.backend(request).launch_templates
    if gone := [each for each in request.texts("LaunchTemplateId") if each not in known]:
        why = f"One or more of the launch template IDs could not be found: {', '.join(gone)}"
        raise Refused("InvalidLaunchTemplateId.NotFound", why)
