"""Where moto leaves something out, and an environment's life needs it."""

from tests.physics import Physics
from tests.physics.builds import Builds, code_of

TAGS = [{"Key": "a", "Value": "b"}]


def test_a_new_group_answers_with_its_tags(make: Builds) -> None:
    specification = [{"ResourceType": "security-group", "Tags": TAGS}]
    asked = {"GroupName": "web", "Description": "web", "VpcId": make.vpc(), "TagSpecifications": specification}
    assert make.ec2.create_security_group(**asked)["Tags"] == TAGS


def test_an_endpoint_without_a_type_can_be_deleted(make: Builds) -> None:
    made = make.ec2.create_vpc_endpoint(VpcId=make.vpc(), ServiceName="com.amazonaws.us-east-1.s3")["VpcEndpoint"]
    make.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    states = [each["State"] for each in make.ec2.describe_vpc_endpoints()["VpcEndpoints"]]
    assert states in ([], ["deleted"])


def test_a_template_version_builds_on_its_source(make: Builds) -> None:
    template = make.template()
    made = make.ec2.create_launch_template_version(
        LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"}
    )
    [version] = make.ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["2"])[
        "LaunchTemplateVersions"
    ]
    assert version["LaunchTemplateData"]["ImageId"] == make.image()
    assert version["LaunchTemplateData"]["InstanceType"] == "t3.small"
    assert made["LaunchTemplateVersion"]["LaunchTemplateData"]["ImageId"] == make.image()


def test_a_template_shows_the_tags_it_is_given_later(make: Builds) -> None:
    template = make.template()
    make.ec2.create_tags(Resources=[template], Tags=TAGS)
    [found] = make.ec2.describe_launch_templates(Filters=[{"Name": "tag:a", "Values": ["b"]}])["LaunchTemplates"]
    assert (found["LaunchTemplateId"], found["Tags"]) == (template, TAGS)


def test_template_versions_can_be_deleted_but_for_the_default_one(make: Builds) -> None:
    template = make.template()
    for _ in range(2):
        data = {"InstanceType": "t3.small"}
        make.ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=data)
    answer = make.ec2.delete_launch_template_versions(LaunchTemplateId=template, Versions=["1", "2", "9"])
    done = [each["VersionNumber"] for each in answer["SuccessfullyDeletedLaunchTemplateVersions"]]
    failed = [each["ResponseError"]["Code"] for each in answer["UnsuccessfullyDeletedLaunchTemplateVersions"]]
    assert done == [2]
    assert failed == ["launchTemplateVersionIsDefault", "launchTemplateVersionDoesNotExist"]
    left = make.ec2.describe_launch_template_versions(LaunchTemplateId=template)["LaunchTemplateVersions"]
    assert sorted(each["VersionNumber"] for each in left) == [1, 3]
    made = make.ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=data)
    assert made["LaunchTemplateVersion"]["VersionNumber"] == 4


def test_members_of_a_group_are_spread_over_its_subnets(make: Builds) -> None:
    vpc = make.vpc()
    subnets = [make.subnet(vpc, 0), make.subnet(vpc, 1)]
    make.scaling_group(make.template(), *subnets, size=4)
    machines = [each for row in make.ec2.describe_instances()["Reservations"] for each in row["Instances"]]
    assert sorted(each["SubnetId"] for each in machines) == sorted(subnets * 2)
    [group] = make.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert {each["AvailabilityZone"] for each in group["Instances"]} == {"us-east-1a", "us-east-1b"}


def test_members_are_launched_as_their_template_version_says(make: Builds) -> None:
    vpc = make.vpc()
    group = make.group(vpc)
    make.role()
    make.iam.create_instance_profile(InstanceProfileName="app")
    template = make.template()
    data = {
        "ImageId": make.image(),
        "InstanceType": "t3.small",
        "IamInstanceProfile": {"Name": "app"},
        "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": [group], "AssociatePublicIpAddress": False}],
        "MetadataOptions": {"HttpTokens": "required"},
        "TagSpecifications": [{"ResourceType": "instance", "Tags": TAGS}, {"ResourceType": "volume", "Tags": TAGS}],
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 9, "Encrypted": True}}],
    }
    make.ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=data)
    make.scaling_group(template, make.subnet(vpc))
    [machine] = make.ec2.describe_instances()["Reservations"][0]["Instances"]
    [volume] = make.ec2.describe_volumes(
        Filters=[{"Name": "attachment.instance-id", "Values": [machine["InstanceId"]]}]
    )["Volumes"]
    assert machine["InstanceType"] == "t3.small"
    assert machine["MetadataOptions"]["HttpTokens"] == "required"
    assert machine["IamInstanceProfile"]["Arn"].endswith("/app")
    assert [each["GroupId"] for each in machine["SecurityGroups"]] == [group]
    assert TAGS[0] in machine["Tags"]
    assert (volume["Size"], volume["Encrypted"], volume["Tags"]) == (9, True, TAGS)
    assert code_of(make.ec2.delete_security_group, GroupId=group) == "DependencyViolation"


def test_scaling_in_takes_ended_members_out_of_the_target_group(make: Builds) -> None:
    vpc = make.vpc()
    target = make.target_group(vpc)
    make.scaling_group(make.template(), make.subnet(vpc), size=3, TargetGroupARNs=[target])
    make.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    health = make.elbv2.describe_target_health(TargetGroupArn=target)["TargetHealthDescriptions"]
    [group] = make.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert [each["Target"]["Id"] for each in health] == [each["InstanceId"] for each in group["Instances"]]


def test_launches_are_told_as_activities(make: Builds) -> None:
    make.scaling_group(make.template(), make.subnet(make.vpc()), size=2)
    found = make.autoscaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"]
    assert [each["StatusCode"] for each in found] == ["Successful", "Successful"]


def test_an_update_keeps_the_cooldown_and_the_policies_it_sets(make: Builds) -> None:
    make.scaling_group(make.template(), make.subnet(make.vpc()), size=0)
    settings = {"DefaultCooldown": 99, "TerminationPolicies": ["OldestInstance"]}
    make.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", **settings)
    [group] = make.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert {name: group[name] for name in settings} == settings


def test_metrics_collection_can_be_switched_off(make: Builds) -> None:
    make.scaling_group(make.template(), make.subnet(make.vpc()), size=0)
    wanted = ["GroupMinSize", "GroupMaxSize"]
    make.autoscaling.enable_metrics_collection(AutoScalingGroupName="web", Granularity="1Minute", Metrics=wanted)
    make.autoscaling.disable_metrics_collection(AutoScalingGroupName="web", Metrics=["GroupMinSize"])
    [group] = make.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert [each["Metric"] for each in group["EnabledMetrics"]] == ["GroupMaxSize"]


def test_a_deleted_groups_policies_hooks_and_schedules_are_gone(make: Builds) -> None:
    template, subnet, scaling = make.template(), make.subnet(make.vpc()), make.autoscaling
    make.scaling_group(template, subnet, size=0)
    scaling.put_scaling_policy(
        AutoScalingGroupName="web", PolicyName="up", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1
    )
    scaling.put_lifecycle_hook(
        AutoScalingGroupName="web", LifecycleHookName="hook", LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING"
    )
    scaling.put_scheduled_update_group_action(
        AutoScalingGroupName="web", ScheduledActionName="night", Recurrence="0 20 * * *", DesiredCapacity=0
    )
    scaling.delete_auto_scaling_group(AutoScalingGroupName="web")
    assert scaling.describe_policies()["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"] == []
    make.scaling_group(template, subnet, size=0)
    assert scaling.describe_lifecycle_hooks(AutoScalingGroupName="web")["LifecycleHooks"] == []


def test_ended_instances_and_nat_gateways_leave_no_interface(make: Builds, aws: Physics) -> None:
    subnet = make.subnet(make.vpc())
    instance, (nat, _) = make.instance(subnet), make.nat(subnet)
    kinds = {each["InterfaceType"] for each in make.ec2.describe_network_interfaces()["NetworkInterfaces"]}
    assert kinds == {"interface", "nat_gateway"}
    make.ec2.terminate_instances(InstanceIds=[instance])
    make.ec2.delete_nat_gateway(NatGatewayId=nat)
    assert make.ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert aws.crashes() == []


def test_a_balancers_interfaces_carry_its_name_and_groups(make: Builds) -> None:
    vpc = make.vpc()
    group = make.group(vpc)
    subnets = [make.subnet(vpc, 0), make.subnet(vpc, 1)]
    make.balancer(*subnets, groups=(group,))
    found = make.ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert sorted(each["SubnetId"] for each in found) == sorted(subnets)
    assert {each["Description"][:12] for each in found} == {"ELB app/web/"}
    assert {each["Groups"][0]["GroupId"] for each in found} == {group}


def test_image_and_snapshot_are_tagged_in_the_call_that_makes_them(make: Builds) -> None:
    instance = make.instance(make.subnet(make.vpc()))
    specifications = [{"ResourceType": kind, "Tags": TAGS} for kind in ("image", "snapshot")]
    made = make.ec2.create_image(InstanceId=instance, Name="golden", TagSpecifications=specifications)["ImageId"]
    far = make.aws.client("ec2", region="eu-west-1")
    asked = {"SourceImageId": made, "SourceRegion": "us-east-1", "Name": "copy", "TagSpecifications": specifications}
    copied = far.copy_image(**asked)["ImageId"]
    for ec2, image in ((make.ec2, made), (far, copied)):
        [found] = ec2.describe_images(ImageIds=[image], Owners=["self"])["Images"]
        snapshot = found["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        assert found["Tags"] == TAGS
        assert ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["Tags"] == TAGS


def test_a_registered_image_stands_on_the_snapshot_it_names(make: Builds) -> None:
    volume = make.ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
    snapshot = make.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    disks = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}]
    made = make.ec2.register_image(Name="golden", RootDeviceName="/dev/xvda", BlockDeviceMappings=disks)["ImageId"]
    [found] = make.ec2.describe_images(ImageIds=[made])["Images"]
    assert found["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"] == snapshot
    assert code_of(make.ec2.delete_snapshot, SnapshotId=snapshot) == "InvalidSnapshot.InUse"


def test_an_image_takes_its_snapshots_with_it_when_told_so(make: Builds) -> None:
    image = make.ec2.create_image(InstanceId=make.instance(make.subnet(make.vpc())), Name="golden")["ImageId"]
    [found] = make.ec2.describe_images(ImageIds=[image])["Images"]
    snapshot = found["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    make.ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)
    assert code_of(make.ec2.describe_snapshots, SnapshotIds=[snapshot]) == "InvalidSnapshot.NotFound"


def test_an_image_can_be_deprecated(make: Builds) -> None:
    image = make.ec2.create_image(InstanceId=make.instance(make.subnet(make.vpc())), Name="golden")["ImageId"]
    make.ec2.enable_image_deprecation(ImageId=image, DeprecateAt="2030-01-01T00:00:00Z")
    [found] = make.ec2.describe_images(ImageIds=[image])["Images"]
    assert found["DeprecationTime"].startswith("2030-01-01")


def test_snapshots_of_an_instance_carry_their_volumes_tags_when_told_so(make: Builds) -> None:
    specification = [{"ResourceType": "volume", "Tags": TAGS}]
    instance = make.instance(make.subnet(make.vpc()), TagSpecifications=specification)
    asked = {"InstanceSpecification": {"InstanceId": instance}, "CopyTagsFromSource": "volume"}
    [made] = make.ec2.create_snapshots(**asked)["Snapshots"]
    [found] = make.ec2.describe_snapshots(SnapshotIds=[made["SnapshotId"]])["Snapshots"]
    assert found["Tags"] == TAGS


def test_cache_subnet_group_can_be_deleted_once_it_is_free(make: Builds) -> None:
    caches, subnet = make.elasticache, make.subnet(make.vpc())
    caches.create_cache_subnet_group(CacheSubnetGroupName="cache", CacheSubnetGroupDescription="x", SubnetIds=[subnet])
    asked = {"ReplicationGroupDescription": "x", "Engine": "redis", "CacheNodeType": "cache.t3.micro"}
    caches.create_replication_group(ReplicationGroupId="cache", CacheSubnetGroupName="cache", **asked)
    assert code_of(caches.delete_cache_subnet_group, CacheSubnetGroupName="cache") == "CacheSubnetGroupInUse"
    caches.delete_replication_group(ReplicationGroupId="cache")
    caches.delete_cache_subnet_group(CacheSubnetGroupName="cache")
    assert caches.describe_cache_subnet_groups()["CacheSubnetGroups"] == []
