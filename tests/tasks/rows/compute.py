"""Rows of the kinds in tasks/compute."""

from typing import Any

from blueprints.balancing import LoadBalancer, TargetGroup
from blueprints.firewalls import SecurityGroup
from blueprints.identity import InstanceProfile, Role
from blueprints.key_pairs import KeyPair
from blueprints.mixing import Choice, Mixed
from blueprints.network import Subnet
from blueprints.part import Lookup
from blueprints.scaling import PredictivePolicy, Requests, TargetTracking
from blueprints.schedule import ScheduledAction
from blueprints.servers import LaunchTemplate, ScalingGroup, Volume
from blueprints.stepping import Adjusting, Alarm, StepPolicy
from tasks.scope import Scope, as_list
from tests.tasks.rows.network import VPC
from tests.tasks.rows.row import Row

NEWEST = Lookup("ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKFIy1/uFCZdUz8A39YT7H9EcRYWqLzy6r8WaWpqQlMt"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJREzZTs1Qh5w6Ha6MxF70s0L49kz72N0wI8aFIJxNH8"
KEY_PAIR = KeyPair(name="admin", public_key=f"{KEY} somebody@somewhere")
GROUPS = tuple(SecurityGroup(name=name, vpc="vpc/main") for name in ("servers", "other"))
SUBNETS = tuple(
    Subnet(name=letter, vpc="vpc/main", cidr=f"10.0.{number}.0/24", zone=f"eu-west-1{letter}")
    for number, letter in enumerate("abc")
)
ROLE = Role(name="web", trusts=("ec2.amazonaws.com",))
PROFILES = (InstanceProfile(name="web", role="role/web"), InstanceProfile(name="other", role="role/web"))
TARGETS = tuple(TargetGroup(name=name, vpc="vpc/main", port=80) for name in ("web", "api"))
TEMPLATE = LaunchTemplate(
    name="web",
    image=NEWEST,
    instance_type="t3.micro",
    groups=("security-group/servers",),
    profile="instance-profile/web",
    user_data="#!/bin/sh\necho Grüße\n",
    volumes=(Volume(device="/dev/xvda", size=10), Volume(device="/dev/sdf", size=20, iops=4000, throughput=200)),
    launched_by="scaling-group/web",
)
PLAIN = LaunchTemplate(name="plain", image=NEWEST, instance_type="t3.micro", launched_by="scaling-group/web")
OTHER_PLAIN = PLAIN.model_copy(update={"name": "other", "instance_type": "t3.small"})
GROUP = ScalingGroup(
    name="web",
    template="launch-template/plain",
    subnets=("subnet/a", "subnet/b"),
    min=1,
    max=2,
    target_groups=("target-group/web",),
)
MIXED = Mixed(
    types=(Choice(type="m7i.large", weight=2), Choice(type="m6i.xlarge", weight=4)),
    on_demand_base=1,
    on_demand_percentage=30,
    strategy="capacity-optimized",
)
BENEATH_GROUP = (VPC, *SUBNETS, *TARGETS, PLAIN, OTHER_PLAIN)
OTHER_GROUP = GROUP.model_copy(update={"name": "other", "min": 0})
TRACKING = TargetTracking(
    name="web-cpu", group="scaling-group/web", metric="ASGAverageCPUUtilization", target=60, warmup=120
)
SCHEDULED = ScheduledAction(
    name="web-nights", group="scaling-group/web", cron="0 20 * * *", time_zone="Europe/Berlin", min=0, max=0
)
MOVING_GROUPS = tuple(group.model_copy(update={"moved": ("min", "max")}) for group in (GROUP, OTHER_GROUP))
MORNINGS = tuple(
    ScheduledAction(name=f"{group}-mornings", group=f"scaling-group/{group}", cron="0 7 * * *", min=1, max=3)
    for group in ("web", "other")
)
STEPPING = StepPolicy(
    name="web-cpu-above",
    group="scaling-group/web",
    steps=(Adjusting(lower=0, upper=20, change=1), Adjusting(lower=20, upper=None, change=2)),
    warmup=90,
)
OTHER_STEPPING = STEPPING.model_copy(update={"name": "other"})
ALARM = Alarm(
    name="web-cpu-above",
    namespace="AWS/EC2",
    metric="CPUUtilization",
    group="scaling-group/web",
    threshold=70,
    comparison="GreaterThanOrEqualToThreshold",
    policies=("step-policy/web-cpu-above",),
)
BALANCER = LoadBalancer(
    name="web", vpc="vpc/main", subnets=("subnet/a", "subnet/b"), groups=("security-group/servers",)
)
REQUESTS = Requests(load_balancer="load-balancer/web", target_group="target-group/web")
PREDICTIVE = PredictivePolicy(name="web-cpu", group="scaling-group/web", metric="ASGCPUUtilization", target=40)
RAISING_GROUP = GROUP.model_copy(update={"moved": ("max",)})


def loosen(scope: Scope, id: str) -> None:
    """A new default version with the metadata of old, and nothing tagged."""
    answer = scope.ec2.describe_launch_template_versions(LaunchTemplateId=id, Versions=["$Default"])
    (now,) = answer["LaunchTemplateVersions"]
    data = now["LaunchTemplateData"]
    del data["TagSpecifications"]
    data["MetadataOptions"] = {"HttpEndpoint": "enabled", "HttpTokens": "optional", "HttpPutResponseHopLimit": 2}
    made = scope.ec2.create_launch_template_version(LaunchTemplateId=id, LaunchTemplateData=data)
    number = made["LaunchTemplateVersion"]["VersionNumber"]
    scope.ec2.modify_launch_template(LaunchTemplateId=id, DefaultVersion=str(number))


def second_template(scope: Scope, key: str) -> None:
    scope.ec2.create_launch_template(
        LaunchTemplateName=f"twin-{scope.environment}",
        LaunchTemplateData={"InstanceType": "t3.nano"},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": as_list(scope.birth_tags(key, None))}],
    )


def widen_and_detach(scope: Scope, id: str) -> None:
    scope.autoscaling.update_auto_scaling_group(AutoScalingGroupName=id, MaxSize=9, HealthCheckType="ELB")
    attached = described(scope, id)["TargetGroupARNs"]
    scope.autoscaling.detach_load_balancer_target_groups(AutoScalingGroupName=id, TargetGroupARNs=attached)


def second_group(scope: Scope, key: str) -> None:
    template = described(scope, scope.name("web"))["LaunchTemplate"]
    scope.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=f"twin-{scope.environment}",
        MinSize=0,
        MaxSize=0,
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"]},
        AvailabilityZones=["eu-west-1a"],
        Tags=as_list(scope.birth_tags(key, None)),
    )


def second_key_pair(scope: Scope, key: str) -> None:
    scope.ec2.import_key_pair(
        KeyName=f"twin-{scope.environment}",
        PublicKeyMaterial=OTHER_KEY.encode(),
        TagSpecifications=[{"ResourceType": "key-pair", "Tags": as_list(scope.birth_tags(key, None))}],
    )


def take_name_off(scope: Scope, id: str) -> None:
    (pair,) = scope.ec2.describe_key_pairs(KeyNames=[id])["KeyPairs"]
    scope.ec2.delete_tags(Resources=[pair["KeyPairId"]], Tags=[{"Key": "Name"}])


def described(scope: Scope, group: str) -> dict[str, Any]:
    """A scaling group as AWS tells it."""
    answer = scope.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])
    (one,) = answer["AutoScalingGroups"]
    return dict(one)


def raise_the_target(scope: Scope, id: str) -> None:
    put_policy(scope, "web-cpu", 99)


def put_policy(scope: Scope, name: str, target: float, group: str = "web") -> None:
    scope.autoscaling.put_scaling_policy(
        AutoScalingGroupName=scope.name(group),
        PolicyName=f"castra--{scope.environment}--{name}",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
            "TargetValue": target,
        },
    )


def delete_policy(scope: Scope, id: str) -> None:
    group, _, policy = id.partition("/")
    scope.autoscaling.delete_policy(PolicyName=policy, AutoScalingGroupName=group)


def send_everybody_home(scope: Scope, id: str) -> None:
    group, _, action = id.partition("/")
    scope.autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName=group, ScheduledActionName=action, Recurrence="0 12 * * *", DesiredCapacity=0
    )


def unschedule(scope: Scope, id: str) -> None:
    group, _, action = id.partition("/")
    scope.autoscaling.delete_scheduled_action(AutoScalingGroupName=group, ScheduledActionName=action)


def put_steps(scope: Scope, id: str) -> None:
    """Somebody's own idea of steps, and the policy off."""
    scope.autoscaling.put_scaling_policy(
        AutoScalingGroupName=scope.name("web"),
        PolicyName=id.rpartition("/")[2],
        PolicyType="StepScaling",
        AdjustmentType="PercentChangeInCapacity",
        MinAdjustmentMagnitude=2,
        MetricAggregationType="Maximum",
        StepAdjustments=[{"MetricIntervalLowerBound": 5.0, "ScalingAdjustment": 50}],
        Enabled=False,
    )


def forecast_something_else(scope: Scope, id: str) -> None:
    pair = {"PredefinedMetricType": "ASGNetworkOut"}
    scope.autoscaling.put_scaling_policy(
        AutoScalingGroupName=id.partition("/")[0],
        PolicyName=id.partition("/")[2],
        PolicyType="PredictiveScaling",
        PredictiveScalingConfiguration={
            "MetricSpecifications": [{"TargetValue": 9.0, "PredefinedMetricPairSpecification": pair}]
        },
    )


def hush(scope: Scope, id: str) -> None:
    scope.client("cloudwatch").disable_alarm_actions(AlarmNames=[id])


def second_alarm(scope: Scope, key: str) -> None:
    scope.client("cloudwatch").put_metric_alarm(
        AlarmName=f"castra--{scope.environment}--twin",
        Namespace="own",
        MetricName="load",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Tags=as_list(scope.birth_tags(key, None)),
    )


ROWS = (
    Row(
        part=KEY_PAIR,
        moved=KeyPair(name="admin", public_key=OTHER_KEY),
        by_hand=take_name_off,
        vanish=lambda scope, id: scope.ec2.delete_key_pair(KeyName=id),
        twin=second_key_pair,
    ),
    Row(
        part=TEMPLATE,
        needs=(VPC, *GROUPS, ROLE, *PROFILES),
        changed=LaunchTemplate(
            name="web",
            image="ami-12c6146b",
            instance_type="t3.small",
            groups=("security-group/servers", "security-group/other"),
            profile="instance-profile/other",
            key_pair="some-key",
            user_data="",
            volumes=(Volume(device="/dev/xvda", size=30, type="gp2", encrypted=False, keep=True),),
            shutdown="terminate",
            monitoring=True,
            launched_by="scaling-group/other",
        ),
        by_hand=loosen,
        vanish=lambda scope, id: scope.ec2.delete_launch_template(LaunchTemplateId=id),
        twin=second_template,
    ),
    Row(
        part=GROUP,
        needs=BENEATH_GROUP,
        changed=ScalingGroup(
            name="web",
            template="launch-template/other",
            subnets=("subnet/c", "subnet/b"),
            min=2,
            max=4,
            target_groups=("target-group/api",),
            health_check="ELB",
            grace=60,
            mixed=MIXED,
        ),
        by_hand=widen_and_detach,
        vanish=lambda scope, id: scope.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=id, ForceDelete=True),
        twin=second_group,
    ),
    Row(
        part=TRACKING,
        needs=(*BENEATH_GROUP, GROUPS[0], BALANCER, GROUP, OTHER_GROUP),
        changed=TRACKING.model_copy(
            update={
                "metric": "ALBRequestCountPerTarget",
                "requests": REQUESTS,
                "target": 1200,
                "scale_in": False,
                "warmup": None,
            }
        ),
        moved=TRACKING.model_copy(update={"group": "scaling-group/other"}),
        by_hand=raise_the_target,
        vanish=delete_policy,
    ),
    Row(
        part=SCHEDULED,
        needs=(*BENEATH_GROUP, *MOVING_GROUPS, *MORNINGS),
        changed=SCHEDULED.model_copy(
            update={"cron": "30 21 * * MON-FRI", "time_zone": "Etc/UTC", "min": None, "max": 5, "desired": 1}
        ),
        moved=SCHEDULED.model_copy(update={"group": "scaling-group/other"}),
        by_hand=send_everybody_home,
        vanish=unschedule,
    ),
    Row(
        part=STEPPING,
        needs=(*BENEATH_GROUP, GROUP, OTHER_GROUP),
        changed=STEPPING.model_copy(
            update={
                "adjustment": "PercentChangeInCapacity",
                "steps": (
                    Adjusting(lower=-10, upper=0, change=-10),
                    Adjusting(lower=None, upper=-10, change=-25),
                ),
                "at_least": 2,
                "warmup": None,
            }
        ),
        moved=STEPPING.model_copy(update={"group": "scaling-group/other"}),
        by_hand=put_steps,
        vanish=lambda scope, id: scope.autoscaling.delete_policy(PolicyName=id.rpartition("/")[2]),
    ),
    Row(
        part=ALARM,
        needs=(*BENEATH_GROUP, GROUP, STEPPING, OTHER_STEPPING),
        changed=ALARM.model_copy(
            update={
                "namespace": "own",
                "metric": "queue",
                "dimensions": {"stage": "live", "app": "web"},
                "group": None,
                "statistic": "p95",
                "period": 120,
                "periods": 3,
                "threshold": 12.5,
                "comparison": "LessThanOrEqualToThreshold",
                "missing": "notBreaching",
                "policies": ("step-policy/other", "step-policy/web-cpu-above"),
                "topics": ("arn:aws:sns:eu-west-1:123456789012:ops",),
            }
        ),
        by_hand=hush,
        vanish=lambda scope, id: scope.client("cloudwatch").delete_alarms(AlarmNames=[id]),
        twin=second_alarm,
    ),
    Row(
        part=PREDICTIVE,
        needs=(*BENEATH_GROUP, GROUPS[0], BALANCER, GROUP, OTHER_GROUP),
        changed=PREDICTIVE.model_copy(
            update={"metric": "ALBRequestCount", "target": 1000, "scale": True, "ahead": 0, "requests": REQUESTS}
        ),
        moved=PREDICTIVE.model_copy(update={"group": "scaling-group/other"}),
        by_hand=forecast_something_else,
        vanish=delete_policy,
    ),
)
