"""People: what is still attached, who is still in, and how many keys one may have.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World

MOST_KEYS = 2


def conflict(why: str) -> Refused:
    return Refused("DeleteConflict", f"Cannot delete entity, {why}", 409)


@before("iam:DeleteUser")
def user_bare(request: Request, world: World) -> None:
    """Moto looks at its policies only."""
    iam, name = world.backend(request), request.text("UserName")
    user = iam.users.get(name)
    if user is None:
        return
    if user.access_keys:
        raise conflict("must delete access keys first.")
    if user.password is not None:
        raise conflict("must delete login profile first.")
    if user.mfa_devices:
        raise conflict("must delete MFA device first.")
    if user.ssh_public_keys or user.signing_certificates:
        raise conflict("must delete its keys and certificates first.")
    if iam.get_groups_for_user(name):
        raise conflict("must remove users from group first.")


@before("iam:DeleteGroup")
def group_bare(request: Request, world: World) -> None:
    group = world.backend(request).groups.get(request.text("GroupName"))
    if group is None:
        return
    if group.users:
        raise conflict("must remove users from group first.")
    if group.managed_policies:
        raise conflict("must detach all policies first.")
    if group.policies:
        raise conflict("must delete policies first.")


@before("iam:CreateAccessKey")
def keys_few(request: Request, world: World) -> None:
    user = world.backend(request).users.get(request.text("UserName"))
    if user is not None and len(user.access_keys) >= MOST_KEYS:
        raise Refused("LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {MOST_KEYS}", 409)
