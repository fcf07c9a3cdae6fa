"""OpenAPI documents with API Gateway's extensions, as settings of a REST API. Pure.

What Castra can't keep as it is (it would never be read back) is a fault, and nothing is left out silently but what is
said for readers only: titles, summaries, examples, servers.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
VALIDATOR = "x-amazon-apigateway-request-validator"
INVOKED = re.compile(r"^arn:[^:]+:apigateway:[^:]+:lambda:path/2015-03-31/functions/(.+)/invocations$")
FOR_READERS = ("openapi", "info", "servers", "tags", "externalDocs", "security", "paths", "components")
KNOWN_EXTENSIONS = (
    "x-amazon-apigateway-binary-media-types",
    "x-amazon-apigateway-request-validators",
    VALIDATOR,
)
KNOWN_OF_INTEGRATION = {
    *("type", "uri", "httpMethod", "requestTemplates", "requestParameters", "responses"),
    *("passthroughBehavior", "timeoutInMillis", "cacheKeyParameters", "payloadFormatVersion"),
}
LOOKED_AT = {(True, True): "all", (True, False): "body", (False, True): "parameters", (False, False): "none"}


def from_file(path: str, folder: Path | None, to: str | None) -> dict[str, Any]:
    """What a document of this path says, as settings. Raises ValueError with all that's wrong with it."""
    full = Path(folder or ".") / path
    try:
        document = yaml.safe_load(full.read_text(encoding="utf-8"))  # JSON is YAML
    except FileNotFoundError:
        raise ValueError(f"names a document, and there's no file {full}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"names a document that can't be read: {error}") from None
    if not isinstance(document, dict):
        raise ValueError(f"names a document that isn't OpenAPI: {full}")
    reader = OpenApi(document, to)
    settings = reader.settings()
    if reader.faults:
        raise ValueError(f"names a document that can't be kept as it is: {'; '.join(reader.faults)}")
    return settings


class OpenApi:
    """One document, and the `faults` that were found while it was read. `to` is behind all that says nothing itself."""

    def __init__(self, document: Mapping[str, Any], to: str | None = None) -> None:
        self.document, self.to = document, to
        self.faults: list[str] = []
        components = document.get("components") or {}
        self.schemas, self.schemes = components.get("schemas") or {}, components.get("securitySchemes") or {}
        self.validators = document.get("x-amazon-apigateway-request-validators") or {}

    def settings(self) -> dict[str, Any]:
        """Routes, authorizers, models and binary types, as they stand in a section."""
        version = str(self.document.get("openapi", self.document.get("swagger", "")))
        if not version.startswith("3.0"):
            self.faults.append(f"is of version {version or 'none'}, and API Gateway's import takes 3.0 best")
        for field in self.document:
            if self.document[field] and field not in (*FOR_READERS, *KNOWN_EXTENSIONS):
                self.faults.append(f"{field}: Castra can't keep it")
        return {
            "routes": dict(self._routes()),
            "authorizers": dict(self._authorizers()),
            "models": {name: _own_references(schema) for name, schema in self.schemas.items()},
            "binary": list(self.document.get("x-amazon-apigateway-binary-media-types") or ()),
        }

    # ------------------------------------------------------------------ who may

    def _authorizers(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, scheme in self.schemes.items():
            said = scheme.get("x-amazon-apigateway-authorizer")
            if not said:
                continue
            kind = {"cognito_user_pools": "cognito"}.get(said.get("type", ""), said.get("type", ""))
            source = said.get("identitySource") or f"method.request.header.{scheme.get('name', 'Authorization')}"
            given: dict[str, Any] = {
                "kind": kind,
                "identity": [one.strip() for one in source.split(",")],
                "cache": said.get("authorizerResultTtlInSeconds", 300),
            }
            if said.get("identityValidationExpression"):
                given["pattern"] = said["identityValidationExpression"]
            if kind == "cognito":
                given["pools"] = list(said.get("providerARNs") or ())
            else:
                given["function"] = self._function(f"securitySchemes.{name}", said.get("authorizerUri", ""))
            yield name, given

    def _security(self, at: str, operation: Mapping[str, Any]) -> dict[str, Any]:
        asked = operation.get("security", self.document.get("security") or [])
        if len(asked) > 1:
            self.faults.append(f"{at}.security: API Gateway knows no alternatives")
        given: dict[str, Any] = {"authorizer": "none"}
        for name, scopes in (asked[0] if asked else {}).items():
            scheme = self.schemes.get(name, {})
            if scheme.get("x-amazon-apigateway-authorizer"):
                given |= {"authorizer": name, "scopes": list(scopes)}
            elif str(scheme.get("x-amazon-apigateway-authtype", "")).lower() == "awssigv4":
                given |= {"authorizer": "iam"}
            elif str(scheme.get("name", "")).lower() == "x-api-key":
                given |= {"api_key": True}
            else:
                self.faults.append(f"{at}.security.{name}: API Gateway can't check it")
        return given

    # ------------------------------------------------------------------ routes

    def _routes(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for path, methods in (self.document.get("paths") or {}).items():
            shared = methods.get("parameters") or []
            for word, operation in methods.items():
                if word in VERBS or word == ANY:
                    verb = "ANY" if word == ANY else word.upper()
                    yield f"{verb} {path}", self._route(f"paths.{path}.{word}", verb, operation, shared)
                elif word not in ("parameters", "summary", "description", "servers"):
                    self.faults.append(f"paths.{path}.{word}: there's no such method")

    def _route(self, at: str, verb: str, operation: Mapping[str, Any], shared: list[Any]) -> dict[str, Any]:
        places = {"query": "querystring", "header": "header"}
        for field in operation:
            if field.startswith("x-amazon-") and field not in (INTEGRATION, VALIDATOR):
                self.faults.append(f"{at}.{field}: Castra can't keep it")
        return {
            **self._security(at, operation),
            "parameters": {
                f"{places[one['in']]}.{one['name']}": bool(one.get("required"))
                for one in (*shared, *(operation.get("parameters") or ()))
                if one.get("in") in places
            },
            "body": _model(operation.get("requestBody") or {}),
            "validates": self._validates(at, operation),
            **self._behind(at, verb, operation),
        }

    def _validates(self, at: str, operation: Mapping[str, Any]) -> str:
        named = operation.get(VALIDATOR, self.document.get(VALIDATOR))
        if named is None:
            return "none"
        if named not in self.validators:
            self.faults.append(f"{at}.{VALIDATOR}: there is no validator {named!r}")
            return "none"
        said = self.validators[named]
        return LOOKED_AT[bool(said.get("validateRequestBody")), bool(said.get("validateRequestParameters"))]

    def _behind(self, at: str, verb: str, operation: Mapping[str, Any]) -> dict[str, Any]:
        said = operation.get(INTEGRATION)
        if said is None:
            if self.to is None:
                self.faults.append(f"{at}: nothing is behind it; give it {INTEGRATION}, or the API a `to`")
            return {"to": self.to or "mock"}
        at = f"{at}.{INTEGRATION}"
        kind, custom = str(said.get("type", "")).lower(), not str(said.get("type", "")).lower().endswith("_proxy")
        self.faults += [f"{at}.{field}: Castra can't keep it" for field in sorted(said.keys() - KNOWN_OF_INTEGRATION)]
        if custom and not said.get("responses"):
            self.faults.append(f"{at}.responses: is missing, and nothing would be answered")
        if kind.startswith("http") and str(said.get("httpMethod", verb)).upper() != verb:
            self.faults.append(f"{at}.httpMethod: Castra passes requests on with the method that they came with")
        usual = "never" if custom and said.get("requestTemplates") and kind != "mock" else "when_no_match"
        if kind != "mock" and (given := str(said.get("passthroughBehavior", usual)).lower()) != usual:
            self.faults.append(f"{at}.passthroughBehavior: is {given}, and Castra makes it {usual}")
        return {
            "to": self._target(at, kind, said),
            "timeout": said.get("timeoutInMillis", 29_000) / 1000,
            "templates": said.get("requestTemplates") or {},
            "sends": said.get("requestParameters") or {},
            "cache_keys": [one.removeprefix("method.request.") for one in said.get("cacheKeyParameters") or ()],
            "answers": dict(self._answers(at, said, operation)) if custom else {},
        }

    def _target(self, at: str, kind: str, said: Mapping[str, Any]) -> str:
        if kind == "mock":
            return "mock"
        return self._function(at, said.get("uri", "")) if kind.startswith("aws") else str(said.get("uri", ""))

    def _function(self, at: str, uri: str) -> str:
        if found := INVOKED.match(uri):
            return found[1]
        self.faults.append(f"{at}: {uri!r} isn't a function's invocation, and Castra calls nothing else of AWS")
        return uri

    def _answers(
        self, at: str, said: Mapping[str, Any], operation: Mapping[str, Any]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        before, seen = operation.get("responses") or {}, set()
        for pattern, one in (said.get("responses") or {}).items():
            status = str(one.get("statusCode", "200"))
            if status in seen:
                self.faults.append(f"{at}.responses: two make the status {status}, and API Gateway keeps one")
            seen.add(status)
            headers = one.get("responseParameters") or {}
            yield (
                status,
                {
                    "pattern": "" if pattern == "default" else pattern,
                    "templates": one.get("responseTemplates") or {},
                    "headers": {name.removeprefix("method.response.header."): text for name, text in headers.items()},
                    "model": _model(before.get(status) or {}),
                },
            )


def _model(said: Mapping[str, Any]) -> str:
    """The model that a body is, if it's one of the document's own."""
    schema = ((said.get("content") or {}).get("application/json") or {}).get("schema") or {}
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _own_references(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        plain = {key: _own_references(value) for key, value in schema.items()}
        return plain | ({"$ref": f"#/{schema['$ref'].rpartition('/')[2]}"} if "$ref" in schema else {})
    return [_own_references(one) for one in schema] if isinstance(schema, list) else schema
