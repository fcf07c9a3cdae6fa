"""Whose what stands in CloudFront and Route 53 is: both are of all regions, so that the region is part of it."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tasks.scope import ENVIRONMENT, PART, Scope

REGION = "castra:region"
"""The tag that sets apart environments of one name in two regions, where a service has none."""
_SAID = re.compile(rf"^{ENVIRONMENT}=(\S+) {REGION}=(\S+) {PART}=(\S+)$")


class Home(NamedTuple):
    """Whose something is."""

    environment: str
    region: str
    part: str


def said(scope: Scope, key: str) -> str:
    """What a description or a text says of whose it is, where there are no tags."""
    return f"{ENVIRONMENT}={scope.environment} {REGION}={scope.region} {PART}={key}"


def read(scope: Scope, text: str) -> Home | None:
    """The same read again, if it's the scope's."""
    match = _SAID.match(text)
    home = Home(*match.groups()) if match else None
    return home if home and home.region == scope.region and scope.environment in (None, home.environment) else None


def ours(scope: Scope, tags: Mapping[str, str]) -> bool:
    """Whether tags name the scope's environment and region."""
    return scope.owns(tags) and tags.get(REGION) == scope.region


def items(scope: Scope, operation: str, result: str, **arguments: Any) -> list[dict[str, Any]]:
    """All items of a listing of CloudFront's: `items(scope, "list_distributions", "DistributionList")`."""
    pages = scope.client("cloudfront").get_paginator(operation).paginate(**arguments)
    return [item for page in pages for item in page[result].get("Items") or ()]


def listed(scope: Scope, operation: str, result: str) -> list[dict[str, Any]]:
    """The same, made once for each survey."""
    listing: Callable[[], list[dict[str, Any]]] = lambda: items(scope, operation, result)  # noqa: E731
    return scope.listed(f"cloudfront {operation}", listing)
