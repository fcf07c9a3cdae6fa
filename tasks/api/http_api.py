"""HTTP and WebSocket APIs, with their routes, integrations, authorizers and CORS."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.http_apis import HttpApi
from tasks.api.http_state import DEPLOYED, CorsState, HttpApiState, told_state, wanted_state
from tasks.api.listing import GONE, HTTP, http_apis, inside
from tasks.api.routing import set_inside
from tasks.api.tagging import TaggedByPath
from tasks.errors import gone_is_fine
from tasks.kind import Found
from tasks.scope import Scope


class HttpApiKind(TaggedByPath[HttpApi, HttpApiState]):
    """HTTP and WebSocket APIs, with their routes, integrations, authorizers and CORS."""

    name = "http-api"
    holds = "its address"
    whole_at_birth = False
    actions = (
        "apigateway:DELETE",
        "apigateway:GET",
        "apigateway:PATCH",
        "apigateway:POST",
    )

    def owned(self, scope: Scope) -> Iterator[Found[HttpApiState]]:
        """The shared listing, and three calls an API of ours for what's inside."""
        for api in http_apis(scope):
            tags = api.get("Tags") or {}
            if (name := self.named_in(tags)) and (within := inside(scope, api["ApiId"])):
                state, outputs = told_state(api, within), {"endpoint": api["ApiEndpoint"]}
                yield Found(self.name, name, api["ApiId"], state, tags, outputs=outputs)

    def wanted(self, part: HttpApi, ids: Mapping[str, str]) -> HttpApiState:
        """See the base."""
        return wanted_state(part, ids)

    def create(self, scope: Scope, name: str, wanted: HttpApiState) -> str:
        """CreateApi has no ClientToken, and names aren't unique: sent once."""
        selection = {"RouteSelectionExpression": wanted.selection} if wanted.selection else {}
        api = scope.client(HTTP, once=True).create_api(
            Name=scope.name(name, 128),
            ProtocolType=wanted.protocol,
            Description=wanted.description,
            DisableExecuteApiEndpoint=not wanted.default_endpoint,
            Tags=self.birth_tags(scope, name, wanted),
            **selection,
            **_cors(wanted.cors),
        )
        set_inside(scope, api["ApiId"], wanted)
        return str(api["ApiId"])

    def update(self, scope: Scope, id: str, wanted: HttpApiState, changed: frozenset[str]) -> None:
        """The API itself in one call, what's inside one by one. Visitors see none of it until it's deployed."""
        said: dict[str, Any] = {}
        if "description" in changed:
            said["Description"] = wanted.description
        if "default_endpoint" in changed:
            said["DisableExecuteApiEndpoint"] = not wanted.default_endpoint
        if "selection" in changed and wanted.selection:
            said["RouteSelectionExpression"] = wanted.selection
        if "cors" in changed:
            said |= _cors(wanted.cors)
        if said:
            scope.client(HTTP).update_api(ApiId=id, **said)
        if "cors" in changed and wanted.cors is None:
            with gone_is_fine(GONE):
                scope.client(HTTP).delete_cors_configuration(ApiId=id)
        if changed & DEPLOYED:
            set_inside(scope, id, wanted)

    def delete(self, scope: Scope, id: str) -> None:
        """Takes along all that's inside, and its stages."""
        with gone_is_fine(GONE):
            scope.client(HTTP).delete_api(ApiId=id)

    def _path(self, id: str) -> str:
        return f"/apis/{id}"


def _cors(cors: CorsState | None) -> dict[str, Any]:
    if cors is None:
        return {}
    said = {
        "AllowOrigins": list(cors.origins),
        "AllowMethods": list(cors.methods),
        "AllowHeaders": list(cors.headers),
        "ExposeHeaders": list(cors.expose),
        "MaxAge": cors.max_age,
        "AllowCredentials": cors.credentials,
    }
    return {"CorsConfiguration": said}
