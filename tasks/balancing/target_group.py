"""Target groups: the instances that requests are sent to."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.load_balancers import TargetGroup
from tasks.balancing.listing import target_groups
from tasks.balancing.load_balancer import fresh_name
from tasks.balancing.tagging import TaggedByArn
from tasks.errors import gone_is_fine
from tasks.kind import Fixed, Found, State
from tasks.retry import when_released, when_visible
from tasks.scope import Scope, as_list

AS_BALANCER = "use_load_balancer_configuration"
CROSS_ZONE, PRESERVE = "load_balancing.cross_zone.enabled", "preserve_client_ip.enabled"
HTTP = ("HTTP", "HTTPS")


class HealthCheckState(State):
    """As HealthCheck of the blueprint, whatever somebody set by hand. TCP has neither path nor codes: they're empty."""

    path: str
    port: str
    protocol: str
    codes: str
    interval: int
    timeout: int
    healthy_after: int
    unhealthy_after: int


class TargetGroupState(State):
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html

    `stickiness`: seconds, or the type where it's another than the balancer's own cookie: `source_ip`, or what somebody
    chose by hand. `cross_zone` is AWS's word. `preserve_client_ip` is None where the balancer itself asks (HTTP).
    """

    vpc: Fixed[str]
    port: Fixed[int]
    protocol: Fixed[str]
    health_check: HealthCheckState
    stickiness: int | str
    deregistration_delay: int
    cross_zone: str = AS_BALANCER
    preserve_client_ip: bool | None = None


class TargetGroupKind(TaggedByArn[TargetGroup, TargetGroupState]):
    """Target groups: the instances that requests are sent to."""

    name = "target-group"
    whole_at_birth = False
    actions = (
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateTargetGroup",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:RemoveTags",
    )

    def owned(self, scope: Scope) -> Iterator[Found[TargetGroupState]]:
        """The shared listing, and a call a target group for its attributes: AWS has no bulk form."""
        for group, tags in target_groups(scope):
            name, id = self.named_in(tags), group["TargetGroupArn"]
            if name and (attributes := _attributes(scope, id)):
                state = TargetGroupState(
                    vpc=group["VpcId"],
                    port=group["Port"],
                    protocol=group["Protocol"],
                    health_check=_health_check(group),
                    stickiness=_stickiness(attributes),
                    deregistration_delay=int(attributes["deregistration_delay.timeout_seconds"]),
                    cross_zone=attributes.get(CROSS_ZONE, AS_BALANCER),
                    preserve_client_ip=None
                    if group["Protocol"] in HTTP
                    else attributes.get(PRESERVE, "true") == "true",
                )
                yield Found(self.name, name, id, state, tags)

    def wanted(self, part: TargetGroup, ids: Mapping[str, str]) -> TargetGroupState:
        """See the base."""
        check = part.health_check
        unasked = {"path": "", "codes": ""} if check.protocol == "TCP" else {}
        return TargetGroupState(
            vpc=ids[part.vpc],
            port=part.port,
            protocol=part.protocol,
            health_check=HealthCheckState(**(check.model_dump() | {"port": str(check.port)} | unasked)),
            stickiness=part.stickiness,
            deregistration_delay=part.deregistration_delay,
            cross_zone=AS_BALANCER if part.cross_zone is None else _word(part.cross_zone),
            preserve_client_ip=None if part.protocol in HTTP else part.preserve_client_ip is not False,
        )

    def create(self, scope: Scope, name: str, wanted: TargetGroupState) -> str:
        """Sent once, under a name that nothing else has: see `fresh_name`."""
        group = when_visible(
            f"vpc {wanted.vpc}",
            scope.client("elbv2", once=True).create_target_group,
            Name=fresh_name(scope, name),
            TargetType="instance",
            VpcId=wanted.vpc,
            Port=wanted.port,
            Protocol=wanted.protocol,
            **_checking(wanted.health_check),
            Tags=as_list(self.birth_tags(scope, name, wanted)),
        )
        id = str(group["TargetGroups"][0]["TargetGroupArn"])
        unusual = {"cross_zone": wanted.cross_zone != AS_BALANCER, "preserve_client_ip": not wanted.preserve_client_ip}
        asked = frozenset(name for name, so in unusual.items() if so)
        self.update(scope, id, wanted, asked | {"stickiness", "deregistration_delay"})
        return id

    def update(self, scope: Scope, id: str, wanted: TargetGroupState, changed: frozenset[str]) -> None:
        """The health check in one call, the attributes in another."""
        group, what = {"TargetGroupArn": id}, f"target group {id}"
        if "health_check" in changed:
            when_visible(what, scope.elbv2.modify_target_group, **group, **_checking(wanted.health_check))
        values = _settings(wanted, changed)
        if values:
            attributes = as_list(values)
            when_visible(what, scope.elbv2.modify_target_group_attributes, **group, Attributes=attributes)

    def delete(self, scope: Scope, id: str) -> None:
        """Waits until no listener and no rule names it any longer."""
        with gone_is_fine("TargetGroupNotFound"):
            what = f"listeners and rules to let go of target group {id}"
            when_released(what, scope.elbv2.delete_target_group, TargetGroupArn=id)


def _attributes(scope: Scope, id: str) -> dict[str, str]:
    """Its attributes; none if it went since it was listed."""
    with gone_is_fine("TargetGroupNotFound"):
        told = scope.elbv2.describe_target_group_attributes(TargetGroupArn=id)["Attributes"]
        return {attribute["Key"]: attribute["Value"] for attribute in told}
    return {}


def _settings(wanted: TargetGroupState, changed: frozenset[str]) -> dict[str, str]:
    """The attributes among what changed."""
    values: dict[str, str] = {}
    if "stickiness" in changed:
        values["stickiness.enabled"] = _word(bool(wanted.stickiness))
        if isinstance(wanted.stickiness, str):
            values["stickiness.type"] = wanted.stickiness
        elif wanted.stickiness:
            values["stickiness.type"] = "lb_cookie"
            values["stickiness.lb_cookie.duration_seconds"] = str(wanted.stickiness)
    if "deregistration_delay" in changed:
        values["deregistration_delay.timeout_seconds"] = str(wanted.deregistration_delay)
    if "cross_zone" in changed:
        values[CROSS_ZONE] = wanted.cross_zone
    if "preserve_client_ip" in changed and wanted.preserve_client_ip is not None:
        values[PRESERVE] = _word(wanted.preserve_client_ip)
    return values


def _word(value: bool) -> str:
    return "true" if value else "false"


def _stickiness(attributes: Mapping[str, str]) -> int | str:
    """Seconds, 0 where it's off, or the type where it's another than the balancer's own cookie."""
    if attributes.get("stickiness.enabled") != "true":
        return 0
    type = attributes.get("stickiness.type", "lb_cookie")
    return int(attributes["stickiness.lb_cookie.duration_seconds"]) if type == "lb_cookie" else type


def _health_check(group: Mapping[str, Any]) -> HealthCheckState:
    """The health check of a described target group."""
    by_http = group["HealthCheckProtocol"] in HTTP
    return HealthCheckState(
        path=group.get("HealthCheckPath", "") if by_http else "",
        port=group["HealthCheckPort"],
        protocol=group["HealthCheckProtocol"],
        codes=group.get("Matcher", {}).get("HttpCode", "") if by_http else "",
        interval=group["HealthCheckIntervalSeconds"],
        timeout=group["HealthCheckTimeoutSeconds"],
        healthy_after=group["HealthyThresholdCount"],
        unhealthy_after=group["UnhealthyThresholdCount"],
    )


def _checking(check: HealthCheckState) -> dict[str, Any]:
    """A health check, as the calls that make and modify take it."""
    by_http = {"HealthCheckPath": check.path, "Matcher": {"HttpCode": check.codes}} if check.path else {}
    return {
        **by_http,
        "HealthCheckPort": check.port,
        "HealthCheckProtocol": check.protocol,
        "HealthCheckIntervalSeconds": check.interval,
        "HealthCheckTimeoutSeconds": check.timeout,
        "HealthyThresholdCount": check.healthy_after,
        "UnhealthyThresholdCount": check.unhealthy_after,
    }
