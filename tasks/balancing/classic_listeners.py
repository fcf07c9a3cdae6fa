"""Ports of classic load balancers: what is wanted of them, what AWS tells, and the policies that they're under."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.classic import ClassicBalancer
from tasks.errors import gone_is_fine
from tasks.kind import State
from tasks.scope import Scope, short_hash

TLS_TYPE, TLS_REFERENCE = "SSLNegotiationPolicyType", "Reference-Security-Policy"
HTTP = ("HTTP", "HTTPS")


class ClassicListenerState(State):
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-listener-config.html

    Sticky for `sticky` seconds (-1: as long as the browser is open, which somebody chose by hand), or as long as the
    application's `cookie`. What it hasn't is empty or 0.
    """

    port: int
    protocol: str
    target_port: int
    target_protocol: str
    certificate: str = ""
    ssl_policy: str = ""
    sticky: int = 0
    cookie: str = ""

    @property
    def shape(self) -> tuple[object, ...]:
        """What AWS can't change without deleting the port."""
        return (self.protocol, self.target_port, self.target_protocol, bool(self.certificate))

    @property
    def policies(self) -> tuple[object, ...]:
        """What policies say."""
        return (self.ssl_policy, self.sticky, self.cookie)


Listeners = Mapping[int, ClassicListenerState]


def wanted_listeners(part: ClassicBalancer) -> tuple[ClassicListenerState, ...]:
    """The part's ports. Only those of HTTP can be sticky."""
    return tuple(
        ClassicListenerState(
            port=one.port,
            protocol=one.protocol,
            target_port=one.target_port,
            target_protocol=one.target_protocol,
            certificate=one.certificate or "",
            ssl_policy=one.ssl_policy or "",
            sticky=part.stickiness if one.protocol in HTTP else 0,
            cookie=(part.cookie or "") if one.protocol in HTTP else "",
        )
        for one in part.listeners
    )


def told_listeners(scope: Scope, balancer: Mapping[str, Any]) -> tuple[ClassicListenerState, ...]:
    """What AWS tells; a call more where there's TLS, as AWS tells its policies only so."""
    policies, tls = balancer.get("Policies", {}), {}
    sticky = {one["PolicyName"]: one.get("CookieExpirationPeriod", -1) for one in _list(policies, "LBCookie")}
    cookies = {one["PolicyName"]: one["CookieName"] for one in _list(policies, "AppCookie")}
    described = balancer["ListenerDescriptions"]
    if any(one["Listener"].get("SSLCertificateId") for one in described):
        tls = _tls_policies(scope, balancer["LoadBalancerName"])

    def told(one: Mapping[str, Any]) -> ClassicListenerState:
        listener, names = one["Listener"], one.get("PolicyNames", ())
        return ClassicListenerState(
            port=listener["LoadBalancerPort"],
            protocol=listener["Protocol"],
            target_port=listener["InstancePort"],
            target_protocol=listener.get("InstanceProtocol", listener["Protocol"]),
            certificate=listener.get("SSLCertificateId", ""),
            ssl_policy=next((tls[name] for name in names if name in tls), ""),
            sticky=next((sticky[name] for name in names if name in sticky), 0),
            cookie=next((cookies[name] for name in names if name in cookies), ""),
        )

    return tuple(told(one) for one in described)


def as_aws(listener: ClassicListenerState) -> dict[str, Any]:
    """A port, as the calls that make it take it."""
    return {
        "LoadBalancerPort": listener.port,
        "Protocol": listener.protocol,
        "InstancePort": listener.target_port,
        "InstanceProtocol": listener.target_protocol,
        **({"SSLCertificateId": listener.certificate} if listener.certificate else {}),
    }


def set_listeners(scope: Scope, id: str, standing: Listeners, wanted: Listeners) -> None:
    """Ports that come, change and go. One that gets another protocol or target is away for a moment: AWS can't else."""
    elb, name = scope.client("elb"), {"LoadBalancerName": id}
    reshaped = [port for port in wanted.keys() & standing.keys() if wanted[port].shape != standing[port].shape]
    if reshaped:
        elb.delete_load_balancer_listeners(**name, LoadBalancerPorts=sorted(reshaped))
    if made := [as_aws(wanted[port]) for port in sorted({*reshaped, *(wanted.keys() - standing.keys())})]:
        elb.create_load_balancer_listeners(**name, Listeners=made)
    for port, one in wanted.items():
        before = None if port in reshaped else standing.get(port)
        if before and before.certificate != one.certificate:
            elb.set_load_balancer_listener_ssl_certificate(
                **name, LoadBalancerPort=port, SSLCertificateId=one.certificate
            )
        if one.policies != (before.policies if before else ("", 0, "")):
            policies = list(_policies(scope, id, one))
            elb.set_load_balancer_policies_of_listener(**name, LoadBalancerPort=port, PolicyNames=policies)
    if going := sorted(standing.keys() - wanted.keys()):
        elb.delete_load_balancer_listeners(**name, LoadBalancerPorts=going)


def _policies(scope: Scope, id: str, one: ClassicListenerState) -> Iterator[str]:
    """Names of the policies for a port, made where they aren't there. A name says what's in it: none ever changes."""
    elb, balancer = scope.client("elb"), {"LoadBalancerName": id}
    with gone_is_fine("DuplicatePolicyName"):
        if one.ssl_policy:
            yield (name := f"castra-{one.ssl_policy}")
            reference = {"AttributeName": TLS_REFERENCE, "AttributeValue": one.ssl_policy}
            elb.create_load_balancer_policy(
                **balancer, PolicyName=name, PolicyTypeName=TLS_TYPE, PolicyAttributes=[reference]
            )
    with gone_is_fine("DuplicatePolicyName"):
        if one.sticky:
            yield (name := f"castra-sticky-{one.sticky}")
            elb.create_lb_cookie_stickiness_policy(**balancer, PolicyName=name, CookieExpirationPeriod=one.sticky)
    with gone_is_fine("DuplicatePolicyName"):
        if one.cookie:
            yield (name := f"castra-cookie-{short_hash(one.cookie)}")
            elb.create_app_cookie_stickiness_policy(**balancer, PolicyName=name, CookieName=one.cookie)


def _tls_policies(scope: Scope, name: str) -> dict[str, str]:
    """A balancer's TLS policies, each to AWS's that it refers to, or to its name where it's of somebody's making."""
    with gone_is_fine("LoadBalancerNotFound"):
        told = scope.client("elb").describe_load_balancer_policies(LoadBalancerName=name)["PolicyDescriptions"]
        return {
            one["PolicyName"]: next(
                (
                    attribute["AttributeValue"]
                    for attribute in one.get("PolicyAttributeDescriptions", ())
                    if attribute["AttributeName"] == TLS_REFERENCE
                ),
                one["PolicyName"],
            )
            for one in told
            if one["PolicyTypeName"] == TLS_TYPE
        }
    return {}


def _list(policies: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
    return list(policies.get(f"{what}StickinessPolicies", ()))
