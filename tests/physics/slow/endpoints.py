"""Endpoints with interfaces: a minute or more to come, and to go; their interfaces stay until they're gone."""

from tests.physics.answers import Answer
from tests.physics.gaps.endpoints import remove, with_interfaces
from tests.physics.hooks import after, instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok, restate
from tests.physics.world import World


@after("ec2:CreateVpcEndpoint")
def come(request: Request, answer: Answer, world: World) -> Answer | None:
    endpoint = next(reversed(world.backend(request).vpc_end_points.values()))
    if not with_interfaces(endpoint):
        return None
    endpoint.state = "pending"

    def there() -> None:
        if endpoint.state == "pending":
            endpoint.state = "available"

    world.later("endpoint_available", there)
    return restate(answer, "state", "available", "pending")


@instead("ec2:DeleteVpcEndpoints")
def go(request: Request, world: World) -> Answer | None:
    ec2 = world.backend(request)
    going = [ec2.vpc_end_points.get(id) for id in request.texts("VpcEndpointId")]
    if not all(endpoint and with_interfaces(endpoint) for endpoint in going):
        return None
    for endpoint in going:
        endpoint.state = "deleting"

        def gone(endpoint: object = endpoint) -> None:
            remove(ec2, endpoint)
            endpoint.state = "deleted"  # type: ignore[attr-defined]

        world.later("endpoint_deleted", gone)
    return ok(request, {"unsuccessful": []})
