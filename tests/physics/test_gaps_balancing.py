"""Load balancers that plain moto gets wrong: TLS, network and classic ones, as AWS answers for them."""

from typing import Any

from tests.physics.builds import Builds, code_of

ISSUED = [
    f"arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-00000000000{number}" for number in "123"
]
CLASSIC = {"LoadBalancerPort": 443, "Protocol": "HTTPS", "InstancePort": 80, "InstanceProtocol": "HTTP"}


def ports(*numbers: int) -> list[dict[str, Any]]:
    return [
        {"LoadBalancerPort": number, "Protocol": "HTTP", "InstancePort": 80, "InstanceProtocol": "HTTP"}
        for number in numbers
    ]


def certificates(*arns: str) -> list[dict[str, str]]:
    return [{"CertificateArn": arn} for arn in arns]


def forward(target: str) -> list[dict[str, str]]:
    return [{"Type": "forward", "TargetGroupArn": target}]


def secure_listener(make: Builds) -> str:
    vpc = make.vpc()
    balancer, target = make.balancer(make.subnet(vpc, 0), make.subnet(vpc, 1)), make.target_group(vpc)
    made = make.elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=certificates(ISSUED[0]),
        DefaultActions=forward(target),
    )
    arn: str = made["Listeners"][0]["ListenerArn"]
    return arn


def told(make: Builds, listener: str) -> list[str]:
    answer = make.elbv2.describe_listener_certificates(ListenerArn=listener)
    return [each["CertificateArn"] for each in answer["Certificates"]]


# ---------------------------------------------------------------------- TLS


def test_a_new_default_certificate_leaves_the_others(make: Builds) -> None:
    listener = secure_listener(make)
    make.elbv2.add_listener_certificates(ListenerArn=listener, Certificates=certificates(ISSUED[1]))
    make.elbv2.modify_listener(ListenerArn=listener, Certificates=certificates(ISSUED[2]))
    assert told(make, listener) == [ISSUED[2], ISSUED[1]]


def test_what_leaves_tls_loses_its_certificates(make: Builds) -> None:
    listener = secure_listener(make)
    make.elbv2.modify_listener(ListenerArn=listener, Protocol="HTTP")
    [found] = make.elbv2.describe_listeners(ListenerArns=[listener])["Listeners"]
    assert (found["Protocol"], found.get("Certificates", []), found.get("SslPolicy")) == ("HTTP", [], None)


def test_a_certificate_that_nobody_issued_is_refused(make: Builds) -> None:
    listener, unknown = secure_listener(make), certificates(ISSUED[0].replace("/00000000-", "/11111111-"))
    assert code_of(make.elbv2.add_listener_certificates, ListenerArn=listener, Certificates=unknown) == (
        "CertificateNotFound"
    )
    elsewhere = certificates(ISSUED[0].replace("us-east-1", "eu-west-1"))
    assert code_of(make.elbv2.modify_listener, ListenerArn=listener, Certificates=elsewhere) == "CertificateNotFound"


# ---------------------------------------------------------------------- network


def network_balancer(make: Builds, *places: tuple[str, str]) -> str:
    mappings = [{"SubnetId": subnet, "AllocationId": allocation} for subnet, allocation in places]
    made = make.elbv2.create_load_balancer(Name="net", Type="network", SubnetMappings=mappings)
    arn: str = made["LoadBalancers"][0]["LoadBalancerArn"]
    return arn


def static(make: Builds) -> dict[str, str]:
    """Each zone's subnet and the allocation of its address."""
    [balancer] = make.elbv2.describe_load_balancers(Names=["net"])["LoadBalancers"]
    return {
        zone["SubnetId"]: address["AllocationId"]
        for zone in balancer["AvailabilityZones"]
        for address in zone.get("LoadBalancerAddresses", [])
    }


def test_a_network_balancer_may_shrink_to_one_zone_but_not_trade_an_address(make: Builds) -> None:
    vpc = make.vpc()
    one, two = make.subnet(vpc, 0), make.subnet(vpc, 1)
    first, second = (make.ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2))
    arn = network_balancer(make, (one, first), (two, second))
    traded = [{"SubnetId": one, "AllocationId": second}]
    assert code_of(make.elbv2.set_subnets, LoadBalancerArn=arn, SubnetMappings=traded) == "InvalidConfigurationRequest"
    make.elbv2.set_subnets(LoadBalancerArn=arn, SubnetMappings=[{"SubnetId": one, "AllocationId": first}])
    assert static(make) == {one: first}
    make.ec2.release_address(AllocationId=second)


def test_targets_must_speak_what_the_listener_does(make: Builds) -> None:
    vpc = make.vpc()
    arn = make.balancer(make.subnet(vpc), Type="network")
    asked = {"LoadBalancerArn": arn, "Protocol": "TCP", "Port": 80}
    http, tcp = make.target_group(vpc), make.target_group(vpc, Name="tcp", Protocol="TCP")
    assert code_of(make.elbv2.create_listener, **asked, DefaultActions=forward(http)) == "IncompatibleProtocols"
    listener = make.elbv2.create_listener(**asked, DefaultActions=forward(tcp))["Listeners"][0]["ListenerArn"]
    assert code_of(make.elbv2.modify_listener, ListenerArn=listener, Protocol="UDP", DefaultActions=forward(tcp)) == (
        "IncompatibleProtocols"
    )


def test_codes_of_an_http_check_of_tcp_targets_can_be_changed(make: Builds) -> None:
    target = make.target_group(make.vpc(), Protocol="TCP", HealthCheckProtocol="HTTP", HealthCheckPath="/")
    make.elbv2.modify_target_group(TargetGroupArn=target, Matcher={"HttpCode": "200-399"})
    [group] = make.elbv2.describe_target_groups(TargetGroupArns=[target])["TargetGroups"]
    assert group["Matcher"] == {"HttpCode": "200-399"}


# ---------------------------------------------------------------------- classic


def classic(make: Builds, *listeners: dict[str, Any], **more: Any) -> dict[str, str]:
    subnets = more.pop("subnets", None) or [make.subnet(make.vpc())]
    make.elb.create_load_balancer(LoadBalancerName="old", Listeners=list(listeners), Subnets=subnets, **more)
    return {"LoadBalancerName": "old"}


def listening(make: Builds) -> list[tuple[int, str]]:
    [balancer] = make.elb.describe_load_balancers(LoadBalancerNames=["old"])["LoadBalancerDescriptions"]
    described = [each["Listener"] for each in balancer["ListenerDescriptions"]]
    return [(each["LoadBalancerPort"], each["InstanceProtocol"]) for each in described]


def test_several_ports_go_at_once_and_the_others_stay_once_each(make: Builds) -> None:
    old = classic(make, *ports(80, 81, 82, 83))
    make.elb.delete_load_balancer_listeners(**old, LoadBalancerPorts=[81, 83])
    assert listening(make) == [(80, "HTTP"), (82, "HTTP")]


def test_visitors_and_servers_speak_each_their_own(make: Builds) -> None:
    old = classic(make, {**CLASSIC, "SSLCertificateId": ISSUED[0]})
    tcp = {"LoadBalancerPort": 90, "Protocol": "TCP", "InstancePort": 90, "InstanceProtocol": "SSL"}
    make.elb.create_load_balancer_listeners(**old, Listeners=[tcp])
    assert listening(make) == [(443, "HTTP"), (90, "SSL")]


def test_a_policy_is_made_once_and_must_be_there_to_be_set(make: Builds) -> None:
    old = classic(make, *ports(80))
    asked = {**old, "PolicyName": "sticky", "CookieExpirationPeriod": 60}
    assert code_of(
        make.elb.set_load_balancer_policies_of_listener, **old, LoadBalancerPort=80, PolicyNames=["sticky"]
    ) == ("PolicyNotFound")
    make.elb.create_lb_cookie_stickiness_policy(**asked)
    assert code_of(make.elb.create_lb_cookie_stickiness_policy, **asked) == "DuplicatePolicyName"


def test_a_balancer_that_is_not_there_is_told_as_such(make: Builds) -> None:
    assert code_of(make.elb.describe_load_balancer_attributes, LoadBalancerName="gone") == "LoadBalancerNotFound"
    make.elb.delete_load_balancer(LoadBalancerName="gone")
    assert make.aws.crashes() == []


def test_leaving_one_classic_balancer_a_group_stays_with_the_other(make: Builds) -> None:
    subnet = make.subnet(make.vpc())
    classic(make, *ports(80), subnets=[subnet])
    make.elb.create_load_balancer(LoadBalancerName="new", Listeners=ports(80), Subnets=[subnet])
    group = make.scaling_group(make.template(), subnet, LoadBalancerNames=["old", "new"])
    make.autoscaling.detach_load_balancers(AutoScalingGroupName=group, LoadBalancerNames=["old"])
    told = make.elb.describe_load_balancers()["LoadBalancerDescriptions"]
    assert {each["LoadBalancerName"]: len(each["Instances"]) for each in told} == {"old": 0, "new": 1}
