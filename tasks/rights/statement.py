"""One statement of a policy. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Statement = dict[str, Any]


def allow(
    sid: str, actions: Iterable[str], resources: Iterable[str], equal: Mapping[str, Sequence[str]] | None = None
) -> Statement:
    """Allow these actions on these ARNs, where these keys of the call have one of these values each."""
    told: Statement = {"Sid": sid, "Effect": "Allow", "Action": sorted(set(actions)), "Resource": _one(resources)}
    if equal:
        told["Condition"] = {"StringEquals": {key: _one(values) for key, values in equal.items()}}
    return told


def listed(value: Any) -> list[Any]:
    """What may be one value or a list, as a list."""
    return list(value) if isinstance(value, list | tuple) else [value]


def _one(values: Iterable[str]) -> Any:
    """A single value by itself, several as a list without doubles."""
    several = list(dict.fromkeys(values))
    return several[0] if len(several) == 1 else several
