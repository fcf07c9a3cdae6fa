"""What is wanted of classic load balancers and what AWS tells of them, in one vocabulary."""

from collections.abc import Mapping
from typing import Any

from blueprints.classic import ClassicBalancer
from blueprints.health import HealthCheck
from tasks.balancing.classic_listeners import ClassicListenerState, wanted_listeners
from tasks.balancing.load_balancer_state import AccessLogsState, wanted_logs
from tasks.kind import Fixed, State, Unordered


class ClassicCheckState(State):
    """`target` is AWS's own form: `HTTP:8080/healthz`, `TCP:8080`."""

    target: str
    interval: int
    timeout: int
    healthy_after: int
    unhealthy_after: int


class ClassicBalancerState(State):
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/introduction.html"""

    vpc: Fixed[str]
    scheme: Fixed[str]
    subnets: Unordered[str]
    groups: Unordered[str]
    listeners: Unordered[ClassicListenerState]
    health_check: ClassicCheckState
    cross_zone: bool
    draining: int
    idle_timeout: int
    access_logs: AccessLogsState | None = None


def wanted_state(part: ClassicBalancer, ids: Mapping[str, str]) -> ClassicBalancerState:
    """The part."""
    check = part.health_check
    return ClassicBalancerState(
        vpc=ids[part.vpc],
        scheme="internet-facing" if part.public else "internal",
        subnets=tuple(ids[subnet] for subnet in part.subnets),
        groups=tuple(ids[group] for group in part.groups),
        listeners=wanted_listeners(part),
        health_check=ClassicCheckState(
            target=_target(check),
            interval=check.interval,
            timeout=check.timeout,
            healthy_after=check.healthy_after,
            unhealthy_after=check.unhealthy_after,
        ),
        cross_zone=part.cross_zone,
        draining=part.draining,
        idle_timeout=part.idle_timeout,
        access_logs=wanted_logs(part.access_logs),
    )


def told_state(
    balancer: Mapping[str, Any], attributes: Mapping[str, Any], listeners: tuple[ClassicListenerState, ...]
) -> ClassicBalancerState:
    """What AWS tells: the balancer as it's described, its attributes, and its ports."""
    check, logs = balancer.get("HealthCheck", {}), attributes.get("AccessLog", {})
    draining = attributes.get("ConnectionDraining", {})
    kept = AccessLogsState(bucket=logs.get("S3BucketName", ""), prefix=logs.get("S3BucketPrefix", ""))
    return ClassicBalancerState(
        vpc=balancer["VPCId"],
        scheme=balancer["Scheme"],
        subnets=tuple(balancer["Subnets"]),
        groups=tuple(balancer["SecurityGroups"]),
        listeners=listeners,
        health_check=ClassicCheckState(
            target=check.get("Target", ""),
            interval=check.get("Interval", 0),
            timeout=check.get("Timeout", 0),
            healthy_after=check.get("HealthyThreshold", 0),
            unhealthy_after=check.get("UnhealthyThreshold", 0),
        ),
        cross_zone=attributes["CrossZoneLoadBalancing"]["Enabled"],
        draining=draining.get("Timeout", 300) if draining.get("Enabled") else 0,
        idle_timeout=attributes["ConnectionSettings"]["IdleTimeout"],
        access_logs=kept if logs.get("Enabled") else None,
    )


def _target(check: HealthCheck) -> str:
    return f"{check.protocol}:{check.port}{'' if check.protocol == 'TCP' else check.path}"


def checking(check: ClassicCheckState) -> dict[str, Any]:
    """The health check, as the call that sets it takes it."""
    return {
        "Target": check.target,
        "Interval": check.interval,
        "Timeout": check.timeout,
        "HealthyThreshold": check.healthy_after,
        "UnhealthyThreshold": check.unhealthy_after,
    }


def settings(wanted: ClassicBalancerState, changed: frozenset[str]) -> dict[str, Any]:
    """The attributes among what changed."""
    told: dict[str, Any] = {}
    if "cross_zone" in changed:
        told["CrossZoneLoadBalancing"] = {"Enabled": wanted.cross_zone}
    if "draining" in changed:
        seconds = {"Timeout": wanted.draining} if wanted.draining else {}
        told["ConnectionDraining"] = {"Enabled": bool(wanted.draining), **seconds}
    if "idle_timeout" in changed:
        told["ConnectionSettings"] = {"IdleTimeout": wanted.idle_timeout}
    if "access_logs" in changed:
        logs = wanted.access_logs
        where = {"S3BucketName": logs.bucket, "S3BucketPrefix": logs.prefix} if logs else {}
        told["AccessLog"] = {"Enabled": bool(logs), **where}
    return told
