"""Listeners: the ports of load balancers."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.listening import Listener
from tasks.balancing.actions import Actions, as_aws, told_actions, wanted_actions
from tasks.balancing.listing import GONE, listeners
from tasks.balancing.tagging import TaggedByArn
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Fixed, Found, State, Unordered
from tasks.retry import when_visible
from tasks.scope import Scope, as_list

USUAL = {"HTTP": 80, "HTTPS": 443}  # ports that a URL needn't name


class ListenerState(State):
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html

    `certificate` is the default one, `more_certificates` those for other hosts (SNI); all are empty without TLS.
    """

    load_balancer: Fixed[str]
    port: int
    protocol: str
    certificate: str = ""
    more_certificates: Unordered[str] = ()
    ssl_policy: str = ""
    actions: Actions


class ListenerKind(TaggedByArn[Listener, ListenerState]):
    """Listeners: the ports of load balancers.

    Replaced only with its balancer, and then the old one goes first: AWS lets a target group serve one balancer.
    """

    name = "listener"
    goes_with = ("load-balancer",)
    goes_first = True
    whole_at_birth = False
    actions = (
        "elasticloadbalancing:AddListenerCertificates",
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:DescribeListenerCertificates",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:RemoveListenerCertificates",
        "elasticloadbalancing:RemoveTags",
    )

    def owned(self, scope: Scope) -> Iterator[Found[ListenerState]]:
        """The shared listing, and a call a listener with certificates for those beside the default one.

        One without tags, on a balancer of ours, is not ours.
        """
        for listener, tags in listeners(scope):
            if name := self.named_in(tags):
                id, port, protocol = listener["ListenerArn"], int(listener["Port"]), listener["Protocol"]
                default = next((one["CertificateArn"] for one in listener.get("Certificates", ())), "")
                state = ListenerState(
                    load_balancer=listener["LoadBalancerArn"],
                    port=port,
                    protocol=protocol,
                    certificate=default,
                    more_certificates=tuple(_certificates(scope, id) - {default}) if default else (),
                    ssl_policy=listener.get("SslPolicy", "") if default else "",
                    actions=told_actions(listener["DefaultActions"]),
                )
                shown = "" if port == USUAL.get(protocol) else f":{port}"
                outputs = {"url": f"{protocol.lower()}://{listener['DNSName']}{shown}"}
                yield Found(self.name, name, id, state, tags, outputs=outputs)

    def wanted(self, part: Listener, ids: Mapping[str, str]) -> ListenerState:
        """See the base."""
        return ListenerState(
            load_balancer=ids[part.load_balancer],
            port=part.port,
            protocol=part.protocol,
            certificate=next(iter(part.certificates), ""),
            more_certificates=part.certificates[1:],
            ssl_policy=part.ssl_policy or "",
            actions=wanted_actions(part.action, ids),
        )

    def create(self, scope: Scope, name: str, wanted: ListenerState) -> str:
        """Sent once: a second try would find the port taken by the first. It takes one certificate; more are added."""
        listener = _on_its_port(
            wanted,
            scope.client("elbv2", once=True).create_listener,
            LoadBalancerArn=wanted.load_balancer,
            **_settings(wanted),
            Tags=as_list(self.birth_tags(scope, name, wanted)),
        )
        id = str(listener["Listeners"][0]["ListenerArn"])
        if wanted.more_certificates:
            _set_more_certificates(scope, id, wanted)
        return id

    def update(self, scope: Scope, id: str, wanted: ListenerState, changed: frozenset[str]) -> None:
        """All in one call but for the certificates beside the default one; its rules stay."""
        if changed - {"more_certificates"}:
            _on_its_port(wanted, scope.elbv2.modify_listener, ListenerArn=id, **_settings(wanted))
        if wanted.certificate and changed & {"certificate", "more_certificates"}:
            _set_more_certificates(scope, id, wanted)

    def delete(self, scope: Scope, id: str) -> None:
        """Takes its rules along."""
        with gone_is_fine("ListenerNotFound"):
            scope.elbv2.delete_listener(ListenerArn=id)


def _settings(wanted: ListenerState) -> dict[str, Any]:
    """What create and modify take alike. Where TLS is left, AWS takes certificate and policy away by itself."""
    secure = {"Certificates": [{"CertificateArn": wanted.certificate}], "SslPolicy": wanted.ssl_policy}
    return {
        "Port": wanted.port,
        "Protocol": wanted.protocol,
        **(secure if wanted.certificate else {}),
        "DefaultActions": as_aws(wanted.actions),
    }


def _certificates(scope: Scope, id: str) -> set[str]:
    """All its certificates; AWS may tell the default one twice."""
    with gone_is_fine(*GONE):
        told = scope.pages("elbv2", "describe_listener_certificates", "Certificates", ListenerArn=id)
        return {one["CertificateArn"] for one in told}
    return set()


def _set_more_certificates(scope: Scope, id: str, wanted: ListenerState) -> None:
    """First those that come, then those that go: no host is without one in between."""
    standing = _certificates(scope, id) - {wanted.certificate}
    what = f"certificates of listener {id}"
    if coming := sorted(set(wanted.more_certificates) - standing):
        when_visible(what, scope.elbv2.add_listener_certificates, ListenerArn=id, Certificates=_as_aws(coming))
    if going := sorted(standing - set(wanted.more_certificates)):
        scope.elbv2.remove_listener_certificates(ListenerArn=id, Certificates=_as_aws(going))


def _as_aws(certificates: list[str]) -> list[dict[str, str]]:
    return [{"CertificateArn": arn} for arn in certificates]


def _on_its_port(wanted: ListenerState, call: Any, **arguments: Any) -> Any:
    """Call, once what it names is visible. Raises CastraError where another listener has the port.

    Nothing is moved out of the way: deleting a listener would take its rules along, and cut its connections.
    """
    try:
        return when_visible("load balancer and target group of a listener", call, **arguments)
    except ClientError as error:
        if code_of(error) != "DuplicateListener":
            raise
        way_out = "Keep the name of the listener that has the port, or delete that one in AWS and run again"
        raise CastraError(
            f"port {wanted.port} of {wanted.load_balancer}", "another listener has it already", way_out
        ) from error
