"""Where requests are sent to: the actions of listeners and rules, said in one way."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def actions_to(target_groups: Sequence[str]) -> list[dict[str, Any]]:
    """The action that forwards all to one target group, as AWS takes it."""
    (target_group,) = target_groups
    return [{"Type": "forward", "TargetGroupArn": target_group}]


def targets_of(actions: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The target groups that actions send to: one, where they are as Castra makes them.

    AWS tells a plain forward twice, as TargetGroupArn and as ForwardConfig. What somebody made by hand comes out as
    something else than one ARN, so that it's seen as a difference: several ARNs, or `redirect`, or `sticky`.
    """
    return tuple(told for action in actions for told in _told(action))


def _told(action: Mapping[str, Any]) -> Iterator[str]:
    if action["Type"] != "forward":
        yield str(action["Type"])
        return
    config = action.get("ForwardConfig", {})
    for group in config.get("TargetGroups") or [{"TargetGroupArn": action.get("TargetGroupArn", "nowhere")}]:
        yield str(group["TargetGroupArn"])
        if group.get("Weight") == 0:
            yield "with weight 0"
    if config.get("TargetGroupStickinessConfig", {}).get("Enabled"):
        yield "sticky"
