"""Mixed instances: members tell how much they count."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.physics.hooks import during
from tests.physics.protocol import Request
from tests.physics.world import World


@during("autoscaling:DescribeAutoScalingGroups")
@contextmanager
def weights(request: Request, world: World) -> Iterator[None]:
    """Moto launches by the first type's weight only, and tells none."""
    for group in world.backend(request).autoscaling_groups.values():
        first = next(iter((group.mixed_instances_policy or {}).get("LaunchTemplate", {}).get("Overrides", [])), {})
        for member in group.instance_states:
            member.weighted_capacity = first.get("WeightedCapacity")
    yield
