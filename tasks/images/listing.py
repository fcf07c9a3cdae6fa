"""All that may name an image or a snapshot, read in bulk: calls a kind of thing, never a call an image."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tasks.each import each
from tasks.errors import explain
from tasks.scope import Scope

Told = Mapping[str, Any]
"""A thing as AWS tells it."""

ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLaunchConfigurations",
    "ec2:DescribeFleets",
    "ec2:DescribeImages",
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeSnapshots",
    "ec2:DescribeSpotFleetRequests",
    "ec2:DescribeSpotInstanceRequests",
    "ssm:DescribeParameters",
    "ssm:GetParameters",
)
RESOLVED = "resolve:ssm:"  # what a template's image begins with that an SSM parameter names
STANDING = ["pending", "running", "stopping", "stopped"]
VERSIONS_A_PAGE, PARAMETERS_A_PAGE = 200, 50
FLEETS = ["submitted", "active", "deleted_running", "modifying"]
SPOT_FLEETS = ("submitted", "active", "cancelled_running", "modifying")
SPOT = ["open", "active"]


@dataclass(frozen=True)
class Listings:
    """What AWS told. `parameters` are names and values, `aliases` what `resolve:ssm:…` stands for."""

    instances: Sequence[Told] = ()
    templates: Sequence[Told] = ()
    versions: Sequence[Told] = ()
    groups: Sequence[Told] = ()
    configurations: Sequence[Told] = ()
    fleets: Sequence[Told] = ()
    spot_fleets: Sequence[Told] = ()
    spot_requests: Sequence[Told] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    making: Sequence[Told] = ()


def read(scope: Scope, beside: Iterable[str] = ()) -> Listings:
    """Read it all, at once. `beside` are other regions that images may be on their way to.

    Raises Unreadable for whatever can't be read: what isn't known to be free isn't free.
    """
    scaling = "autoscaling"
    readings: dict[str, Callable[[], Any]] = {
        "instances": lambda: list(_instances(scope)),
        "templates": lambda: _templates(scope),
        "groups": lambda: list(scope.pages(scaling, "describe_auto_scaling_groups", "AutoScalingGroups")),
        "configurations": lambda: list(scope.pages(scaling, "describe_launch_configurations", "LaunchConfigurations")),
        "fleets": lambda: list(_fleets(scope)),
        "spot_fleets": lambda: list(_spot_fleets(scope)),
        "spot_requests": lambda: list(_spot_requests(scope)),
        "parameters": lambda: _parameters(scope),
        "making": lambda: [one for region in (scope.region, *beside) for one in _in_the_making(scope, region)],
    }
    with ThreadPoolExecutor(len(readings), thread_name_prefix="references") as pool:
        futures = {name: pool.submit(copy_context().run, reading) for name, reading in readings.items()}
    try:
        told = {name: future.result() for name, future in futures.items()}
        templates, versions = told.pop("templates")
        return Listings(**told, templates=templates, versions=versions, aliases=_aliases(scope, versions))
    except (BotoCoreError, ClientError) as error:
        raise explain(error, "Reading what reaches the images", ACTIONS) from error


def _instances(scope: Scope) -> Iterator[Told]:
    filters = [{"Name": "instance-state-name", "Values": STANDING}]
    for reservation in scope.pages("ec2", "describe_instances", "Reservations", Filters=filters):
        yield from reservation["Instances"]


def _templates(scope: Scope) -> tuple[list[Told], list[Told]]:
    """All templates and their versions. Numbered ones are listed a template at a time: only where there are several."""
    templates = list(scope.pages("ec2", "describe_launch_templates", "LaunchTemplates"))
    single: dict[str, Any] = {"Versions": ["$Latest", "$Default"], "MaxResults": VERSIONS_A_PAGE}
    newest = list(scope.pages("ec2", "describe_launch_template_versions", "LaunchTemplateVersions", **single))
    several = [one["LaunchTemplateId"] for one in templates if one["LatestVersionNumber"] > 1]
    numbered = [version for _, versions in each(lambda id: _versions(scope, id), several) for version in versions]
    return templates, [*newest, *numbered]


def _versions(scope: Scope, template: str) -> list[Told]:
    asked: dict[str, Any] = {"LaunchTemplateId": template, "MaxResults": VERSIONS_A_PAGE}
    return list(scope.pages("ec2", "describe_launch_template_versions", "LaunchTemplateVersions", **asked))


def _fleets(scope: Scope) -> Iterator[Told]:
    filters = [{"Name": "fleet-state", "Values": FLEETS}]
    return scope.pages("ec2", "describe_fleets", "Fleets", Filters=filters)


def _spot_fleets(scope: Scope) -> Iterator[Told]:
    for fleet in scope.pages("ec2", "describe_spot_fleet_requests", "SpotFleetRequestConfigs"):
        if fleet["SpotFleetRequestState"] in SPOT_FLEETS:
            yield fleet


def _spot_requests(scope: Scope) -> Iterator[Told]:
    filters = [{"Name": "state", "Values": SPOT}]
    return scope.pages("ec2", "describe_spot_instance_requests", "SpotInstanceRequests", Filters=filters)


def _in_the_making(scope: Scope, region: str) -> Iterator[Told]:
    filters = [{"Name": "state", "Values": ["pending"]}]
    return scope.pages("ec2", "describe_images", "Images", region=region, Owners=["self"], Filters=filters)


def _parameters(scope: Scope) -> dict[str, str]:
    """Names and values of all parameters in plain text; ten a call is all that AWS gives by name."""
    filters = [{"Key": "Type", "Option": "Equals", "Values": ["String", "StringList"]}]
    asked: dict[str, Any] = {"ParameterFilters": filters, "MaxResults": PARAMETERS_A_PAGE}
    named = [one["Name"] for one in scope.pages("ssm", "describe_parameters", "Parameters", **asked)]
    return {one["Name"]: one["Value"] for one in _values(scope, named)}


def _values(scope: Scope, names: Sequence[str]) -> Iterator[Told]:
    tens = [list(names[start : start + 10]) for start in range(0, len(names), 10)]
    for _, answer in each(lambda ten: scope.client("ssm").get_parameters(Names=ten), tens):
        yield from answer["Parameters"]


def _aliases(scope: Scope, versions: Iterable[Told]) -> dict[str, str]:
    """What the parameters that templates name stand for now: `resolve:ssm:NAME`, with `:VERSION` or `:LABEL`."""
    images = {str(version["LaunchTemplateData"].get("ImageId", "")) for version in versions}
    named = sorted(image.removeprefix(RESOLVED) for image in images if image.startswith(RESOLVED))
    aliases: dict[str, str] = {}
    for one in _values(scope, named):
        for name in (one["Name"], one.get("ARN", "")):
            aliases[f"{RESOLVED}{name}{one.get('Selector', '')}"] = one["Value"]
    return aliases
