"""Classic load balancers, with their ports and their health check."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.classic import ClassicBalancer
from tasks.balancing.classic_listeners import as_aws, set_listeners, told_listeners
from tasks.balancing.classic_state import ClassicBalancerState, checking, settings, told_state, wanted_state
from tasks.balancing.listing import classic_balancers
from tasks.balancing.load_balancer import fresh_name
from tasks.errors import gone_is_fine
from tasks.kind import Found, Kind
from tasks.retry import when_visible
from tasks.scope import Scope, as_list

GONE = "LoadBalancerNotFound"


class ClassicBalancerKind(Kind[ClassicBalancer, ClassicBalancerState]):
    """Classic load balancers."""

    name = "classic-balancer"
    holds = "its DNS name"
    whole_at_birth = False
    outlasted_by = ("internet-gateway",)
    actions = (
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:ApplySecurityGroupsToLoadBalancer",
        "elasticloadbalancing:AttachLoadBalancerToSubnets",
        "elasticloadbalancing:ConfigureHealthCheck",
        "elasticloadbalancing:CreateAppCookieStickinessPolicy",
        "elasticloadbalancing:CreateLBCookieStickinessPolicy",
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:CreateLoadBalancerListeners",
        "elasticloadbalancing:CreateLoadBalancerPolicy",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteLoadBalancerListeners",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancerPolicies",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DetachLoadBalancerFromSubnets",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:SetLoadBalancerListenerSSLCertificate",
        "elasticloadbalancing:SetLoadBalancerPoliciesOfListener",
    )

    def owned(self, scope: Scope) -> Iterator[Found[ClassicBalancerState]]:
        """All of the account are listed, their tags twenty a call; a call a balancer of ours for its attributes."""
        for balancer, tags in classic_balancers(scope):
            name, id = self.named_in(tags), balancer["LoadBalancerName"]
            if name and (attributes := _attributes(scope, id)):
                state = told_state(balancer, attributes, told_listeners(scope, balancer))
                yield Found(self.name, name, id, state, tags, outputs={"dns_name": balancer["DNSName"]})

    def wanted(self, part: ClassicBalancer, ids: Mapping[str, str]) -> ClassicBalancerState:
        """See the base."""
        return wanted_state(part, ids)

    def create(self, scope: Scope, name: str, wanted: ClassicBalancerState) -> str:
        """Sent once, under a name that nothing else has: see `fresh_name`."""
        id = fresh_name(scope, name)
        when_visible(
            f"subnets and groups of classic load balancer {name}",
            scope.client("elb", once=True).create_load_balancer,
            LoadBalancerName=id,
            Listeners=[as_aws(one) for one in wanted.listeners],
            Subnets=list(wanted.subnets),
            SecurityGroups=list(wanted.groups),
            **({"Scheme": "internal"} if wanted.scheme == "internal" else {}),
            Tags=as_list(self.birth_tags(scope, name, wanted)),
        )
        plain = {
            one.port: one.model_copy(update={"ssl_policy": "", "sticky": 0, "cookie": ""}) for one in wanted.listeners
        }
        set_listeners(scope, id, plain, {one.port: one for one in wanted.listeners})
        self.update(scope, id, wanted, frozenset(wanted.__class__.model_fields) - {"subnets", "groups", "listeners"})
        return id

    def update(self, scope: Scope, id: str, wanted: ClassicBalancerState, changed: frozenset[str]) -> None:
        """Subnets, groups, ports and health check each by calls of their own; the rest are attributes, in one call."""
        elb, balancer = scope.client("elb"), {"LoadBalancerName": id}
        if changed & {"subnets", "listeners"}:
            (now,) = elb.describe_load_balancers(LoadBalancerNames=[id])["LoadBalancerDescriptions"]
        if "subnets" in changed:
            if coming := sorted(set(wanted.subnets) - set(now["Subnets"])):
                when_visible(f"subnets of {id}", elb.attach_load_balancer_to_subnets, **balancer, Subnets=coming)
            if going := sorted(set(now["Subnets"]) - set(wanted.subnets)):
                elb.detach_load_balancer_from_subnets(**balancer, Subnets=going)
        if "groups" in changed:
            apply = elb.apply_security_groups_to_load_balancer
            when_visible(f"groups of {id}", apply, **balancer, SecurityGroups=list(wanted.groups))
        if "listeners" in changed:
            standing = {one.port: one for one in told_listeners(scope, now)}
            set_listeners(scope, id, standing, {one.port: one for one in wanted.listeners})
        if "health_check" in changed:
            elb.configure_health_check(**balancer, HealthCheck=checking(wanted.health_check))
        if attributes := settings(wanted, changed):
            elb.modify_load_balancer_attributes(**balancer, LoadBalancerAttributes=attributes)

    def delete(self, scope: Scope, id: str) -> None:
        """Gone at once. Its network interfaces hold its subnets and groups for some time after."""
        with gone_is_fine(GONE):
            scope.client("elb").delete_load_balancer(LoadBalancerName=id)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """The classic API's way: by name."""
        scope.client("elb").add_tags(LoadBalancerNames=[id], Tags=as_list(tags))
        if dropped:
            keys = [{"Key": key} for key in sorted(dropped)]
            scope.client("elb").remove_tags(LoadBalancerNames=[id], Tags=keys)


# ---------------------------------------------------------------------- AWS's words and ours


def _attributes(scope: Scope, id: str) -> dict[str, Any]:
    """Its attributes; none if it went since it was listed."""
    with gone_is_fine(GONE):
        told = scope.client("elb").describe_load_balancer_attributes(LoadBalancerName=id)
        return dict(told["LoadBalancerAttributes"])
    return {}
