"""Deployments of REST APIs: what a stage shows, as it was when it was deployed.

As those of HTTP APIs, they can't be tagged: the description says what's in one.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from tasks.api import deploying
from tasks.api.deploying import OURS, content_of_description
from tasks.api.rest_listing import GONE, REST, deployments, stages
from tasks.errors import code_of, gone_is_fine
from tasks.scope import Scope


def contents(scope: Scope, api: str) -> dict[str, str]:
    """What's in each of an API's deployments, by id; what somebody deployed by hand is an empty text."""
    return {one["id"]: content_of_description(one.get("description") or "") for one in deployments(scope, api)}


def deploy(scope: Scope, api: str, content: str) -> str:
    """The id of a deployment of the API as it is now, which is this content. Sent once, as AWS makes one each time."""
    for id, standing in contents(scope, api).items():
        if standing == content:
            return id
    made = scope.client(REST, once=True).create_deployment(restApiId=api, description=OURS + content)
    return str(made["id"])


def unshown(stages: Iterable[Mapping[str, Any]], contents: Mapping[str, str]) -> tuple[str, ...]:
    """Ids of deployments of Castra's that no stage shows."""
    return deploying.unshown(stages, contents, "deploymentId")


def clear_away(scope: Scope, api: str, keep: str = "") -> None:
    """Delete those that no stage shows, but for what a stage is being pointed at."""
    standing = contents(scope, api)
    for id in unshown(stages(scope, api), standing):
        if standing[id] != keep:
            _delete(scope, api, id)


def _delete(scope: Scope, api: str, id: str) -> None:
    try:
        with gone_is_fine(GONE):
            scope.client(REST).delete_deployment(restApiId=api, deploymentId=id)
    except ClientError as error:
        if code_of(error) != "BadRequestException":  # a stage shows it since
            raise
