"""Bucket policies: moto takes each statement for one about everybody, and reads no condition."""

import json
from fnmatch import fnmatchcase
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from tests.physics.gaps.buckets import listed

CONTEXT = {"aws:securetransport": "true"}
"""What's known of each call. The emulator stands for one that is reached by TLS; nobody comes through an endpoint."""


def permission(bucket: Any, action: str, resource: str) -> PermissionResult:
    """What a bucket's policy says of an action, to a caller of the bucket's own account or to a stranger."""
    found = PermissionResult.NEUTRAL
    for statement in listed(json.loads(bucket.policy)["Statement"]) if bucket.policy else ():
        if not (about(statement, "Action", action) and about(statement, "Resource", resource)):
            continue
        principal = statement.get("Principal", {})
        named = listed(principal.get("AWS", [])) if isinstance(principal, dict) else [principal]
        if not holds(statement.get("Condition", {})):
            continue
        if statement["Effect"] == "Deny" and {"*", DEFAULT_ACCOUNT_ID} & set(named):
            return PermissionResult.DENIED
        if statement["Effect"] == "Allow" and "*" in named:
            found = PermissionResult.PERMITTED
    return found


def about(statement: dict[str, Any], element: str, value: str) -> bool:
    def fits(patterns: Any) -> bool:
        return any(fnmatchcase(value.lower(), str(pattern).lower()) for pattern in listed(patterns))

    if f"Not{element}" in statement:
        return not fits(statement[f"Not{element}"])
    return fits(statement.get(element, []))


def holds(condition: dict[str, Any]) -> bool:
    """Whether all of it does. What isn't known is equal to nothing."""
    for operator, tests in condition.items():
        for key, values in tests.items():
            same = CONTEXT.get(key.lower()) in [str(value).lower() for value in listed(values)]
            if same == ("Not" in operator):
                return False
    return True


FakeBucket.get_permission = permission
