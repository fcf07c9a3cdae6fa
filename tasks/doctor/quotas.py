"""Quotas of AWS's that a plan would pass: what stands in the account and region, and what the plan makes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from blueprints.part import Part
from tasks.doctor.counting import (
    Places,
    Planned,
    Standing,
    addresses,
    gateways,
    listed,
    nodes,
    of,
    processors,
    running,
    standing_gateways,
    standing_nodes,
)
from tasks.doctor.finding import Finding
from tasks.errors import DENIED, code_of
from tasks.rights.statement import Statement, allow
from tasks.scope import Scope

READ_QUOTAS = allow("Quotas", {"servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota"}, ["*"])
READ_SUMMARY = allow("Summary", {"iam:GetAccountSummary"}, ["*"])
READ_SETTINGS = allow("Settings", {"lambda:GetAccountSettings"}, ["*"])
UNRESERVED = 100  # executions at once that Lambda leaves to functions without a number of their own
PAGES = {
    "autoscaling": "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html",
    "ec2": "https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html",
    "elasticache": "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/quota-limits.html",
    "elasticloadbalancing": "https://docs.aws.amazon.com/general/latest/gr/elb.html",
    "iam": "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    "lambda": "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",
    "rds": "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html",
    "vpc": "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
}
"""Where AWS tells of a service's quotas."""


@dataclass(frozen=True)
class Quota:
    """One quota of Service Quotas: which parts count, and how what stands is counted, and both in words."""

    name: str
    service: str
    code: str
    planned: Planned
    standing: Standing
    stand: str = "stand"
    makes: str = "the plan makes"


BALANCERS = ("elbv2", "describe_load_balancers", "LoadBalancers")
GROUPS = ("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")
QUOTAS = (
    Quota("VPCs", "vpc", "L-F678F1CE", of("vpc"), listed("ec2", "describe_vpcs", "Vpcs")),
    Quota(
        "internet gateways",
        *("vpc", "L-A4707A72", of("internet-gateway")),
        listed("ec2", "describe_internet_gateways", "InternetGateways"),
    ),
    Quota("NAT gateways", "vpc", "L-FE5A380F", gateways, standing_gateways),
    Quota("Elastic IP addresses", "ec2", "L-0263D0A3", of("address"), addresses),
    Quota(
        "security groups",
        *("vpc", "L-E79EC296", of("security-group")),
        listed("ec2", "describe_security_groups", "SecurityGroups"),
    ),
    Quota(
        "application load balancers",
        *("elasticloadbalancing", "L-53DA6B97", of("load-balancer", type="application")),
        listed(*BALANCERS, Type="application"),
    ),
    Quota(
        "network load balancers",
        *("elasticloadbalancing", "L-69A177A2", of("load-balancer", type="network")),
        listed(*BALANCERS, Type="network"),
    ),
    Quota(
        "classic load balancers",
        *("elasticloadbalancing", "L-E9E9831D", of("classic-balancer")),
        listed("elb", "describe_load_balancers", "LoadBalancerDescriptions"),
    ),
    Quota("vCPUs on demand", "ec2", "L-1216C47A", processors, running),
    Quota("scaling groups", "autoscaling", "L-CDE20ADC", of("scaling-group"), listed(*GROUPS)),
    Quota("databases", "rds", "L-7B6409FD", of("database"), listed("rds", "describe_db_instances", "DBInstances")),
    Quota(
        "subnet groups of databases",
        *("rds", "L-48C6BF61", of("database-subnet-group")),
        listed("rds", "describe_db_subnet_groups", "DBSubnetGroups"),
    ),
    Quota(
        "parameter groups of databases",
        *("rds", "L-DE55804A", of("database-parameter-group")),
        listed("rds", "describe_db_parameter_groups", "DBParameterGroups"),
    ),
    Quota("nodes of caches", "elasticache", "L-DFE45DF3", nodes, standing_nodes),
    Quota(
        "subnet groups of caches",
        *("elasticache", "L-3E7F7726", of("cache-subnet-group")),
        listed("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups"),
    ),
    Quota(
        "parameter groups of caches",
        *("elasticache", "L-3F15A733", of("cache-parameter-group")),
        listed("elasticache", "describe_cache_parameter_groups", "CacheParameterGroups"),
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


def quotas(made: Sequence[Part], parts: Sequence[Part], scope: Scope) -> Iterator[Finding]:
    """Each quota that the plan comes near: what is made, what stands, and what is allowed."""
    every = {part.key: part for part in parts}
    for quota in QUOTAS:
        try:
            planned = {place: count for place, count in quota.planned(made, every, scope).items() if count}
        except (BotoCoreError, ClientError) as error:
            yield Finding(
                check="quota", what=quota.name, verdict="unknown", why=f"the types' sizes can't be read: {error}"
            )
            continue
        if planned:
            yield from judged(quota, planned, scope, lambda quota=quota: _by_service_quotas(quota, scope), READ_QUOTAS)  # type: ignore[misc]
    for kind, noun in IN_IAM.items():
        if count := sum(part.kind == kind for part in made):
            told = Quota(f"{noun} of IAM", "iam", "", of(kind), lambda _: {})
            yield from judged(told, {"": count}, scope, lambda noun=noun: _by_summary(noun, scope), READ_SUMMARY)  # type: ignore[misc]
    if reserved := sum(getattr(part, "concurrency", None) or 0 for part in made if part.kind == "function"):
        told = Quota("executions of functions at once", "lambda", "L-B99A9384", of("function"), lambda _: {})
        yield from judged(told, {"": reserved}, scope, lambda: _by_settings(scope), READ_SETTINGS)


def judged(
    quota: Quota, planned: Places, scope: Scope, read: Callable[[], tuple[Places, int]], statement: Statement
) -> Iterator[Finding]:
    """Whether there's room in each place; `read` gives what stands, and the most that there may be."""
    try:
        standing, most = read()
    except (BotoCoreError, ClientError) as error:
        told = statement if code_of(error) in DENIED else None
        why = f"the quota can't be read ({code_of(error) or error}); {quota.makes} {sum(planned.values())}"
        way_out = "Add this statement to the caller's policy" if told else ""
        yield Finding(check="quota", what=quota.name, verdict="unknown", why=why, way_out=way_out, statement=told)
        return
    for place, count in sorted(planned.items()):
        there = standing.get(place, 0)
        why = f"{there} {quota.stand}, {quota.makes} {count}, {most} are allowed in {place or scope.region}"
        if there + count <= most:
            yield Finding(check="quota", what=quota.name, verdict="good", why=why)
            continue
        asked = f"Ask for more of {quota.code} in Service Quotas" if quota.code else "Ask for more in Service Quotas"
        way_out = f"{asked}, or strike what nobody needs: {PAGES[quota.service]}"
        yield Finding(check="quota", what=quota.name, verdict="lacking", why=why, way_out=way_out)


def _by_service_quotas(quota: Quota, scope: Scope) -> tuple[Places, int]:
    return quota.standing(scope), most_of(quota, scope)


def most_of(quota: Quota, scope: Scope, region: str = "") -> int:
    """As many as AWS allows in a region; the environment's, if not given."""
    asked, client = (
        {"ServiceCode": quota.service, "QuotaCode": quota.code},
        scope.client("service-quotas", region=region),
    )
    try:
        told = client.get_service_quota(**asked)
    except ClientError as error:
        if code_of(error) != "NoSuchResourceException":
            raise
        told = client.get_aws_default_service_quota(**asked)  # nobody has asked for another one
    return int(told["Quota"]["Value"])


def _by_summary(noun: str, scope: Scope) -> tuple[Places, int]:
    told = scope.iam.get_account_summary()["SummaryMap"]
    return {"": int(told[noun])}, int(told[f"{noun}Quota"])


def _by_settings(scope: Scope) -> tuple[Places, int]:
    """Executions at once that functions have to themselves already; a hundred must be left to the others.

    Making a function takes none; its `concurrency` takes as many.
    """
    told = scope.client("lambda").get_account_settings()["AccountLimit"]
    most = int(told["ConcurrentExecutions"])
    return {"": most - int(told["UnreservedConcurrentExecutions"])}, most - UNRESERVED
