"""What a diagnosis goes by: all that stands, and what AWS tells of how it fares. Read in bulk; nothing is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tasks.compute.groups import capacity, standing_groups
from tasks.data.database_listing import standing_databases
from tasks.diagnosing.calls import Calls, read_calls
from tasks.each import batches, each
from tasks.errors import gone_is_fine
from tasks.kind import Found
from tasks.registry import KINDS
from tasks.scope import PART, Scope, as_dict
from tasks.serverless.permission import PermissionState, granted, permission_in
from tasks.survey import survey

ACTIONS = (
    "autoscaling:DescribeScalingActivities",
    "cloudwatch:GetMetricData",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstances",
    "ec2:DescribeKeyPairs",
    "ec2:DescribeNetworkAcls",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeTargetHealth",
    "logs:FilterLogEvents",
)
"""What a diagnosis may call beside what each kind declares for itself."""


@dataclass(frozen=True)
class Target:
    """A target and its health, in AWS's words; those of classic balancers are other ones.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_InstanceState.html
    """

    id: str
    state: str
    reason: str
    description: str


@dataclass(frozen=True)
class Machine:
    """An instance of the environment, whoever launched it. `part` is what it belongs to."""

    id: str
    part: str
    state: str
    subnet: str
    zone: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One entry of a network ACL: over which protocol (AWS's number, -1 is all) and ports, from or to whom."""

    number: int
    egress: bool
    allows: bool
    protocol: str
    ports: tuple[int, int] | None
    peer: str


@dataclass(frozen=True)
class Acl:
    """A network ACL, its entries in the order in which they count."""

    id: str
    subnets: frozenset[str]
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Activity:
    """What a scaling group did or tried, in AWS's words."""

    status: str
    message: str
    description: str
    cause: str
    began: datetime


@dataclass(frozen=True)
class Crew:
    """A scaling group and its members now. `suspended` are the processes that don't run; activities newest first."""

    wanted: int
    serving: int
    suspended: frozenset[str]
    activities: tuple[Activity, ...]


@dataclass(frozen=True)
class Evidence:
    """All that was read. `targets` are by their group's ARN or their classic balancer's name, `crews` by their scaling
    group's name. `stores` are the states of databases, of caches and of their nodes, by ARN.

    `calls` and `grants` are by the function's ARN: how it fares, and whom its alias lets call it, whoever let them.
    `images` and `key_pairs` are those that templates name and that are there; `impaired` instances fail their checks.
    """

    environment: str
    region: str
    found: tuple[Found[Any], ...]
    targets: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    machines: tuple[Machine, ...] = ()
    impaired: frozenset[str] = frozenset()
    acls: tuple[Acl, ...] = ()
    crews: Mapping[str, Crew] = field(default_factory=dict)
    calls: Mapping[str, Calls] = field(default_factory=dict)
    grants: Mapping[str, tuple[PermissionState, ...]] = field(default_factory=dict)
    stores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    images: frozenset[str] = frozenset()
    key_pairs: frozenset[str] = frozenset()

    def of(self, *kinds: str) -> Iterator[Found[Any]]:
        """What stands of these kinds, and isn't on its way out."""
        return (one for one in self.found if one.kind in kinds and not one.retired and one.phase != "leaving")

    def part(self, id: str) -> Found[Any] | None:
        """What has this id, of a kind whose id is its own."""
        return next((one for one in self.found if one.id == id and one.kind != "firewall"), None)

    def name(self, id: str) -> str:
        """The key of what has this id, or else the id."""
        part = self.part(id)
        return part.key if part else id


def gather(scope: Scope) -> Evidence:
    """Read it all. Raises Unreadable with all that couldn't be read."""
    found = survey(scope, KINDS.values()).found
    groups = [one.id for one in found if one.kind in ("target-group", "classic-balancer")]
    templates = [one.state for one in found if one.kind == "launch-template"]
    machines = tuple(_machines(scope))
    return Evidence(
        environment=str(scope.environment),
        region=scope.region,
        found=found,
        targets=dict(each(lambda arn: _targets(scope, arn), groups)),
        machines=machines,
        impaired=frozenset(_impaired(scope, [one.id for one in machines if one.state == "running"])),
        acls=tuple(_acls(scope, sorted({one.state.vpc for one in found if one.kind == "security-group"}))),
        crews=_crews(scope),
        calls=read_calls(scope),
        grants=_grants(scope),
        stores=_stores(scope, found),
        images=_there(scope, "describe_images", "Images", "image-id", "ImageId", {one.image for one in templates}),
        key_pairs=_there(
            scope, "describe_key_pairs", "KeyPairs", "key-name", "KeyName", {one.key_pair for one in templates}
        ),
    )


def _targets(scope: Scope, id: str) -> tuple[Target, ...]:
    """A call a target group or classic balancer: AWS has no bulk form."""
    with gone_is_fine("TargetGroupNotFound", "LoadBalancerNotFound"):
        if id.startswith("arn:"):
            told = scope.elbv2.describe_target_health(TargetGroupArn=id)["TargetHealthDescriptions"]
            return tuple(_target(one["Target"]["Id"], one["TargetHealth"]) for one in told)
        states = scope.client("elb").describe_instance_health(LoadBalancerName=id)["InstanceStates"]
        return tuple(Target(one["InstanceId"], one["State"], one["ReasonCode"], one["Description"]) for one in states)
    return ()


def _target(id: str, health: Mapping[str, str]) -> Target:
    return Target(id, health["State"], health.get("Reason") or "", health.get("Description") or "")


def _machines(scope: Scope) -> Iterator[Machine]:
    """Those that haven't ended, filtered by tag."""
    for reservation in scope.pages("ec2", "describe_instances", "Reservations", Filters=scope.filters):
        for told in reservation["Instances"]:
            if told["State"]["Name"] not in ("shutting-down", "terminated"):
                yield Machine(
                    id=told["InstanceId"],
                    part=as_dict(told.get("Tags")).get(PART, ""),
                    state=told["State"]["Name"],
                    subnet=told.get("SubnetId", ""),
                    zone=told["Placement"]["AvailabilityZone"],
                    groups=tuple(group["GroupId"] for group in told.get("SecurityGroups", ())),
                )


def _impaired(scope: Scope, running: list[str]) -> Iterator[str]:
    """A hundred a call."""
    for ids in batches(running, 100):
        for one in scope.ec2.describe_instance_status(InstanceIds=ids)["InstanceStatuses"]:
            if "impaired" in (one["InstanceStatus"]["Status"], one["SystemStatus"]["Status"]):
                yield str(one["InstanceId"])


def _acls(scope: Scope, vpcs: list[str]) -> Iterator[Acl]:
    filters = [{"Name": "vpc-id", "Values": vpcs}]
    for told in scope.pages("ec2", "describe_network_acls", "NetworkAcls", Filters=filters) if vpcs else ():
        entries = sorted((_entry(one) for one in told["Entries"]), key=lambda one: one.number)
        yield Acl(told["NetworkAclId"], frozenset(one["SubnetId"] for one in told["Associations"]), tuple(entries))


def _entry(told: Mapping[str, Any]) -> Entry:
    ports = told.get("PortRange")
    return Entry(
        number=told["RuleNumber"],
        egress=told["Egress"],
        allows=told["RuleAction"] == "allow",
        protocol=str(told["Protocol"]),
        ports=(ports["From"], ports["To"]) if ports else None,
        peer=told.get("CidrBlock") or told.get("Ipv6CidrBlock") or "",
    )


def _crews(scope: Scope) -> dict[str, Crew]:
    """From the listing that the survey made, and a call a group for what it did of late."""
    groups = standing_groups(scope)
    return {
        group["AutoScalingGroupName"]: Crew(
            wanted=group["DesiredCapacity"],
            serving=capacity(group),
            suspended=frozenset(one["ProcessName"] for one in group.get("SuspendedProcesses", ())),
            activities=activities,
        )
        for group, activities in each(lambda group: _activities(scope, group["AutoScalingGroupName"]), groups)
    }


def _activities(scope: Scope, name: str) -> tuple[Activity, ...]:
    told = scope.autoscaling.describe_scaling_activities(AutoScalingGroupName=name, MaxRecords=50)["Activities"]
    return tuple(
        Activity(
            status=one["StatusCode"],
            message=one.get("StatusMessage") or "",
            description=one.get("Description") or "",
            cause=one.get("Cause") or "",
            began=one["StartTime"],
        )
        for one in told
    )


def _grants(scope: Scope) -> dict[str, tuple[PermissionState, ...]]:
    """What the survey listed."""
    told = ((one["Configuration"]["FunctionArn"], statements) for one, statements in granted(scope))
    return {arn: tuple(permission_in(arn, statement) for statement in statements) for arn, statements in told}


def _there(scope: Scope, operation: str, result: str, name: str, key: str, asked: set[str | None]) -> frozenset[str]:
    """Which of these there are. As a filter, names that nobody has are no error."""
    names = sorted(one for one in asked if one)
    if not names:
        return frozenset()
    told = getattr(scope.ec2, operation)(Filters=[{"Name": name, "Values": names}])[result]
    return frozenset(one[key] for one in told)


def _stores(scope: Scope, found: tuple[Found[Any], ...]) -> dict[str, tuple[str, ...]]:
    """Databases are listed already; caches are listed once more, if there are any, for the survey keeps no states."""
    states: dict[str, tuple[str, ...]] = {
        one["DBInstanceArn"]: (str(one["DBInstanceStatus"]),) for one, _ in standing_databases(scope)
    }
    caches = {one.id.rpartition(":")[2]: one.id for one in found if one.kind in ("replication-group", "cache-cluster")}
    for told in scope.pages("elasticache", "describe_cache_clusters", "CacheClusters") if caches else ():
        name = told.get("ReplicationGroupId") or told["CacheClusterId"]
        if name in caches:
            states[caches[name]] = tuple(dict.fromkeys((*states.get(caches[name], ()), told["CacheClusterStatus"])))
    return states
