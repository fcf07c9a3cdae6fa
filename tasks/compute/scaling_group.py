"""Scaling groups: instances of one launch template, kept at a number that AWS chooses within bounds."""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from botocore.exceptions import ClientError

from blueprints.servers import ScalingGroup
from tasks.compute.belongings import MOVED, moved_bounds
from tasks.compute.groups import capacity, in_service, named, named_lately, running, standing_groups
from tasks.compute.launches import Failures
from tasks.compute.mixed_instances import MixedState, launching, mix_in, template_in, wanted_mix
from tasks.compute.paused import as_before, still_paused
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import AtBirth, Found, Kind, Phase, State, Unordered
from tasks.retry import when_released, when_visible
from tasks.scope import ENVIRONMENT, PART, RESERVED, Scope, as_dict
from tasks.waiting import wait_until

AT_ONCE = 10  # target groups a call
WITHIN = 900  # seconds until all instances serve; made and destroyed, a group takes 58 to 115


Size = int | Literal["moved by AWS"]


class ScalingGroupState(State):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-groups.html

    A bound that a schedule moves is no state while it does: docs/decisions/0013-sizes-that-move.md.
    """

    template: str
    version: str = "$Default"
    subnets: Unordered[str]
    min: Size
    max: Size
    first: AtBirth[tuple[int, int] | None] = None
    target_groups: Unordered[str]
    classic_balancers: Unordered[str] = ()
    health_check: str
    grace: int
    mixed: MixedState | None = None


class ScalingGroupKind(Kind[ScalingGroup, ScalingGroupState]):
    """Scaling groups: instances of one launch template, kept at a number that AWS chooses within bounds."""

    name = "scaling-group"
    # Until its instances have ended, they speak to others, and their public addresses hold the internet gateway.
    # A NAT gateway isn't among these: it takes longest to go, and who's ended by force is promised no internet.
    outlasted_by = ("firewall", "internet-gateway")
    actions = (
        "autoscaling:AttachLoadBalancerTargetGroups",
        "autoscaling:AttachLoadBalancers",
        "autoscaling:CreateAutoScalingGroup",
        "autoscaling:CreateOrUpdateTags",
        "autoscaling:DeleteAutoScalingGroup",
        "autoscaling:DeleteTags",
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribePolicies",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeScheduledActions",
        "autoscaling:DetachLoadBalancerTargetGroups",
        "autoscaling:DetachLoadBalancers",
        "autoscaling:UpdateAutoScalingGroup",
        "ec2:CreateTags",
        "ec2:DescribeInstances",
        "ec2:RunInstances",
        "iam:CreateServiceLinkedRole",
        "iam:PassRole",
    )

    def owned(self, scope: Scope) -> Iterator[Found[ScalingGroupState]]:
        """See `standing_groups`, and `moved_bounds` for the bounds that are no state."""
        moved = moved_bounds(scope)
        for group in standing_groups(scope):
            tags = as_dict(group.get("Tags"))
            if name := self.named_in(tags):
                outputs = {"instances_in_service": str(in_service(group))}
                id = group["AutoScalingGroupName"]
                state = _state(as_before(group, tags), moved.get(id, frozenset()))
                yield Found(self.name, name, id, state, tags, _phase(group), outputs)

    def wanted(self, part: ScalingGroup, ids: Mapping[str, str]) -> ScalingGroupState:
        """See the base."""
        return ScalingGroupState(
            template=ids[part.template],
            subnets=tuple(ids[subnet] for subnet in part.subnets),
            min=MOVED if "min" in part.moved else part.min,
            max=MOVED if "max" in part.moved else part.max,
            first=(part.min, part.max),
            target_groups=tuple(ids[group] for group in part.target_groups),
            classic_balancers=tuple(ids[balancer] for balancer in part.classic_balancers),
            health_check=part.health_check,
            grace=part.grace,
            mixed=wanted_mix(part.mixed),
        )

    def create(self, scope: Scope, name: str, wanted: ScalingGroupState) -> str:
        """CreateAutoScalingGroup has no ClientToken: sent once. More than ten target groups take a second call."""
        id = scope.name(name)
        now, later = wanted.target_groups[:AT_ONCE], wanted.target_groups[AT_ONCE:]
        if named(scope, id) is None:
            try:
                when_visible(
                    f"what scaling group {id} needs",
                    scope.client("autoscaling", once=True).create_auto_scaling_group,
                    **_settings(id, wanted) | _first_sizes(wanted),
                    TargetGroupARNs=list(now),
                    **({"LoadBalancerNames": list(wanted.classic_balancers)} if wanted.classic_balancers else {}),
                    Tags=_tags(id, self.birth_tags(scope, name, wanted)),
                )
            except ClientError as error:
                if code_of(error) != "AlreadyExists":
                    raise
            else:
                _attach(scope, id, later)
                return id
        self._refuse_foreign(scope, name, id)
        self.update(scope, id, wanted, frozenset(ScalingGroupState.model_fields))
        return id

    def ready(self, scope: Scope, id: str) -> None:
        """Its minimum of instances is in service; a launch that fails for good is told as soon as it's seen."""
        failures, started = Failures(scope, id), time.monotonic()

        def enough() -> bool:
            group = named_lately(scope, id, started)
            if group and capacity(group) >= group["MinSize"]:
                return True
            failures.raise_hopeless()
            return False

        wait_until(scope, enough, f"scaling group {id}", WITHIN, failures.told)

    def update(self, scope: Scope, id: str, wanted: ScalingGroupState, changed: frozenset[str]) -> None:
        """Instances that run stay as they are; AWS moves them where the subnets changed."""
        if changed - {"target_groups", "classic_balancers"}:
            settings = still_paused(scope, id, _settings(id, wanted))
            when_visible(f"what scaling group {id} needs", scope.autoscaling.update_auto_scaling_group, **settings)
        if "target_groups" in changed:
            standing = frozenset((named(scope, id) or {}).get("TargetGroupARNs", []))
            _attach(scope, id, tuple(arn for arn in wanted.target_groups if arn not in standing))
            _detach(scope, id, tuple(sorted(standing - set(wanted.target_groups))))
        if "classic_balancers" in changed:
            _set_classic_balancers(scope, id, wanted.classic_balancers)

    def delete(self, scope: Scope, id: str) -> None:
        """By force, with its instances; returns when they have ended, so that what they used is free."""
        with gone_is_fine("ValidationError", saying="not found"):
            delete = {"AutoScalingGroupName": id, "ForceDelete": True}
            when_released(f"scaling group {id}", scope.autoscaling.delete_auto_scaling_group, **delete)

        deleted = time.monotonic()

        def gone() -> bool:
            return named_lately(scope, id, deleted) is None and not running(scope, id, deleted)

        wait_until(scope, gone, f"scaling group {id}", WITHIN, lambda: "it, or one of its instances, is still there")

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """Auto Scaling's way. Instances that run keep the tags that they were launched with."""
        scope.autoscaling.create_or_update_tags(Tags=_tags(id, tags))
        if dropped:
            gone = [
                {key: tag[key] for key in ("ResourceId", "ResourceType", "Key")}
                for tag in _tags(id, dict.fromkeys(dropped, ""))
            ]
            scope.autoscaling.delete_tags(Tags=gone)

    def _refuse_foreign(self, scope: Scope, name: str, id: str) -> None:
        """Raise CastraError if the group of this name isn't ours."""
        tags = as_dict((named(scope, id) or {}).get("Tags"))
        if not (scope.owns(tags) and self.named_in(tags) == name):
            way_out = f"Delete it, or tag it with {ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
            raise CastraError(self.key(name), f"there is a scaling group {id} that doesn't carry its tags", way_out)


# ---------------------------------------------------------------------- AWS's words and ours


def _state(group: Mapping[str, Any], moved: frozenset[str]) -> ScalingGroupState:
    template = template_in(group)
    return ScalingGroupState(
        template=template.get("LaunchTemplateId", ""),
        version=template.get("Version") or "$Default",
        subnets=tuple(filter(None, group.get("VPCZoneIdentifier", "").split(","))),
        min=MOVED if "min" in moved else group["MinSize"],
        max=MOVED if "max" in moved else group["MaxSize"],
        target_groups=tuple(group.get("TargetGroupARNs", [])),
        classic_balancers=tuple(group.get("LoadBalancerNames", [])),
        health_check=group["HealthCheckType"],
        grace=group.get("HealthCheckGracePeriod", 0),
        mixed=mix_in(group),
    )


def _settings(id: str, wanted: ScalingGroupState) -> dict[str, Any]:
    """What create and update take alike; how many run between the bounds, and a bound that moves, is left to AWS."""
    sizes = {"MinSize": wanted.min, "MaxSize": wanted.max}
    return {
        "AutoScalingGroupName": id,
        **launching(wanted.template, wanted.version, wanted.mixed),
        "VPCZoneIdentifier": ",".join(wanted.subnets),
        **{name: size for name, size in sizes.items() if size != MOVED},
        "HealthCheckType": wanted.health_check,
        "HealthCheckGracePeriod": wanted.grace,
    }


def _first_sizes(wanted: ScalingGroupState) -> dict[str, int]:
    """A group can't be made without sizes."""
    return dict(zip(("MinSize", "MaxSize"), wanted.first, strict=True)) if wanted.first else {}


def _phase(group: Mapping[str, Any]) -> Phase:
    """AWS tells a status only while it's being deleted."""
    if group.get("Status"):
        return "leaving"
    return "standing" if capacity(group) >= group["MinSize"] else "pending"


def _tags(id: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Instances are given the environment, the part, and the user's tags; a record of the group's own stays its own."""
    return [
        {
            "ResourceId": id,
            "ResourceType": "auto-scaling-group",
            "Key": key,
            "Value": value,
            "PropagateAtLaunch": key in (ENVIRONMENT, PART) or not key.startswith(RESERVED),
        }
        for key, value in tags.items()
    ]


def _attach(scope: Scope, id: str, target_groups: tuple[str, ...]) -> None:
    for start in range(0, len(target_groups), AT_ONCE):
        some = {"AutoScalingGroupName": id, "TargetGroupARNs": list(target_groups[start : start + AT_ONCE])}
        when_visible(f"target groups of {id}", scope.autoscaling.attach_load_balancer_target_groups, **some)


def _detach(scope: Scope, id: str, target_groups: tuple[str, ...]) -> None:
    for start in range(0, len(target_groups), AT_ONCE):
        some = list(target_groups[start : start + AT_ONCE])
        scope.autoscaling.detach_load_balancer_target_groups(AutoScalingGroupName=id, TargetGroupARNs=some)


def _set_classic_balancers(scope: Scope, id: str, wanted: tuple[str, ...]) -> None:
    """First those that come, then those that go: no visitor finds nobody in between."""
    standing = frozenset((named(scope, id) or {}).get("LoadBalancerNames", []))
    for names, call in (
        (sorted(set(wanted) - standing), scope.autoscaling.attach_load_balancers),
        (sorted(standing - set(wanted)), scope.autoscaling.detach_load_balancers),
    ):
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            when_visible(f"load balancers of {id}", call, AutoScalingGroupName=id, LoadBalancerNames=some)
