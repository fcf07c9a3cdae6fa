"""Launches of a scaling group that fail, why they do, and whether trying again can help."""

import re

from tasks.compute.groups import in_service, named
from tasks.errors import CastraError
from tasks.scope import Scope

HOPELESS = re.compile(r"image id|key pair|vCPU|quota|not supported", re.IGNORECASE)
"""What a failed launch says where trying again won't help."""


class Failures:
    """Launches of a group that failed since it's watched. What failed before may have been mended since."""

    def __init__(self, scope: Scope, id: str) -> None:
        self.scope, self.id = scope, id
        self.before: frozenset[str] | None = None

    def _all(self) -> dict[str, str]:
        """Activity id to reason, the newest first."""
        answer = self.scope.autoscaling.describe_scaling_activities(AutoScalingGroupName=self.id, MaxRecords=20)
        failed = [activity for activity in answer["Activities"] if activity["StatusCode"] == "Failed"]
        return {activity["ActivityId"]: activity.get("StatusMessage", "") for activity in failed}

    def raise_hopeless(self) -> None:
        """Raise CastraError where a launch failed for a reason that won't pass."""
        reasons = self._all()
        if self.before is None:
            self.before = frozenset(reasons)
        for activity, reason in reasons.items():
            if activity not in self.before and HOPELESS.search(reason):
                raise CastraError(
                    f"scaling group {self.id}",
                    f"its instances can't start: {reason}",
                    "Mend the cause and run the same command again",
                )

    def told(self) -> str:
        """How far it got, and why the newest launch that failed did."""
        group = named(self.scope, self.id) or {}
        reason = next(iter(self._all().values()), "AWS gives no reason")
        return f"{in_service(group)} of {group.get('MinSize', '?')} instances are in service ({reason.rstrip('.')})"
