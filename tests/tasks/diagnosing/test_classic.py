"""Servers behind a classic load balancer that get no requests: why, in AWS's few words, and ours before those."""

import pytest

from tests.physics import Physics
from tests.tasks.diagnosing.conftest import Standing

BALANCER = "classic-balancer/old"


@pytest.mark.thorough
@pytest.mark.breaks("classic-check-fails")
def test_an_application_that_answers_otherwise_fails_the_check(camp: Standing) -> None:
    assert camp.told() == []
    camp.say("app", "physics:paths", "/other")
    found = camp.only("classic-check-fails", BALANCER, "servers.app.health_check")
    assert "2 of 2 servers fail the health check, HTTP:8080/, though rules and ACLs let it through" in found.why
    camp.say("app", "physics:paths", "/ /other")
    assert camp.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("servers-admit-no-balancer")
def test_a_rule_that_is_gone_is_named_and_explains_the_checks_that_fail(camp: Standing) -> None:
    ec2, group = camp.client("ec2"), camp.ids()["security-group/servers-app"]
    (told,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=told["IpPermissions"])
    assert camp.told() == [("servers-admit-no-balancer", "firewall/servers-app", "servers.app.port")]
    camp.mend()
    assert camp.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("targets-stopped")
def test_servers_that_somebody_stopped_are_told(camp: Standing, aws: Physics) -> None:
    """While health checks of the group are suspended, as somebody does who looks for a fault: else it ends them."""
    scaling, group = camp.client("autoscaling"), camp.ids()["scaling-group/app"]
    scaling.suspend_processes(AutoScalingGroupName=group, ScalingProcesses=["HealthCheck", "ReplaceUnhealthy"])
    machines = camp.machines("app")
    camp.client("ec2").stop_instances(InstanceIds=machines[:1])
    (found,) = [one for one in camp.diagnosis().findings if one.part == BALANCER]
    assert (found.cause, found.place) == ("targets-stopped", "servers.app")
    assert "1 of 2 servers are stopped" in found.why
    camp.client("ec2").start_instances(InstanceIds=machines[:1])
    scaling.resume_processes(AutoScalingGroupName=group)
    assert camp.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("no-servers-behind")
def test_a_balancer_that_its_servers_were_taken_from_is_named(camp: Standing) -> None:
    name = camp.ids()[BALANCER]
    camp.client("autoscaling").detach_load_balancers(
        AutoScalingGroupName=camp.ids()["scaling-group/app"], LoadBalancerNames=[name]
    )
    assert camp.told() == [("no-servers-behind", BALANCER, "servers")]
    camp.mend()
    assert camp.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("no-listener")
def test_a_balancer_without_a_listener_is_named(camp: Standing) -> None:
    camp.client("elb").delete_load_balancer_listeners(LoadBalancerName=camp.ids()[BALANCER], LoadBalancerPorts=[80])
    assert camp.told() == [("no-listener", BALANCER, "balancers.old.listeners")]
    camp.mend()
    assert camp.told() == []
