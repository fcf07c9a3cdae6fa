"""Quotas of AWS's that a plan would pass: what stands in the account and region, and what the plan makes."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from blueprints.part import Part
from tasks.doctor.finding import Finding
from tasks.errors import DENIED, code_of
from tasks.rights.statement import Statement, allow
from tasks.scope import Scope

READ_QUOTAS = allow("Quotas", {"servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota"}, ["*"])
READ_SUMMARY = allow("Summary", {"iam:GetAccountSummary"}, ["*"])
STANDARD = frozenset("acdhimrtz")
"""Families of instances that one quota counts the vCPUs of."""


@dataclass(frozen=True)
class Quota:
    """One quota of Service Quotas: which parts count, and how what stands is counted."""

    name: str
    service: str
    code: str
    planned: Callable[[Sequence[Part], Scope], int]
    standing: Callable[[Scope], int]


def _of(kind: str, **having: Any) -> Callable[[Sequence[Part], Scope], int]:
    return lambda parts, _: sum(
        part.kind == kind and all(getattr(part, name) == value for name, value in having.items()) for part in parts
    )


def _listed(service: str, operation: str, result: str, **having: Any) -> Callable[[Scope], int]:
    def count(scope: Scope) -> int:
        found = scope.pages(service, operation, result)
        return sum(all(one.get(name) == value for name, value in having.items()) for one in found)

    return count


def _addresses(scope: Scope) -> int:
    return len(scope.ec2.describe_addresses()["Addresses"])  # it has no pages


def _processors(parts: Sequence[Part], scope: Scope) -> int:
    """vCPUs that start with the plan: of instances, and of groups at their least size. Asks for the types' sizes."""
    templates = {part.key: str(getattr(part, "instance_type", "")) for part in parts if part.kind == "launch-template"}
    types: Counter[str] = Counter(str(getattr(part, "instance_type", "")) for part in parts if part.kind == "instance")
    for part in parts:
        if part.kind == "scaling-group" and getattr(part, "mixed", None) is None:
            types[templates.get(str(getattr(part, "template", "")), "")] += int(getattr(part, "min", 0))
    counted = {type: count for type, count in types.items() if type[:1] in STANDARD and count}
    if not counted:
        return 0
    sizes = scope.pages("ec2", "describe_instance_types", "InstanceTypes", InstanceTypes=sorted(counted))
    return sum(counted[one["InstanceType"]] * int(one["VCpuInfo"]["DefaultVCpus"]) for one in sizes)


def _running(scope: Scope) -> int:
    filters = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    reservations = scope.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    machines = [one for reservation in reservations for one in reservation["Instances"]]
    sizes = [one.get("CpuOptions", {}) for one in machines if one["InstanceType"][:1] in STANDARD]
    return sum(int(size.get("CoreCount", 1)) * int(size.get("ThreadsPerCore", 1)) for size in sizes)


BALANCERS = ("elbv2", "describe_load_balancers", "LoadBalancers")
QUOTAS = (
    Quota("VPCs", "vpc", "L-F678F1CE", _of("vpc"), _listed("ec2", "describe_vpcs", "Vpcs")),
    Quota(
        "internet gateways",
        "vpc",
        "L-A4707A72",
        _of("internet-gateway"),
        _listed("ec2", "describe_internet_gateways", "InternetGateways"),
    ),
    Quota("Elastic IP addresses", "ec2", "L-0263D0A3", _of("address"), _addresses),
    Quota(
        "security groups",
        "vpc",
        "L-E79EC296",
        _of("security-group"),
        _listed("ec2", "describe_security_groups", "SecurityGroups"),
    ),
    Quota(
        "application load balancers",
        "elasticloadbalancing",
        "L-53DA6B97",
        _of("load-balancer", type="application"),
        _listed(*BALANCERS, Type="application"),
    ),
    Quota(
        "network load balancers",
        "elasticloadbalancing",
        "L-69A177A2",
        _of("load-balancer", type="network"),
        _listed(*BALANCERS, Type="network"),
    ),
    Quota(
        "classic load balancers",
        "elasticloadbalancing",
        "L-E9E9831D",
        _of("classic-balancer"),
        _listed("elb", "describe_load_balancers", "LoadBalancerDescriptions"),
    ),
    Quota("vCPUs on demand", "ec2", "L-1216C47A", _processors, _running),
    Quota(
        "scaling groups",
        "autoscaling",
        "L-CDE20ADC",
        _of("scaling-group"),
        _listed("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"),
    ),
)
IN_IAM = {
    "role": "Roles",
    "managed-policy": "Policies",
    "instance-profile": "InstanceProfiles",
    "user": "Users",
    "group": "Groups",
}
"""What IAM itself tells the quotas of, by kind."""


def quotas(made: Sequence[Part], scope: Scope) -> Iterator[Finding]:
    """Each quota that the plan comes near: what is made, what stands, and what is allowed."""
    for quota in QUOTAS:
        try:
            planned = quota.planned(made, scope)
        except (BotoCoreError, ClientError) as error:
            yield Finding(
                check="quota", what=quota.name, verdict="unknown", why=f"the types' sizes can't be read: {error}"
            )
            continue
        if planned:
            yield _judged(quota.name, planned, scope, lambda quota=quota: _by_service_quotas(quota, scope), READ_QUOTAS)  # type: ignore[misc]
    for kind, noun in IN_IAM.items():
        if planned := sum(part.kind == kind for part in made):
            yield _judged(f"{noun} of IAM", planned, scope, lambda noun=noun: _by_summary(noun, scope), READ_SUMMARY)  # type: ignore[misc]


def _judged(
    name: str, planned: int, scope: Scope, read: Callable[[], tuple[int, int]], statement: Statement
) -> Finding:
    """`read` gives what stands, and the most that there may be."""
    try:
        standing, most = read()
    except (BotoCoreError, ClientError) as error:
        told = statement if code_of(error) in DENIED else None
        why = f"the quota can't be read ({code_of(error) or error}); the plan makes {planned}"
        way_out = "Add this statement to the caller's policy" if told else ""
        return Finding(check="quota", what=name, verdict="unknown", why=why, way_out=way_out, statement=told)
    why = f"{standing} stand, the plan makes {planned}, {most} are allowed in {scope.region}"
    if standing + planned <= most:
        return Finding(check="quota", what=name, verdict="good", why=why)
    way_out = "Ask for more in Service Quotas, or strike what nobody needs"
    return Finding(check="quota", what=name, verdict="lacking", why=why, way_out=way_out)


def _by_service_quotas(quota: Quota, scope: Scope) -> tuple[int, int]:
    asked, client = {"ServiceCode": quota.service, "QuotaCode": quota.code}, scope.client("service-quotas")
    try:
        told = client.get_service_quota(**asked)
    except ClientError as error:
        if code_of(error) != "NoSuchResourceException":
            raise
        told = client.get_aws_default_service_quota(**asked)  # nobody has asked for another one
    return quota.standing(scope), int(told["Quota"]["Value"])


def _by_summary(noun: str, scope: Scope) -> tuple[int, int]:
    told = scope.iam.get_account_summary()["SummaryMap"]
    return int(told[noun]), int(told[f"{noun}Quota"])
