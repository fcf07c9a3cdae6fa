"""Who is bounded by a policy is listed among its entities too, unless only those that carry it are asked for."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.physics.hooks import during
from tests.physics.protocol import Request
from tests.physics.world import World


@during("iam:ListEntitiesForPolicy")
@contextmanager
def bounded_listed(request: Request, world: World) -> Iterator[None]:
    iam, arn = world.backend(request), request.text("PolicyArn")
    asked = request.text("PolicyUsageFilter") != "PermissionsPolicy"
    bounded = [role for role in iam.roles.values() if asked and role.permissions_boundary_arn == arn]
    added = [role for role in bounded if arn not in role.managed_policies]
    for role in added:
        role.managed_policies[arn] = iam.managed_policies.get(arn)
    try:
        yield
    finally:
        for role in added:
            del role.managed_policies[arn]
