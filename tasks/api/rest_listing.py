"""REST APIs of the environment, listed once a survey, and what each has.

GetRestApis tells the tags of all APIs of the account. AWS has no wider form for what's in one: methods with all that
belongs to them are one listing an API of ours, authorizers, models, validators and error responses four more.
"""

from collections.abc import Iterator
from typing import Any

from tasks.api.rest_state import Listed
from tasks.errors import gone_is_fine
from tasks.scope import Scope

GONE = "NotFoundException"
REST = "apigateway"


def rest_apis(scope: Scope) -> list[dict[str, Any]]:
    """Those of the environment, as AWS describes them."""
    return scope.listed(
        "rest apis",
        lambda: [api for api in scope.pages(REST, "get_rest_apis", "items") if scope.owns(api.get("tags") or {})],
    )


def listed(scope: Scope, api: str) -> Listed | None:
    """What an API has; None if it went since it was listed."""
    with gone_is_fine(GONE):
        return Listed(
            resources=list(scope.pages(REST, "get_resources", "items", restApiId=api, embed=["methods"])),
            authorizers=list(scope.pages(REST, "get_authorizers", "items", restApiId=api)),
            models=list(scope.pages(REST, "get_models", "items", restApiId=api)),
            validators=list(scope.pages(REST, "get_request_validators", "items", restApiId=api)),
            errors=list(scope.pages(REST, "get_gateway_responses", "items", restApiId=api)),
        )
    return None


def stages(scope: Scope, api: str) -> list[dict[str, Any]]:
    """An API's stages; none if it went since it was listed. GetStages has no pages."""
    with gone_is_fine(GONE):
        return list(scope.client(REST).get_stages(restApiId=api)["item"])
    return []


def deployments(scope: Scope, api: str) -> Iterator[dict[str, Any]]:
    """An API's deployments; none if it went since it was listed."""
    with gone_is_fine(GONE):
        yield from scope.pages(REST, "get_deployments", "items", restApiId=api)
