"""Deployments of HTTP and WebSocket APIs: what a stage shows, as it was when it was deployed.

A deployment is a copy of the whole API that never changes. It can't be tagged: its description says what's in it. So
one that was made by a run that died right after is used, and not made again.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from tasks.api.listing import GONE, HTTP, deployments, stages
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.scope import Scope
from tasks.waiting import wait_until

OURS = "castra "


def contents(scope: Scope, api: str) -> dict[str, str]:
    """What's in each of an API's deployments, by id; what somebody deployed by hand is an empty text."""
    return {one["DeploymentId"]: content_of(one) for one in deployments(scope, api)}


def content_of(deployment: dict[str, Any]) -> str:
    """What's in a deployment; nothing can be said of one that failed, or that Castra hasn't made."""
    failed = deployment.get("DeploymentStatus") == "FAILED"
    return "" if failed else content_of_description(deployment.get("Description") or "")


def content_of_description(said: str) -> str:
    """What's in a deployment that has this description."""
    return said.removeprefix(OURS) if said.startswith(OURS) else ""


def deploy(scope: Scope, api: str, content: str) -> str:
    """The id of a deployment of the API as it is now, which is this content. Sent once, as AWS makes one each time."""
    for id, standing in contents(scope, api).items():
        if standing == content:
            return id
    made = scope.client(HTTP, once=True).create_deployment(ApiId=api, Description=OURS + content)
    id = str(made["DeploymentId"])
    if made.get("DeploymentStatus") == "PENDING":
        wait_until(scope, lambda: _status(scope, api, id) != "PENDING", f"deployment {id} of API {api}", 120)
    if _status(scope, api, id) == "FAILED":
        raise CastraError(f"API {api}", f"it can't be deployed: {_message(scope, api, id)}", "Mend that and run again")
    return id


def unshown(
    stages: Iterable[Mapping[str, Any]], contents: Mapping[str, str], field: str = "DeploymentId"
) -> tuple[str, ...]:
    """Ids of deployments of Castra's that no stage shows; `field` is where a stage tells its own."""
    shown = {one.get(field) for one in stages}
    return tuple(id for id, content in contents.items() if content and id not in shown)


def clear_away(scope: Scope, api: str, keep: str = "") -> None:
    """Delete those that no stage shows, but for what a stage is being pointed at."""
    standing = contents(scope, api)
    for id in unshown(stages(scope, api), standing):
        if standing[id] != keep:
            _delete(scope, api, id)


def _delete(scope: Scope, api: str, id: str) -> None:
    try:
        with gone_is_fine(GONE):
            scope.client(HTTP).delete_deployment(ApiId=api, DeploymentId=id)
    except ClientError as error:
        if code_of(error) != "BadRequestException":  # a stage shows it since
            raise


def _status(scope: Scope, api: str, id: str) -> str:
    told = scope.client(HTTP).get_deployment(ApiId=api, DeploymentId=id)
    return str(told.get("DeploymentStatus", "DEPLOYED"))


def _message(scope: Scope, api: str, id: str) -> str:
    told = scope.client(HTTP).get_deployment(ApiId=api, DeploymentId=id)
    return str(told.get("DeploymentStatusMessage") or "AWS gives no reason")
