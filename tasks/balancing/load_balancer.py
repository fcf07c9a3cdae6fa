"""Load balancers: for HTTP (application), and for TCP, UDP and TLS (network)."""

import re
import secrets
from collections.abc import Iterator, Mapping

from botocore.exceptions import ClientError

from blueprints.load_balancers import LoadBalancer
from tasks.balancing.listing import load_balancers
from tasks.balancing.load_balancer_state import (
    SWITCHES,
    LoadBalancerState,
    places,
    settings,
    static_addresses,
    told_state,
    wanted_state,
)
from tasks.balancing.tagging import TaggedByArn
from tasks.errors import CastraError, Refused, code_of, gone_is_fine
from tasks.kind import Found, Phase
from tasks.retry import when_visible
from tasks.scope import Scope, as_list
from tasks.waiting import wait_for, wait_until

PHASES: dict[str, Phase] = {
    "provisioning": "pending",
    "active": "standing",
    "active_impaired": "standing",  # it works, but can't scale further
    "failed": "failed",
}


class LoadBalancerKind(TaggedByArn[LoadBalancer, LoadBalancerState]):
    """Load balancers, application and network ones."""

    name = "load-balancer"
    holds = "its DNS name"
    whole_at_birth = False
    outlasted_by = ("internet-gateway",)
    actions = (
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:SetSecurityGroups",
        "elasticloadbalancing:SetSubnets",
    )

    def owned(self, scope: Scope) -> Iterator[Found[LoadBalancerState]]:
        """The shared listing, and a call a balancer for its attributes: AWS has no bulk form."""
        for balancer, tags in load_balancers(scope):
            name, id = self.named_in(tags), balancer["LoadBalancerArn"]
            if name and (attributes := _attributes(scope, id)):
                state = told_state(balancer, attributes)
                phase, outputs = PHASES[balancer["State"]["Code"]], {"dns_name": balancer["DNSName"]}
                if addresses := [one["IpAddress"] for one in static_addresses(balancer) if one.get("IpAddress")]:
                    outputs["addresses"] = ", ".join(sorted(addresses))
                yield Found(self.name, name, id, state, tags, phase, outputs, protected=state.deletion_protection)

    def wanted(self, part: LoadBalancer, ids: Mapping[str, str]) -> LoadBalancerState:
        """See the base."""
        return wanted_state(part, ids)

    def create(self, scope: Scope, name: str, wanted: LoadBalancerState) -> str:
        """Sent once, under a name that nothing else has: see `fresh_name`."""
        balancer = when_visible(
            f"subnets and groups of load balancer {name}",
            scope.client("elbv2", once=True).create_load_balancer,
            Name=re.sub("^(internal-)+", "", fresh_name(scope, name)),  # AWS keeps names that begin so for itself
            Type=wanted.type,
            Scheme=wanted.scheme,
            **places(wanted),
            SecurityGroups=list(wanted.groups),
            Tags=as_list(self.birth_tags(scope, name, wanted)),
        )
        id = str(balancer["LoadBalancers"][0]["LoadBalancerArn"])
        logs = frozenset({"access_logs"} if wanted.access_logs else ())
        self.update(scope, id, wanted, frozenset({"idle_timeout", *SWITCHES}) | logs)
        return id

    def ready(self, scope: Scope, id: str) -> None:
        """A balancer takes 150 to 174 s. Botocore's waiter knows neither the failed nor the impaired ones."""
        wait_until(scope, lambda: _stands(scope, id), f"load balancer {id}", 600)

    def update(self, scope: Scope, id: str, wanted: LoadBalancerState, changed: frozenset[str]) -> None:
        """Subnets and groups are set whole, a call each; the rest are attributes, in one call."""
        balancer, what = {"LoadBalancerArn": id}, f"load balancer {id}, its subnets and groups"
        if {"subnets", "addresses"} & changed:
            when_visible(what, scope.elbv2.set_subnets, **balancer, **places(wanted))
        if "groups" in changed:
            when_visible(what, scope.elbv2.set_security_groups, **balancer, SecurityGroups=list(wanted.groups))
        if attributes := as_list(settings(wanted, changed)):
            when_visible(what, scope.elbv2.modify_load_balancer_attributes, **balancer, Attributes=attributes)

    def delete(self, scope: Scope, id: str) -> None:
        """Takes its listeners and rules along, whoever made them. Never turns deletion protection off by itself.

        Its network interfaces hold its subnets and groups for some time after; it's their deletes that wait for that.
        """
        try:
            with gone_is_fine("LoadBalancerNotFound"):
                scope.elbv2.delete_load_balancer(LoadBalancerArn=id)
        except ClientError as error:
            if code_of(error) != "OperationNotPermitted":
                raise
            why = f"AWS doesn't let it go: {error.response['Error']['Message']}"
            way_out = "If deletion protection is on, set deletion_protection: false, raise that, and run this again"
            raise Refused(f"load balancer {id}", why, way_out) from error
        wait_for(scope, "elbv2", "load_balancers_deleted", f"the end of load balancer {id}", 300, LoadBalancerArns=[id])


def fresh_name(scope: Scope, name: str) -> str:
    """A name for a balancer or target group that is being made: 32 characters, and one of its own each time.

    AWS answers a create of the same name and settings with the one that stands: it may be the failed or retired one
    that is to be replaced. What was made is found by its tags, never by its name. Two hyphens in a row are refused.
    """
    return scope.name(name, 32, variant=secrets.token_hex(8), double_hyphens=False)


def _attributes(scope: Scope, id: str) -> dict[str, str]:
    """Its attributes; none if it went since it was listed."""
    with gone_is_fine("LoadBalancerNotFound"):
        told = scope.elbv2.describe_load_balancer_attributes(LoadBalancerArn=id)["Attributes"]
        return {attribute["Key"]: attribute["Value"] for attribute in told}
    return {}


def _stands(scope: Scope, id: str) -> bool:
    """Whether it's ready. Raises CastraError with AWS's reason where it never will be."""
    state = {"Code": "provisioning"}
    with gone_is_fine("LoadBalancerNotFound"):
        state = scope.elbv2.describe_load_balancers(LoadBalancerArns=[id])["LoadBalancers"][0]["State"]
    if PHASES[state["Code"]] == "failed":
        why = f"it has failed: {state.get('Reason', 'AWS gives no reason')}"
        raise CastraError(f"load balancer {id}", why, "Mend the cause and run again: it will be replaced")
    return PHASES[state["Code"]] == "standing"
