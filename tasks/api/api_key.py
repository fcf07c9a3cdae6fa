"""API keys: what users of a REST API are told apart by."""

from collections.abc import Iterator, Mapping

from blueprints.usage import ApiKey
from tasks.api.rest_listing import GONE, REST
from tasks.api.rest_tagging import TaggedAsRest
from tasks.errors import gone_is_fine
from tasks.kind import Found, State
from tasks.scope import Scope


class ApiKeyState(State):
    """Without its value, which nobody needs to know but its user.

    https://docs.aws.amazon.com/apigateway/latest/api/API_ApiKey.html
    """

    description: str
    enabled: bool


class ApiKeyKind(TaggedAsRest[ApiKey, ApiKeyState]):
    """API keys: what users of a REST API are told apart by."""

    name = "api-key"
    holds = "its value"
    actions = (
        "apigateway:DELETE",
        "apigateway:GET",
        "apigateway:PATCH",
        "apigateway:POST",
        "apigateway:PUT",
    )

    def owned(self, scope: Scope) -> Iterator[Found[ApiKeyState]]:
        """GetApiKeys tells tags, and no values unless it's asked for them."""
        for key in scope.pages(REST, "get_api_keys", "items", includeValues=False):
            tags = key.get("tags") or {}
            if scope.owns(tags) and (name := self.named_in(tags)):
                state = ApiKeyState(description=key.get("description") or "", enabled=bool(key.get("enabled")))
                yield Found(self.name, name, key["id"], state, tags, outputs={"id": key["id"]})

    def wanted(self, part: ApiKey, ids: Mapping[str, str]) -> ApiKeyState:
        """See the base."""
        return ApiKeyState(description=part.description, enabled=part.enabled)

    def create(self, scope: Scope, name: str, wanted: ApiKeyState) -> str:
        """CreateApiKey has no ClientToken, and names aren't unique: sent once."""
        made = scope.client(REST, once=True).create_api_key(
            name=scope.name(name),
            description=wanted.description,
            enabled=wanted.enabled,
            tags=self.birth_tags(scope, name, wanted),
        )
        return str(made["id"])

    def update(self, scope: Scope, id: str, wanted: ApiKeyState, changed: frozenset[str]) -> None:
        """Its value stays."""
        said = {"description": wanted.description, "enabled": "true" if wanted.enabled else "false"}
        patch = [{"op": "replace", "path": f"/{field}", "value": said[field]} for field in sorted(changed)]
        scope.client(REST).update_api_key(apiKey=id, patchOperations=patch)

    def delete(self, scope: Scope, id: str) -> None:
        """Whoever uses it is let in no more."""
        with gone_is_fine(GONE):
            scope.client(REST).delete_api_key(apiKey=id)

    def _path(self, id: str) -> str:
        return f"/apikeys/{id}"
