"""Health of what is behind classic load balancers: in moto everything that's registered is in service.

https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_InstanceState.html
"""

import re
from types import SimpleNamespace
from typing import Any

from tests.physics import apps, reach
from tests.physics.answers import Answer
from tests.physics.hooks import instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World

Health = tuple[str, str, str]
"""A state, who is the cause, and a description, as AWS has them."""
WELL: Health = ("InService", "N/A", "N/A")
COMING: Health = ("OutOfService", "ELB", "Instance registration is still in progress.")
STOPPED: Health = ("OutOfService", "Instance", "Instance is in stopped state.")
ELSEWHERE: Health = (
    "OutOfService",
    "ELB",
    "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to.",
)
FAILED: Health = (
    "OutOfService",
    "Instance",
    "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.",
)


@instead("elb:DescribeInstanceHealth")
def health(request: Request, world: World) -> Answer | None:
    balancer = world.backend(request).load_balancers.get(request.text("LoadBalancerName"))
    if balancer is None or request.rows("Instances"):
        return None
    ec2 = world.backend(request, "ec2")
    told = []
    for id in dict.fromkeys(balancer.instance_ids):
        instance = ec2.get_instance_by_id(id)
        if instance is not None and instance.state not in ("shutting-down", "terminated"):
            state, reason, words = judged(balancer, instance, world, ec2)
            told.append({"InstanceId": id, "State": state, "ReasonCode": reason, "Description": words})
    return ok(request, {"InstanceStates": told})


def judged(balancer: Any, instance: Any, world: World, ec2: Any) -> Health:
    """What its health check finds."""
    if instance.state != "running":
        return COMING if instance.state == "pending" else STOPPED
    subnets = [ec2.get_subnet(id) for id in balancer.subnets]
    if ec2.get_subnet(instance.subnet_id).availability_zone not in {one.availability_zone for one in subnets}:
        return ELSEWHERE
    protocol, port, path = re.findall(r"^(\w+):(\d+)(.*)$", balancer.health_check.target)[0]
    front = SimpleNamespace(security_groups=balancer.security_groups, subnets=subnets)
    if not reach.reaches(ec2, front, instance, int(port)):
        return FAILED
    code = apps.code(world, ec2, instance, int(port), path or "/")
    return WELL if code is not None and (code == 200 or protocol in ("TCP", "SSL")) else FAILED
