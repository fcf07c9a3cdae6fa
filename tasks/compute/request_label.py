"""Requests that a load balancer sends to a target group, as Auto Scaling names them: by a label of both."""

from collections.abc import Mapping

from blueprints.scaling import Requests


def label_of(load_balancer: str, target_group: str) -> str:
    """The last parts of both ARNs, `app/<name>/<id>/targetgroup/<name>/<id>`."""
    return f"{load_balancer.partition(':loadbalancer/')[2]}/{target_group.rpartition(':')[2]}"


def arns_of(label: str | None, policy: str) -> tuple[str | None, str | None]:
    """The ARNs of the balancer and the target group that a label names; they stand where the policy does."""
    balancer, _, group = (label or "").partition("/targetgroup/")
    if not group:
        return None, None
    partition, _, region, account = policy.split(":")[1:5]
    home = f"arn:{partition}:elasticloadbalancing:{region}:{account}"
    return f"{home}:loadbalancer/{balancer}", f"{home}:targetgroup/{group}"


def ids_of(requests: Requests | None, ids: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The same of what is wanted."""
    return (ids[requests.load_balancer], ids[requests.target_group]) if requests else (None, None)
