"""Listings in pages: AWS goes on after the last one told, even if that was deleted since; moto breaks on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.physics.hooks import during
from tests.physics.protocol import Request
from tests.physics.world import World

STORES = {
    "autoscaling:DescribeAutoScalingGroups": ("autoscaling_groups", "NextToken"),
    "elb:DescribeLoadBalancers": ("load_balancers", "Marker"),
    "elbv2:DescribeLoadBalancers": ("load_balancers", "Marker"),
}
"""Listings whose token is the name of what was told last, with moto's store of them and the parameter."""


@during(*STORES)
@contextmanager
def goes_on_after_the_deleted(request: Request, world: World) -> Iterator[None]:
    """While moto answers, what the token names stands again, at its place among those that were listed with it."""
    name = f"{request.service}:{request.operation}"
    attribute, parameter = STORES[name]
    store: dict[str, Any] = getattr(world.backend(request), attribute)
    seen: dict[str, Any] = world.recall(f"pages of {name} in {request.region}", dict)
    token = request.text(parameter)
    ghost = next((key for key, one in seen.items() if token and one.name == token and key not in store), None)
    if ghost is None:
        seen.clear()
        seen.update(store)
        yield
        return
    order = list(seen)
    before = set(order[: order.index(ghost)])
    put_back(store, ghost, seen[ghost], sum(key in before for key in store))
    try:
        yield
    finally:
        del store[ghost]


def put_back(store: dict[str, Any], key: str, value: Any, index: int) -> None:
    """Insert at an index, in place."""
    items = list(store.items())
    store.clear()
    store.update([*items[:index], (key, value), *items[index:]])
