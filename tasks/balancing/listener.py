"""Listeners: the ports of load balancers."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.balancing import Listener
from tasks.balancing.forwarding import actions_to, targets_of
from tasks.balancing.listing import listeners
from tasks.balancing.tagging import TaggedByArn
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Fixed, Found, State, Unordered
from tasks.retry import when_visible
from tasks.scope import Scope, as_list


class ListenerState(State):
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html

    `target_group` is one ARN, or what somebody made of the default action by hand.
    """

    load_balancer: Fixed[str]
    port: int
    protocol: str
    target_group: Unordered[str]


class ListenerKind(TaggedByArn[Listener, ListenerState]):
    """Listeners: the ports of load balancers.

    Replaced only with its balancer, and then the old one goes first: AWS lets a target group serve one balancer.
    """

    name = "listener"
    goes_first = True
    actions = (
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:RemoveTags",
    )

    def owned(self, scope: Scope) -> Iterator[Found[ListenerState]]:
        """The shared listing; one without tags, on a balancer of ours, is not ours."""
        for listener, tags in listeners(scope):
            if name := self.named_in(tags):
                port, protocol = int(listener["Port"]), listener["Protocol"]
                state = ListenerState(
                    load_balancer=listener["LoadBalancerArn"],
                    port=port,
                    protocol=protocol,
                    target_group=targets_of(listener["DefaultActions"]),
                )
                outputs = {"url": f"{protocol.lower()}://{listener['DNSName']}{'' if port == 80 else f':{port}'}"}
                yield Found(self.name, name, listener["ListenerArn"], state, tags, outputs=outputs)

    def wanted(self, part: Listener, ids: Mapping[str, str]) -> ListenerState:
        """See the base."""
        return ListenerState(
            load_balancer=ids[part.load_balancer],
            port=part.port,
            protocol=part.protocol,
            target_group=(ids[part.target_group],),
        )

    def create(self, scope: Scope, name: str, wanted: ListenerState) -> str:
        """Sent once: a second try would find the port taken by the first."""
        listener = _on_its_port(
            wanted,
            scope.client("elbv2", once=True).create_listener,
            LoadBalancerArn=wanted.load_balancer,
            Port=wanted.port,
            Protocol=wanted.protocol,
            DefaultActions=actions_to(wanted.target_group),
            Tags=as_list(self.birth_tags(scope, name, wanted)),
        )
        return str(listener["Listeners"][0]["ListenerArn"])

    def update(self, scope: Scope, id: str, wanted: ListenerState, changed: frozenset[str]) -> None:
        """All in one call; its rules stay."""
        _on_its_port(
            wanted,
            scope.elbv2.modify_listener,
            ListenerArn=id,
            Port=wanted.port,
            Protocol=wanted.protocol,
            DefaultActions=actions_to(wanted.target_group),
        )

    def delete(self, scope: Scope, id: str) -> None:
        """Takes its rules along."""
        with gone_is_fine("ListenerNotFound"):
            scope.elbv2.delete_listener(ListenerArn=id)


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
