"""Scaling policies: an ARN of its own for each that is made, and an answer that tells it."""

from typing import Any
from uuid import uuid4

from moto.autoscaling.models import AutoScalingBackend, FakeScalingPolicy
from moto.utilities.utils import get_partition

from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World

put = AutoScalingBackend.put_scaling_policy


def put_scaling_policy(scaling: Any, name: str, **settings: Any) -> Any:
    """One that is changed keeps its ARN; one that is made anew, after it was deleted, has another."""
    before = scaling.policies.get(name)
    policy = put(scaling, name, **settings)
    same = before is not None and before.auto_scaling_group_name == policy.auto_scaling_group_name
    policy.number = before.number if same else str(uuid4())
    return policy


def arn(policy: Any) -> str:
    scaling = policy.autoscaling_backend
    home = f"arn:{get_partition(scaling.region_name)}:autoscaling:{scaling.region_name}:{scaling.account_id}"
    place = f"autoScalingGroupName/{policy.auto_scaling_group_name}:policyName/{policy.name}"
    return f"{home}:scalingPolicy:{policy.number}:{place}"


AutoScalingBackend.put_scaling_policy = put_scaling_policy
FakeScalingPolicy.arn = FakeScalingPolicy.policy_arn = property(arn)


@after("autoscaling:PutScalingPolicy")
def told(request: Request, answer: Answer, world: World) -> Answer:
    """Its ARN, which moto's answer lacks; and whether it's on, which moto drops: it is, unless the call says no."""
    policy = world.backend(request).policies[request.text("PolicyName")]
    policy.enabled = request.text("Enabled").lower() != "false"
    return ok(request, {"PolicyARN": policy.arn})
