"""HTTP and WebSocket APIs of the environment, listed once a survey, and what's inside each.

GetApis tells the tags of all APIs of the account, a page a call. AWS has no wider form for what's inside: routes,
integrations and authorizers are three listings an API of ours, stages and deployments two more.
"""

from collections.abc import Iterator
from typing import Any

from tasks.api.http_state import Inside
from tasks.errors import gone_is_fine
from tasks.scope import Scope

GONE = "NotFoundException"
HTTP = "apigatewayv2"


def http_apis(scope: Scope) -> list[dict[str, Any]]:
    """Those of the environment, as AWS describes them."""
    return scope.listed(
        "http apis",
        lambda: [api for api in scope.pages(HTTP, "get_apis", "Items") if scope.owns(api.get("Tags") or {})],
    )


def inside(scope: Scope, api: str) -> Inside | None:
    """An API's routes, integrations and authorizers; None if it went since it was listed."""
    with gone_is_fine(GONE):
        return Inside(
            routes=list(scope.pages(HTTP, "get_routes", "Items", ApiId=api)),
            integrations=list(scope.pages(HTTP, "get_integrations", "Items", ApiId=api)),
            authorizers=list(scope.pages(HTTP, "get_authorizers", "Items", ApiId=api)),
        )
    return None


def stages(scope: Scope, api: str) -> Iterator[dict[str, Any]]:
    """An API's stages; none if it went since it was listed."""
    with gone_is_fine(GONE):
        yield from scope.pages(HTTP, "get_stages", "Items", ApiId=api)


def deployments(scope: Scope, api: str) -> Iterator[dict[str, Any]]:
    """An API's deployments; none if it went since it was listed."""
    with gone_is_fine(GONE):
        yield from scope.pages(HTTP, "get_deployments", "Items", ApiId=api)
