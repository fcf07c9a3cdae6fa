"""What is paused: a tag tells how it was before, and that counts as how it is, so that no plan undoes a pause."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tasks.compute.groups import named
from tasks.scope import PAUSED, Scope, as_dict

SCHEDULES = "ScheduledActions"  # Auto Scaling's name for what moves a group by the clock


@dataclass(frozen=True)
class Sizes:
    """A group before its pause; `suspended`: its schedules were suspended already, and stay so."""

    min: int
    max: int
    desired: int
    suspended: bool = False

    @property
    def tag(self) -> str:
        """As the group's tag has it."""
        return f"min={self.min} max={self.max} desired={self.desired}{' suspended=1' * self.suspended}"


def sizes_of(group: Mapping[str, Any]) -> Sizes:
    """A group as it is now."""
    return Sizes(group["MinSize"], group["MaxSize"], group["DesiredCapacity"], schedules_suspended(group))


def schedules_suspended(group: Mapping[str, Any]) -> bool:
    """Whether its schedules move it no more."""
    return SCHEDULES in {one["ProcessName"] for one in group.get("SuspendedProcesses", [])}


def sizes_in(tags: Mapping[str, str]) -> Sizes | None:
    """What the tag tells; None where the group isn't paused."""
    if PAUSED not in tags:
        return None
    told = dict(word.partition("=")[::2] for word in tags[PAUSED].split())
    return Sizes(int(told["min"]), int(told["max"]), int(told["desired"]), "suspended" in told)


def as_before(group: Mapping[str, Any], tags: Mapping[str, str]) -> Mapping[str, Any]:
    """A group with the bounds that it had before its pause, and will have again."""
    before = sizes_in(tags)
    return {**group, "MinSize": before.min, "MaxSize": before.max} if before else group


def still_paused(scope: Scope, id: str, settings: dict[str, Any]) -> dict[str, Any]:
    """What an update of a group sends: of one that is paused no bounds, which its tag keeps for later."""
    before = sizes_in(as_dict((named(scope, id) or {}).get("Tags")))
    if before is None:
        return settings
    after = replace(before, min=settings.get("MinSize", before.min), max=settings.get("MaxSize", before.max))
    if after != before:
        keep(scope, id, after)
    return {name: value for name, value in settings.items() if name not in ("MinSize", "MaxSize")}


def keep(scope: Scope, id: str, sizes: Sizes) -> None:
    """Write a group's tag. What it launches doesn't carry it."""
    tag = {"ResourceId": id, "ResourceType": "auto-scaling-group", "Key": PAUSED, "Value": sizes.tag}
    scope.autoscaling.create_or_update_tags(Tags=[{**tag, "PropagateAtLaunch": False}])
