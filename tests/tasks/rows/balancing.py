"""Rows of the kinds in tasks/balancing."""

from typing import Any

from blueprints.classic import CLASSIC_TLS_POLICY, ClassicBalancer, ClassicListener
from blueprints.firewalls import SecurityGroup
from blueprints.gateways import InternetGateway
from blueprints.health import AccessLogs, HealthCheck
from blueprints.listening import (
    TLS_POLICY,
    Forward,
    HeaderIs,
    Listener,
    ListenerRule,
    QueryIs,
    Redirect,
    Share,
    forward,
)
from blueprints.load_balancers import LoadBalancer, TargetGroup
from blueprints.network import Subnet
from tasks.balancing.listing import rules_of
from tasks.scope import Scope, as_list
from tests.tasks.rows.network import VPC
from tests.tasks.rows.row import Row

GATEWAY = InternetGateway(name="main", vpc="vpc/main")
GROUPS = tuple(SecurityGroup(name=name, vpc="vpc/main") for name in ("balancer", "other"))
SUBNETS = tuple(
    Subnet(name=letter, vpc="vpc/main", cidr=f"10.0.{number}.0/24", zone=f"eu-west-1{letter}")
    for number, letter in enumerate("abc")
)
BALANCER = LoadBalancer(
    name="web", vpc="vpc/main", subnets=("subnet/a", "subnet/b"), groups=("security-group/balancer",)
)
TARGETS = TargetGroup(name="web", vpc="vpc/main", port=8080)
OTHER_TARGETS = TargetGroup(name="api", vpc="vpc/main", port=9090)
LISTENER = Listener(name="http", load_balancer="load-balancer/web", port=80, action=forward("target-group/web"))
CERTIFICATES = tuple(
    f"arn:aws:acm:eu-west-1:123456789012:certificate/00000000-0000-4000-8000-00000000000{number}" for number in "123"
)
SECURE = Listener(
    name="http",
    load_balancer="load-balancer/web",
    port=443,
    protocol="HTTPS",
    certificates=CERTIFICATES,
    ssl_policy=TLS_POLICY,
    action=Forward(
        shares=(Share(target_group="target-group/web", weight=90), Share(target_group="target-group/api", weight=10))
    ),
)
RULE = ListenerRule(
    name="api",
    listener="listener/http",
    priority=10,
    paths=("/api/*", "/v1/*"),
    hosts=("api.example.com",),
    action=forward("target-group/api"),
)
CLASSIC = ClassicBalancer(
    name="old",
    vpc="vpc/main",
    subnets=("subnet/a", "subnet/b"),
    groups=("security-group/balancer",),
    listeners=(ClassicListener(port=80, target_port=8080), ClassicListener(port=81, target_port=8080)),
    health_check=HealthCheck(path="/healthz", port=8080),
)
OTHER_BALANCER = BALANCER.model_copy(update={"name": "other"})
OTHER_LISTENER = LISTENER.model_copy(update={"name": "other", "port": 81})
BENEATH_BALANCER = (VPC, GATEWAY, *GROUPS, *SUBNETS)
BENEATH_LISTENER = (*BENEATH_BALANCER, BALANCER, TARGETS, OTHER_TARGETS)


def change_idle_timeout(scope: Scope, id: str) -> None:
    attributes = [{"Key": "idle_timeout.timeout_seconds", "Value": "7"}]
    scope.elbv2.modify_load_balancer_attributes(LoadBalancerArn=id, Attributes=attributes)


def second_balancer(scope: Scope, key: str) -> None:
    subnets = [subnet["SubnetId"] for subnet in scope.ec2.describe_subnets(Filters=scope.filters)["Subnets"]]
    name = f"twin-{scope.environment}"
    scope.elbv2.create_load_balancer(Name=name, Subnets=subnets, Scheme="internal", Tags=identity(scope, key))


def make_targets_sticky(scope: Scope, id: str) -> None:
    attributes = {
        "stickiness.enabled": "true",
        "stickiness.type": "app_cookie",
        "stickiness.app_cookie.cookie_name": "session",
    }
    scope.elbv2.modify_target_group_attributes(TargetGroupArn=id, Attributes=as_list(attributes))


def second_target_group(scope: Scope, key: str) -> None:
    vpc = scope.ec2.describe_vpcs(Filters=scope.filters)["Vpcs"][0]["VpcId"]
    name = f"twin-{scope.environment}"
    scope.elbv2.create_target_group(Name=name, Protocol="HTTP", Port=1, VpcId=vpc, Tags=identity(scope, key))


def close_listener(scope: Scope, id: str) -> None:
    scope.elbv2.modify_listener(ListenerArn=id, DefaultActions=[closed()])


def second_listener(scope: Scope, key: str) -> None:
    balancer = tagged(scope, scope.elbv2.describe_load_balancers()["LoadBalancers"], "LoadBalancerArn")
    scope.elbv2.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=7777, DefaultActions=[closed()], Tags=identity(scope, key)
    )


def change_conditions(scope: Scope, id: str) -> None:
    header = {"HttpHeaderName": "x-beta", "Values": ["yes"]}
    scope.elbv2.modify_rule(RuleArn=id, Conditions=[{"Field": "http-header", "HttpHeaderConfig": header}])


def second_rule(scope: Scope, key: str) -> None:
    balancer = tagged(scope, scope.elbv2.describe_load_balancers()["LoadBalancers"], "LoadBalancerArn")
    listener = scope.elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    conditions = [{"Field": "path-pattern", "Values": ["/twin"]}]
    scope.elbv2.create_rule(
        ListenerArn=listener, Priority=77, Conditions=conditions, Actions=[closed()], Tags=identity(scope, key)
    )


def trade_listeners(scope: Scope, id: str) -> None:
    """Other ports, and the cookies off the one that stays."""
    elb = scope.client("elb")
    other = {"LoadBalancerPort": 99, "Protocol": "TCP", "InstancePort": 99, "InstanceProtocol": "TCP"}
    elb.create_load_balancer_listeners(LoadBalancerName=id, Listeners=[other])
    elb.delete_load_balancer_listeners(LoadBalancerName=id, LoadBalancerPorts=[81])


def second_classic(scope: Scope, key: str) -> None:
    listener = {"LoadBalancerPort": 80, "Protocol": "HTTP", "InstancePort": 80, "InstanceProtocol": "HTTP"}
    subnets = [subnet["SubnetId"] for subnet in scope.ec2.describe_subnets(Filters=scope.filters)["Subnets"]]
    scope.client("elb").create_load_balancer(
        LoadBalancerName=f"twin-{scope.environment}",
        Listeners=[listener],
        Subnets=subnets[:1],
        Scheme="internal",
        Tags=identity(scope, key),
    )


def closed() -> dict[str, Any]:
    """An action that somebody may have chosen by hand."""
    return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}


def identity(scope: Scope, key: str) -> list[dict[str, str]]:
    return as_list(scope.birth_tags(key, None))


def tagged(scope: Scope, described: list[dict[str, Any]], arn: str) -> str:
    """The ARN of the first of these that is the environment's."""
    for one in described:
        (told,) = scope.elbv2.describe_tags(ResourceArns=[one[arn]])["TagDescriptions"]
        if scope.owns({tag["Key"]: tag["Value"] for tag in told["Tags"]}):
            return str(one[arn])
    raise LookupError(f"nothing of {scope.environment}")


def priorities(scope: Scope, listener: str) -> dict[str, int]:
    """The first path of each rule of a listener, to its priority."""
    return {
        rule["Conditions"][0]["PathPatternConfig"]["Values"][0]: int(rule["Priority"])
        for rule in rules_of(scope, listener)
    }


ROWS = (
    Row(
        part=BALANCER,
        needs=BENEATH_BALANCER,
        changed=BALANCER.model_copy(
            update={
                "subnets": ("subnet/b", "subnet/c"),
                "groups": ("security-group/balancer", "security-group/other"),
                "idle_timeout": 120,
                "drop_invalid_headers": False,
                "access_logs": AccessLogs(bucket="some-logs", prefix="web"),
            }
        ),
        moved=BALANCER.model_copy(update={"public": True, "after": ("internet-gateway/main",)}),
        by_hand=change_idle_timeout,
        vanish=lambda scope, id: scope.elbv2.delete_load_balancer(LoadBalancerArn=id),
        twin=second_balancer,
    ),
    Row(
        part=TARGETS,
        needs=(VPC,),
        changed=TARGETS.model_copy(
            update={
                "health_check": HealthCheck(
                    path="/healthy",
                    port=8081,
                    protocol="HTTPS",
                    codes="200-299",
                    interval=30,
                    timeout=6,
                    healthy_after=3,
                    unhealthy_after=4,
                ),
                "stickiness": 600,
                "deregistration_delay": 5,
                "cross_zone": True,
            }
        ),
        moved=TARGETS.model_copy(update={"port": 8443, "protocol": "HTTPS"}),
        by_hand=make_targets_sticky,
        vanish=lambda scope, id: scope.elbv2.delete_target_group(TargetGroupArn=id),
        twin=second_target_group,
    ),
    Row(
        part=LISTENER,
        needs=(*BENEATH_LISTENER, OTHER_BALANCER),
        changed=SECURE,
        moved=LISTENER.model_copy(update={"load_balancer": "load-balancer/other"}),
        by_hand=close_listener,
        vanish=lambda scope, id: scope.elbv2.delete_listener(ListenerArn=id),
        twin=second_listener,
    ),
    Row(
        part=RULE,
        needs=(*BENEATH_LISTENER, LISTENER, OTHER_LISTENER),
        changed=RULE.model_copy(
            update={
                "priority": 20,
                "paths": (),
                "hosts": ("b.example.com",),
                "headers": (HeaderIs(name="x-beta", values=("yes", "maybe")),),
                "methods": ("POST",),
                "queries": (QueryIs(key="version", values=("2",)),),
                "action": Redirect(host="new.example.com", path="/v2/#{path}", permanent=False),
            }
        ),
        moved=RULE.model_copy(update={"listener": "listener/other"}),
        by_hand=change_conditions,
        vanish=lambda scope, id: scope.elbv2.delete_rule(RuleArn=id),
        twin=second_rule,
    ),
    Row(
        part=CLASSIC,
        needs=BENEATH_BALANCER,
        changed=CLASSIC.model_copy(
            update={
                "subnets": ("subnet/b", "subnet/c"),
                "groups": ("security-group/other",),
                "listeners": (
                    ClassicListener(
                        port=443,
                        protocol="HTTPS",
                        target_port=8080,
                        certificate=CERTIFICATES[0],
                        ssl_policy=CLASSIC_TLS_POLICY,
                    ),
                    ClassicListener(port=80, target_port=9090, target_protocol="HTTPS"),
                    ClassicListener(port=82, protocol="TCP", target_port=8080, target_protocol="TCP"),
                ),
                "health_check": HealthCheck(protocol="TCP", port=9090, interval=30, timeout=6, unhealthy_after=4),
                "stickiness": 600,
                "cross_zone": False,
                "draining": 0,
                "idle_timeout": 120,
                "access_logs": AccessLogs(bucket="some-logs", prefix="old"),
            }
        ),
        moved=CLASSIC.model_copy(update={"public": True, "after": ("internet-gateway/main",)}),
        by_hand=trade_listeners,
        vanish=lambda scope, id: scope.client("elb").delete_load_balancer(LoadBalancerName=id),
        twin=second_classic,
    ),
)
