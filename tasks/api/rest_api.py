"""REST APIs, with their methods, authorizers, models and error responses."""

import json
from collections.abc import Iterator, Mapping

from blueprints.rest_apis import RestApi
from tasks.api.rest_document import document_of
from tasks.api.rest_listing import GONE, REST, listed, rest_apis
from tasks.api.rest_state import SEEN_AT_ONCE, RestApiState, told_state, wanted_state
from tasks.api.rest_tagging import TaggedAsRest
from tasks.errors import gone_is_fine
from tasks.kind import Found
from tasks.retry import when_released
from tasks.scope import Scope


class RestApiKind(TaggedAsRest[RestApi, RestApiState]):
    """REST APIs, with their methods, authorizers, models and error responses."""

    name = "rest-api"
    holds = "its address"
    whole_at_birth = False
    actions = (
        "apigateway:DELETE",
        "apigateway:GET",
        "apigateway:PATCH",
        "apigateway:POST",
        "apigateway:PUT",
    )

    def owned(self, scope: Scope) -> Iterator[Found[RestApiState]]:
        """The shared listing, and five calls an API of ours for what it has."""
        for api in rest_apis(scope):
            tags = api.get("tags") or {}
            if (name := self.named_in(tags)) and (has := listed(scope, api["id"])):
                yield Found(self.name, name, api["id"], told_state(api, has), tags)

    def wanted(self, part: RestApi, ids: Mapping[str, str]) -> RestApiState:
        """See the base."""
        return wanted_state(part, ids)

    def create(self, scope: Scope, name: str, wanted: RestApiState) -> str:
        """CreateRestApi has no ClientToken, and names aren't unique: sent once. What it has is imported in one call."""
        api = scope.client(REST, once=True).create_rest_api(
            name=scope.name(name),
            description=wanted.description,
            endpointConfiguration={"types": ["REGIONAL"]},
            disableExecuteApiEndpoint=not wanted.default_endpoint,
            tags=self.birth_tags(scope, name, wanted),
        )
        _import(scope, api["id"], wanted, scope.name(name))
        return str(api["id"])

    def update(self, scope: Scope, id: str, wanted: RestApiState, changed: frozenset[str]) -> None:
        """All of it is imported over what stands, in one call. Visitors see what was deployed last."""
        if changed - SEEN_AT_ONCE:
            _import(scope, id, wanted, scope.client(REST).get_rest_api(restApiId=id)["name"])
        said = {
            "description": wanted.description,
            "default_endpoint": "false" if wanted.default_endpoint else "true",
        }
        paths = {"description": "/description", "default_endpoint": "/disableExecuteApiEndpoint"}
        if named := sorted(changed & SEEN_AT_ONCE):
            patch = [{"op": "replace", "path": paths[field], "value": said[field]} for field in named]
            scope.client(REST).update_rest_api(restApiId=id, patchOperations=patch)

    def delete(self, scope: Scope, id: str) -> None:
        """Takes along all that it has, and its stages. AWS takes two such calls a minute: botocore waits for that."""
        with gone_is_fine(GONE):
            when_released(f"REST API {id}", scope.client(REST).delete_rest_api, restApiId=id)

    def _path(self, id: str) -> str:
        return f"/restapis/{id}"


def _import(scope: Scope, api: str, wanted: RestApiState, title: str) -> None:
    """Whatever AWS would leave out with a warning is an error."""
    document = json.dumps(document_of(title, wanted)).encode()
    put = scope.client(REST).put_rest_api
    when_released(f"REST API {api}", put, restApiId=api, mode="overwrite", failOnWarnings=True, body=document)
