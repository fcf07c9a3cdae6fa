"""What reaches an image or a snapshot: the closure of all that could launch it, or launch it again. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tasks.images.listing import Listings, Told
from tasks.scope import ENVIRONMENT, as_dict

IMAGE_ID = re.compile(r"\bami-[0-9a-f]{8,17}\b")
LAUNCHED_FROM = ("aws:ec2launchtemplate:id", "aws:ec2launchtemplate:version")
Reached = Mapping[str, tuple[str, ...]]
"""The ids of images and snapshots, each with what reaches it, in words."""
Version = tuple[str, int]
"""A launch template's id and a version's number."""


def reached(listings: Listings, rollback: int = 1) -> Reached:
    """All that is reached. `rollback` is how many versions before each that is in use are kept for rolling back.

    Of a launch template count `$Default`, `$Latest`, whatever group, fleet or instance names by number, and those kept.
    """
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for id, why in (*_directly(listings), *_by_templates(listings, rollback)):
        found[id][why] = None
    return {id: tuple(whys) for id, whys in found.items() if id}


# ---------------------------------------------------------------------- without a template between


def _directly(listings: Listings) -> Iterator[tuple[str, str]]:
    for instance in listings.instances:
        yield instance["ImageId"], instance_in_words(instance)
    for one in listings.configurations:
        yield from _named_in(one, f"launch configuration {one['LaunchConfigurationName']}")
    for name, value in listings.parameters.items():
        for id in IMAGE_ID.findall(value):
            yield id, f"SSM parameter {name}"
    for image in listings.making:
        yield image.get("SourceImageId", ""), f"it is being copied to {image['ImageId']}"
    for group in listings.groups:
        for override in _overrides(group):
            yield override.get("ImageId", ""), f"an override of scaling group {group['AutoScalingGroupName']}"
    yield from _by_fleets(listings)


def _by_fleets(listings: Listings) -> Iterator[tuple[str, str]]:
    for fleet in listings.fleets:
        for config in fleet.get("LaunchTemplateConfigs", []):
            for override in config.get("Overrides", []):
                yield override.get("ImageId", ""), f"fleet {fleet['FleetId']}"
    for request in listings.spot_fleets:
        for specification in request["SpotFleetRequestConfig"].get("LaunchSpecifications", []):
            yield from _named_in(specification, f"spot fleet {request['SpotFleetRequestId']}")
    for request in listings.spot_requests:
        yield from _named_in(request.get("LaunchSpecification", {}), f"spot request {request['SpotInstanceRequestId']}")


def _named_in(launch: Told, why: str) -> Iterator[tuple[str, str]]:
    """The image and the snapshots that a launch's data name."""
    yield launch.get("ImageId", ""), why
    for device in launch.get("BlockDeviceMappings", []):
        yield device.get("Ebs", {}).get("SnapshotId", ""), why


def instance_in_words(instance: Told) -> str:
    """An instance with its state, and whose it is."""
    environment = as_dict(instance.get("Tags")).get(ENVIRONMENT)
    owner = f" of {environment}" if environment else ""
    return f"instance {instance['InstanceId']} ({instance['State']['Name']}){owner}"


# ---------------------------------------------------------------------- by way of a template


def _by_templates(listings: Listings, rollback: int) -> Iterator[tuple[str, str]]:
    data = {(one["LaunchTemplateId"], one["VersionNumber"]): one for one in listings.versions}
    for (id, number), whys in _versions_in_use(listings, rollback).items():
        if version := data.get((id, number)):
            named = f"launch template {version['LaunchTemplateName']} version {number} ({', '.join(whys)})"
            for target, why in _named_in(version["LaunchTemplateData"], named):
                yield listings.aliases.get(target, target), why


def _versions_in_use(listings: Listings, rollback: int) -> dict[Version, list[str]]:
    """Every version that something may launch from, and why it counts."""
    used: defaultdict[Version, list[str]] = defaultdict(list)
    for template in listings.templates:
        used[template["LaunchTemplateId"], template["DefaultVersionNumber"]].append("$Default")
        used[template["LaunchTemplateId"], template["LatestVersionNumber"]].append("$Latest")
    known = _by_name(listings.templates)
    for specification, why in _specifications(listings):
        if named := known.get(specification.get("LaunchTemplateId") or specification.get("LaunchTemplateName")):
            used[named["LaunchTemplateId"], _number(specification, named)].append(why)
    numbers = _numbers(listings.versions)
    for id, number in tuple(used):
        for earlier in _before(number, numbers[id], rollback):
            used[id, earlier].append(f"kept for rolling back from {number}")
    for instance in listings.instances:
        id, version = (as_dict(instance.get("Tags")).get(key, "") for key in LAUNCHED_FROM)
        if version.isdigit():
            used[id, int(version)].append(f"launched {instance['InstanceId']}")
    return {version: list(dict.fromkeys(whys)) for version, whys in used.items()}


def _specifications(listings: Listings) -> Iterator[tuple[Told, str]]:
    """Whatever names a launch template with a version: groups, their members and overrides, fleets."""
    for group in listings.groups:
        name = f"of scaling group {group['AutoScalingGroupName']}"
        policy = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
        yield group.get("LaunchTemplate", {}), name
        yield policy.get("LaunchTemplateSpecification", {}), name
        for override in _overrides(group):
            yield override.get("LaunchTemplateSpecification", {}), f"of an override {name}"
        for member in group.get("Instances", []):
            yield member.get("LaunchTemplate", {}), f"launched {member['InstanceId']}"
    for fleet in listings.fleets:
        for config in fleet.get("LaunchTemplateConfigs", []):
            yield config.get("LaunchTemplateSpecification", {}), f"of fleet {fleet['FleetId']}"
    for request in listings.spot_fleets:
        for config in request["SpotFleetRequestConfig"].get("LaunchTemplateConfigs", []):
            yield config.get("LaunchTemplateSpecification", {}), f"of spot fleet {request['SpotFleetRequestId']}"


def _overrides(group: Told) -> Iterable[Told]:
    overrides: Iterable[Told] = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("Overrides", [])
    return overrides


def _by_name(templates: Iterable[Told]) -> dict[Any, Told]:
    """Templates by their ids and by their names, as either may be told."""
    return {one[key]: one for one in templates for key in ("LaunchTemplateName", "LaunchTemplateId")}


def _number(specification: Told, template: Told) -> int:
    """The version that is meant: `$Default` where none is named."""
    version = str(specification.get("Version", "$Default"))
    if version.isdigit():
        return int(version)
    return int(template["LatestVersionNumber" if version == "$Latest" else "DefaultVersionNumber"])


def _numbers(versions: Iterable[Told]) -> defaultdict[str, set[int]]:
    """The numbers that each template has."""
    numbers: defaultdict[str, set[int]] = defaultdict(set)
    for version in versions:
        numbers[version["LaunchTemplateId"]].add(version["VersionNumber"])
    return numbers


def _before(number: int, numbers: Iterable[int], count: int) -> list[int]:
    """The nearest numbers before one, as some may be missing between."""
    return sorted((one for one in numbers if one < number), reverse=True)[:count]
