"""States take AWS's time, on a clock that the test moves."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.physics import Physics
from tests.physics.builds import Builds, code_of

TIMES = {
    "instance_running": 6,
    "instance_stopped": 20,
    "instance_terminated": 35,
    "nat_available": 90,
    "nat_deleted": 60,
    "balancer_active": 160,
    "balancer_gone": 60,
    "group_deleted": 5,
    "image_available": 120,
    "image_copied": 600,
    "image_registered": 5,
    "snapshot_completed": 60,
    "volume_available": 3,
    "volume_modified": 30,
    "volume_rested": 21600,
    "database_available": 300,
    "database_deleted": 120,
    "database_modified": 60,
    "cache_available": 300,
    "cache_deleted": 240,
    "function_active": 5,
    "function_interface_free": 240,
    "function_interface_gone": 1200,
}


@pytest.fixture(scope="module")
def stage() -> Iterator[Builds]:
    with Physics("calm", times=TIMES) as aws:
        yield Builds(aws)


def state_of(make: Builds, instance: str) -> str:
    [reservation] = make.ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    state: str = reservation["Instances"][0]["State"]["Name"]
    return state


def test_instance_goes_through_pending_and_shutting_down(make: Builds, aws: Physics) -> None:
    instance = make.instance(make.subnet(make.vpc()))
    assert state_of(make, instance) == "pending"
    aws.advance(7)
    assert state_of(make, instance) == "running"
    make.ec2.stop_instances(InstanceIds=[instance])
    assert state_of(make, instance) == "stopping"
    aws.advance(21)
    assert state_of(make, instance) == "stopped"
    make.ec2.terminate_instances(InstanceIds=[instance])
    assert state_of(make, instance) == "shutting-down"
    aws.advance(36)
    assert state_of(make, instance) == "terminated"


def test_ended_while_pending_an_instance_never_runs(make: Builds, aws: Physics) -> None:
    instance = make.instance(make.subnet(make.vpc()))
    make.ec2.terminate_instances(InstanceIds=[instance])
    aws.advance(7)
    assert state_of(make, instance) == "shutting-down"


def test_instance_holds_group_subnet_and_gateway_until_it_is_terminated(make: Builds, aws: Physics) -> None:
    vpc = make.vpc(gateway=False)
    gateway, group, subnet = make.gateway(vpc), make.group(vpc), make.subnet(vpc, public=True)
    instance = make.instance(subnet, group)
    make.ec2.terminate_instances(InstanceIds=[instance])
    aws.advance(30)
    assert code_of(make.ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    assert code_of(make.ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    aws.advance(6)
    make.ec2.delete_security_group(GroupId=group)
    make.ec2.delete_subnet(SubnetId=subnet)
    make.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert make.ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_nat_gateway_is_pending_then_available(make: Builds, aws: Physics) -> None:
    nat, _ = make.nat(make.subnet(make.vpc()))
    [call] = [call for call in aws.writes() if call.operation == "CreateNatGateway"]
    assert (call.outcome, nat_state(make, nat)) == ("ok", "pending")
    aws.advance(91)
    assert nat_state(make, nat) == "available"


def test_nat_gateway_is_pending_in_the_answer_that_makes_it(make: Builds) -> None:
    subnet = make.subnet(make.vpc())
    made = make.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")
    assert made["NatGateway"]["State"] == "pending"


def test_deleting_nat_gateway_keeps_its_address_and_subnet(make: Builds, aws: Physics) -> None:
    subnet = make.subnet(make.vpc())
    nat, allocation = make.nat(subnet)
    aws.advance(91)
    make.ec2.delete_nat_gateway(NatGatewayId=nat)
    assert nat_state(make, nat) == "deleting"
    assert code_of(make.ec2.release_address, AllocationId=allocation) == "InvalidIPAddress.InUse"
    assert code_of(make.ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    aws.advance(61)
    assert nat_state(make, nat) == "deleted"
    make.ec2.release_address(AllocationId=allocation)
    make.ec2.delete_subnet(SubnetId=subnet)
    assert make.ec2.describe_addresses()["Addresses"] == []


def nat_state(make: Builds, nat: str) -> str:
    [found] = make.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"]
    state: str = found["State"]
    return state


def test_balancer_is_provisioning_then_active(make: Builds, aws: Physics) -> None:
    vpc = make.vpc()
    make.balancer(make.subnet(vpc, 0), make.subnet(vpc, 1))
    assert balancer_states(make) == ["provisioning"]
    aws.advance(161)
    assert balancer_states(make) == ["active"]


def balancer_states(make: Builds) -> list[str]:
    return [each["State"]["Code"] for each in make.elbv2.describe_load_balancers()["LoadBalancers"]]


def test_interfaces_of_a_deleted_balancer_hold_its_group_for_a_while(make: Builds, aws: Physics) -> None:
    vpc = make.vpc()
    group = make.group(vpc)
    balancer = make.balancer(make.subnet(vpc, 0), make.subnet(vpc, 1), groups=(group,))
    make.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    assert balancer_states(make) == []
    assert code_of(make.ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    aws.advance(61)
    make.ec2.delete_security_group(GroupId=group)
    assert code_of(make.ec2.describe_security_groups, GroupIds=[group]) == "InvalidGroup.NotFound"


def group_rows(make: Builds) -> list[tuple[str, list[str]]]:
    found = make.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    return [(each.get("Status", ""), [member["LifecycleState"] for member in each["Instances"]]) for each in found]


def test_members_of_a_scaling_group_come_up(make: Builds, aws: Physics) -> None:
    make.scaling_group(make.template(), make.subnet(make.vpc()), size=2)
    assert group_rows(make) == [("", ["Pending", "Pending"])]
    make.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", DesiredCapacity=3)
    assert group_rows(make) == [("", ["Pending"] * 3)]
    aws.advance(7)
    assert group_rows(make) == [("", ["InService"] * 3)]


def test_force_deleted_scaling_group_stays_until_its_instances_are_gone(make: Builds, aws: Physics) -> None:
    template, subnet = make.template(), make.subnet(make.vpc())
    make.scaling_group(template, subnet, size=2)
    make.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    assert group_rows(make) == [("Delete in progress", ["Terminating", "Terminating"])]
    named = {"LaunchTemplateId": template, "Version": "1"}
    asked = {"AutoScalingGroupName": "web", "MinSize": 0, "MaxSize": 1, "VPCZoneIdentifier": subnet}
    assert code_of(make.autoscaling.create_auto_scaling_group, **asked, LaunchTemplate=named) == "AlreadyExists"
    update = make.autoscaling.update_auto_scaling_group
    assert code_of(update, AutoScalingGroupName="web", MaxSize=2) == "ValidationError"
    aws.advance(41)
    assert group_rows(make) == []


def test_image_and_its_snapshot_are_pending_first(make: Builds, aws: Physics) -> None:
    image = make.ec2.create_image(InstanceId=make.instance(make.subnet(make.vpc())), Name="golden")["ImageId"]
    assert image_state(make, image) == "pending"
    aws.advance(121)
    assert image_state(make, image) == "available"
    copied = make.ec2.copy_image(SourceImageId=image, SourceRegion="us-east-1", Name="copy")["ImageId"]
    aws.advance(121)
    assert image_state(make, copied) == "pending"
    aws.advance(480)
    assert image_state(make, copied) == "available"


def image_state(make: Builds, image: str) -> str:
    state: str = make.ec2.describe_images(ImageIds=[image])["Images"][0]["State"]
    return state


def test_snapshot_is_pending_then_completed(make: Builds, aws: Physics) -> None:
    volume = make.ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
    made = make.ec2.create_snapshot(VolumeId=volume)
    described = make.ec2.describe_snapshots(SnapshotIds=[made["SnapshotId"]])["Snapshots"]
    assert (made["State"], described[0]["State"]) == ("pending", "pending")
    aws.advance(61)
    described = make.ec2.describe_snapshots(SnapshotIds=[made["SnapshotId"]])["Snapshots"]
    assert described[0]["State"] == "completed"


def test_database_is_creating_for_minutes(make: Builds, aws: Physics) -> None:
    asked = {"DBInstanceClass": "db.t3.micro", "Engine": "postgres", "AllocatedStorage": 20}
    made = make.rds.create_db_instance(DBInstanceIdentifier="db", **asked)["DBInstance"]
    states = [made["DBInstanceStatus"]]
    for seconds in (0, 200, 101):
        aws.advance(seconds)
        states += [each["DBInstanceStatus"] for each in make.rds.describe_db_instances()["DBInstances"]]
    assert states == ["creating", "creating", "creating", "available"]
    gone = make.rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)["DBInstance"]
    [still] = make.rds.describe_db_instances()["DBInstances"]
    assert (gone["DBInstanceStatus"], still["DBInstanceStatus"]) == ("deleting", "deleting")
    aws.advance(121)
    assert make.rds.describe_db_instances()["DBInstances"] == []


def test_database_is_modifying_for_a_while_and_has_no_address_before_it_is_there(make: Builds, aws: Physics) -> None:
    asked = {"DBInstanceClass": "db.t3.micro", "Engine": "postgres", "AllocatedStorage": 20}
    make.rds.create_db_instance(DBInstanceIdentifier="db", **asked)

    def now() -> dict[str, Any]:
        (one,) = make.rds.describe_db_instances()["DBInstances"]
        return dict(one)

    assert "Endpoint" not in now()
    aws.advance(301)
    assert now()["Endpoint"]["Address"].startswith("db.")
    make.rds.modify_db_instance(DBInstanceIdentifier="db", DBInstanceClass="db.t4g.small", ApplyImmediately=True)
    assert now()["DBInstanceStatus"] == "modifying"
    assert code_of(make.rds.delete_db_instance, DBInstanceIdentifier="db", SkipFinalSnapshot=True) == (
        "InvalidDBInstanceState"
    )
    aws.advance(61)
    assert (now()["DBInstanceStatus"], now()["DBInstanceClass"]) == ("available", "db.t4g.small")


def test_cache_is_creating_and_later_deleting(make: Builds, aws: Physics) -> None:
    asked = {"ReplicationGroupDescription": "x", "Engine": "redis", "CacheNodeType": "cache.t3.micro"}
    make.elasticache.create_replication_group(ReplicationGroupId="cache", **asked)
    assert cache_states(make) == ["creating"]
    aws.advance(301)
    assert cache_states(make) == ["available"]
    make.elasticache.delete_replication_group(ReplicationGroupId="cache")
    assert cache_states(make) == ["deleting"]
    aws.advance(241)
    assert cache_states(make) == []


def cache_states(make: Builds) -> list[str]:
    return [each["Status"] for each in make.elasticache.describe_replication_groups()["ReplicationGroups"]]


def test_function_is_pending_and_its_interface_outlives_it(make: Builds, aws: Physics) -> None:
    vpc, code = make.vpc(), io.BytesIO()
    subnet, group = make.subnet(vpc), make.group(vpc)
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return 1")
    functions, place = getattr(make, "lambda"), {"SubnetIds": [subnet], "SecurityGroupIds": [group]}
    asked = {"FunctionName": "f", "Runtime": "python3.12", "Handler": "app.handler", "VpcConfig": place}
    role = make.role(service="lambda.amazonaws.com")
    may = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}'
    make.iam.put_role_policy(RoleName="app", PolicyName="vpc", PolicyDocument=may)
    functions.create_function(**asked, Role=role, Code={"ZipFile": code.getvalue()})
    assert functions.get_function(FunctionName="f")["Configuration"]["State"] == "Pending"
    aws.advance(6)
    assert functions.get_function(FunctionName="f")["Configuration"]["State"] == "Active"
    functions.delete_function(FunctionName="f")
    assert code_of(make.ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    [interface] = make.ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert code_of(make.ec2.delete_network_interface, NetworkInterfaceId=interface["NetworkInterfaceId"])
    aws.advance(241)
    make.ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    make.ec2.delete_security_group(GroupId=group)
    make.ec2.delete_subnet(SubnetId=subnet)
    assert make.ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_a_scaled_clock_moves_by_itself() -> None:
    from tests.physics.clock import Clock

    clock = Clock(scale=1_000_000)
    first = clock.now()
    assert clock.now() > first


def test_no_image_is_registered_from_a_snapshot_that_is_gone_or_not_complete(make: Builds, aws: Physics) -> None:
    volume = make.ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
    snapshot = make.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    row = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}
    asked = {"Name": "golden", "RootDeviceName": "/dev/xvda", "BlockDeviceMappings": [row]}
    assert code_of(make.ec2.register_image, **asked) == "IncorrectState"
    row["Ebs"] = {"SnapshotId": "snap-0123456789abcdef0"}
    assert code_of(make.ec2.register_image, **asked) == "InvalidSnapshot.NotFound"
    row["Ebs"] = {"SnapshotId": snapshot}
    aws.advance(TIMES["snapshot_completed"] + 1)
    image = make.ec2.register_image(**asked)["ImageId"]
    assert make.ec2.describe_images(ImageIds=[image])["Images"][0]["State"] == "pending"
    assert make.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["State"] == "completed"
    aws.advance(TIMES["image_registered"] + 1)
    assert make.ec2.describe_images(ImageIds=[image])["Images"][0]["State"] == "available"


def test_nothing_is_given_to_what_does_not_run_yet_nor_starts_while_it_stops(make: Builds, aws: Physics) -> None:
    instance = make.instance(make.subnet(make.vpc()))
    asked = {"VolumeId": "", "InstanceId": instance, "Device": "/dev/sdf"}
    asked["VolumeId"] = make.ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
    assert code_of(make.ec2.attach_volume, **asked) == "IncorrectState"
    address = make.ec2.allocate_address(Domain="vpc")["AllocationId"]
    associate = make.ec2.associate_address
    assert code_of(associate, InstanceId=instance, AllocationId=address) == "IncorrectInstanceState"
    assert code_of(make.ec2.stop_instances, InstanceIds=[instance]) == "IncorrectInstanceState"
    aws.advance(TIMES["instance_running"] + 1)
    make.ec2.attach_volume(**asked)
    make.ec2.stop_instances(InstanceIds=[instance])
    assert code_of(make.ec2.start_instances, InstanceIds=[instance]) == "IncorrectInstanceState"
    aws.advance(TIMES["instance_stopped"] + 1)
    make.ec2.start_instances(InstanceIds=[instance])


def test_a_volume_is_creating_first_and_rests_after_each_change(make: Builds, aws: Physics) -> None:
    made = make.ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)
    id = made["VolumeId"]
    assert (made["State"], volume_state(make, id)) == ("creating", "creating")
    aws.advance(TIMES["volume_available"] + 1)
    assert volume_state(make, id) == "available"
    make.ec2.modify_volume(VolumeId=id, Size=9)
    assert change_state(make, id) == "modifying"
    aws.advance(TIMES["volume_modified"] + 1)
    assert change_state(make, id) == "optimizing"
    assert code_of(make.ec2.modify_volume, VolumeId=id, Size=10) == "VolumeModificationRateExceeded"
    aws.advance(TIMES["volume_rested"])
    assert change_state(make, id) == "completed"
    make.ec2.modify_volume(VolumeId=id, Size=10)


def volume_state(make: Builds, id: str) -> str:
    return str(make.ec2.describe_volumes(VolumeIds=[id])["Volumes"][0]["State"])


def change_state(make: Builds, id: str) -> str:
    (change,) = make.ec2.describe_volumes_modifications(VolumeIds=[id])["VolumesModifications"]
    return str(change["ModificationState"])
