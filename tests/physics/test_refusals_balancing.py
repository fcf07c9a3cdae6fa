"""Load balancers: zones, names, ports, certificates, targets."""

from tests.physics.builds import Builds, code_of


def test_application_balancer_needs_two_zones(make: Builds) -> None:
    vpc = make.vpc()
    one = make.subnet(vpc, 0)
    beside = make.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/24", AvailabilityZone="us-east-1a")["Subnet"]
    create = make.elbv2.create_load_balancer
    assert code_of(create, Name="web", Subnets=[one]) == "ValidationError"
    assert code_of(create, Name="web", Subnets=[one, beside["SubnetId"]]) == "InvalidConfigurationRequest"
    assert create(Name="net", Type="network", Subnets=[one])["LoadBalancers"]


def test_public_balancer_needs_an_internet_gateway(make: Builds) -> None:
    vpc = make.vpc(gateway=False)
    subnets = [make.subnet(vpc, 0), make.subnet(vpc, 1)]
    assert code_of(make.elbv2.create_load_balancer, Name="web", Subnets=subnets) == "InvalidSubnet"
    assert make.balancer(*subnets, Scheme="internal")


def test_balancer_asked_for_again_is_the_same_one_and_with_other_settings_is_refused(make: Builds) -> None:
    vpc = make.vpc()
    subnets = [make.subnet(vpc, 0), make.subnet(vpc, 1)]
    assert make.balancer(*subnets) == make.balancer(*reversed(subnets))
    refused = code_of(make.elbv2.create_load_balancer, Name="web", Subnets=subnets, Scheme="internal")
    assert refused == "DuplicateLoadBalancerName"
    assert len(make.elbv2.describe_load_balancers()["LoadBalancers"]) == 1


def test_target_group_asked_for_again_is_the_same_one_and_with_other_settings_is_refused(make: Builds) -> None:
    vpc = make.vpc()
    assert make.target_group(vpc) == make.target_group(vpc)
    asked = {"Name": "web", "Protocol": "HTTP", "Port": 81, "VpcId": vpc}
    assert code_of(make.elbv2.create_target_group, **asked) == "DuplicateTargetGroupName"
    assert len(make.elbv2.describe_target_groups()["TargetGroups"]) == 1


def test_names_are_limited_to_32_characters(make: Builds) -> None:
    vpc = make.vpc()
    subnets = [make.subnet(vpc, 0), make.subnet(vpc, 1)]
    assert code_of(make.elbv2.create_load_balancer, Name="x" * 33, Subnets=subnets) == "ValidationError"


def test_listener_ports_are_unique(make: Builds) -> None:
    vpc = make.vpc()
    balancer, target = make.balancer(make.subnet(vpc, 0), make.subnet(vpc, 1)), make.target_group(vpc)
    forward = [{"Type": "forward", "TargetGroupArn": target}]
    asked = {"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": 80, "DefaultActions": forward}
    make.elbv2.create_listener(**asked)
    assert code_of(make.elbv2.create_listener, **asked) == "DuplicateListener"
    assert len(make.elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]) == 1


def test_secure_listener_needs_a_certificate(make: Builds) -> None:
    vpc = make.vpc()
    balancer, target = make.balancer(make.subnet(vpc, 0), make.subnet(vpc, 1)), make.target_group(vpc)
    forward = [{"Type": "forward", "TargetGroupArn": target}]
    asked = {"LoadBalancerArn": balancer, "Protocol": "HTTPS", "Port": 443, "DefaultActions": forward}
    assert code_of(make.elbv2.create_listener, **asked) == "ValidationError"


def test_only_running_instances_become_targets(make: Builds) -> None:
    vpc = make.vpc()
    target, instance = make.target_group(vpc), make.instance(make.subnet(vpc))
    register = make.elbv2.register_targets
    assert code_of(register, TargetGroupArn=target, Targets=[{"Id": "i-0123456789abcdef0"}]) == "InvalidTarget"
    make.ec2.stop_instances(InstanceIds=[instance])
    assert code_of(register, TargetGroupArn=target, Targets=[{"Id": instance}]) == "InvalidTarget"
    make.ec2.start_instances(InstanceIds=[instance])
    register(TargetGroupArn=target, Targets=[{"Id": instance}])
    [health] = make.elbv2.describe_target_health(TargetGroupArn=target)["TargetHealthDescriptions"]
    assert health["Target"]["Id"] == instance


def test_target_group_outlives_its_balancer(make: Builds) -> None:
    vpc = make.vpc()
    balancer, target = make.balancer(make.subnet(vpc, 0), make.subnet(vpc, 1)), make.target_group(vpc)
    forward = [{"Type": "forward", "TargetGroupArn": target}]
    make.elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    assert code_of(make.elbv2.delete_target_group, TargetGroupArn=target) == "ResourceInUse"
    make.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    make.elbv2.delete_target_group(TargetGroupArn=target)
    assert make.elbv2.describe_target_groups()["TargetGroups"] == []
