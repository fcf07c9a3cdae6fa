"""A managed policy that is attached again to what carries it is attached once."""

from typing import Any

from moto.iam.models import ManagedPolicy

attach = ManagedPolicy.attach_to


def attach_to(policy: Any, holder: Any) -> None:
    """AWS counts who carries it; moto counts the calls, which shows in AttachmentCount and never goes back to 0."""
    if policy.arn not in holder.managed_policies:
        attach(policy, holder)


ManagedPolicy.attach_to = attach_to  # type: ignore[method-assign]
