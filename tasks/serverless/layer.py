"""Layers: packages or files that functions share."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.layers import Architecture, Layer, Runtime
from tasks.errors import CastraError, gone_is_fine
from tasks.kind import AtBirth, Fixed, Found, Kind, State, Unordered
from tasks.scope import CREATED, ENVIRONMENT, PART, Scope
from tasks.serverless.archive import Archive, digest_of, pack
from tasks.serverless.building import Recipe, made
from tasks.serverless.sending import sent

LONGEST = 64  # characters of a layer's name: https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
KEPT = 3  # versions, the newest among them; more where a function uses them
CONTENT = "castra:content"
_SAID = re.compile(rf"^{ENVIRONMENT}=(\S+) {PART}=layer/(\S+) {CONTENT}=(\S+)$")


class LayerState(State):
    """https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html

    `content` is a digest of the files, empty where somebody published by hand. A version never changes: all is fixed.
    """

    content: Fixed[str]
    runtimes: Fixed[Unordered[Runtime]]
    architectures: Fixed[Unordered[Architecture]]
    made_from: AtBirth[Recipe | None] = None


class LayerKind(Kind[Layer, LayerState]):
    """Layers: packages or files that functions share.

    AWS tags none of their versions: whose it is, and the digest of what is in it, stand in its description.
    """

    name = "layer"
    taggable = False
    versioned = True
    actions = (
        "lambda:DeleteLayerVersion",
        "lambda:ListFunctions",
        "lambda:ListLayerVersions",
        "lambda:ListLayers",
        "lambda:PublishLayerVersion",
        "s3:CreateBucket",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutObject",
    )

    def owned(self, scope: Scope) -> Iterator[Found[LayerState]]:
        """ListLayers tells the newest version of each; the others of one are asked for where that isn't ours."""
        for layer in scope.pages("lambda", "list_layers", "Layers"):
            newest = layer["LatestMatchingVersion"]
            now = _said(scope, layer["LayerName"], newest)
            if said := now or _said_before(scope, layer["LayerName"]):
                environment, name, _ = said
                state = LayerState(
                    content=now[2] if now else "",
                    runtimes=newest.get("CompatibleRuntimes", ()),
                    architectures=newest.get("CompatibleArchitectures", ()),
                )
                id = newest["LayerVersionArn"]
                tags = {ENVIRONMENT: environment, PART: self.key(name), CREATED: newest.get("CreatedDate", "")}
                yield Found(self.name, name, id, state, tags, outputs={"arn": id})

    def wanted(self, part: Layer, ids: Mapping[str, str]) -> LayerState:
        """See the base."""
        return LayerState(
            content=ids[part.content],
            runtimes=part.runtimes,
            architectures=part.architectures,
            made_from=Recipe.of(part),
        )

    def create(self, scope: Scope, name: str, wanted: LayerState) -> str:
        """PublishLayerVersion has no token: sent once. Versions that nobody uses any longer go afterwards."""
        called, archive = scope.name(name, LONGEST), _built_again(self.key(name), wanted)
        with sent(scope, archive, f"layers/{called}") as content:
            version = scope.client("lambda", once=True).publish_layer_version(
                LayerName=called,
                Description=f"{ENVIRONMENT}={scope.environment} {PART}={self.key(name)} {CONTENT}={wanted.content}",
                Content=content,
                CompatibleRuntimes=list(wanted.runtimes),
                CompatibleArchitectures=list(wanted.architectures),
            )
        _prune(scope, called)
        return str(version["LayerVersionArn"])

    def update(self, scope: Scope, id: str, wanted: LayerState, changed: frozenset[str]) -> None:
        """There's nothing to change in place."""

    def delete(self, scope: Scope, id: str) -> None:
        """All its versions, the oldest first. Functions that have one keep it: AWS lets them, without the layer."""
        called = _name_in(id)
        for number in reversed(_versions(scope, called)):
            with gone_is_fine("ResourceNotFoundException"):
                scope.client("lambda").delete_layer_version(LayerName=called, VersionNumber=number)

    def built(self, part: Layer) -> str:
        """The digest of its files. Raises Invalid for what can't be fetched, and for more than Lambda takes."""
        where = part.where or part.key
        with made(Recipe.of(part), part.runtimes, part.architectures, where) as files:
            return digest_of(files)


def _built_again(key: str, wanted: LayerState) -> Archive:
    """The archive of the digest that was planned. Raises CastraError where its packages or files changed since."""
    with made(wanted.made_from or Recipe(), wanted.runtimes, wanted.architectures, key) as files:
        archive = pack(files)
    if archive.digest != wanted.content:
        raise CastraError(key, "what it is made from changed since the plan was made", "Run again")
    return archive


def _prune(scope: Scope, called: str) -> None:
    """Delete versions beyond those kept, but none that a version of a function has: so none that an alias leads to."""
    older = _versions(scope, called)[KEPT:]
    used = _used(scope) if older else set()
    for number in older:
        if f"{called}:{number}" not in used:
            with gone_is_fine("ResourceNotFoundException"):
                scope.client("lambda").delete_layer_version(LayerName=called, VersionNumber=number)


def _versions(scope: Scope, called: str) -> list[int]:
    """The numbers of a layer's versions, the newest first; none where there's no such layer."""
    numbers: list[int] = []
    with gone_is_fine("ResourceNotFoundException"):
        listed = scope.pages("lambda", "list_layer_versions", "LayerVersions", LayerName=called)
        numbers = [version["Version"] for version in listed]
    return sorted(numbers, reverse=True)


def _used(scope: Scope) -> set[str]:
    """All layer versions, as `name:number`, that a version of any function of the account has."""
    functions = scope.pages("lambda", "list_functions", "Functions", FunctionVersion="ALL")
    return {layer["Arn"].partition(":layer:")[2] for function in functions for layer in function.get("Layers", ())}


def _name_in(arn: str) -> str:
    return arn.partition(":layer:")[2].partition(":")[0]


def _said(scope: Scope, called: str, version: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Environment, name and digest, as a version's description tells them, where the scope's; the name must agree."""
    match = _SAID.match(version.get("Description", ""))
    if match is None or scope.environment not in (None, match[1]):
        return None
    environment, name, content = match.groups()
    return (environment, name, content) if called == Scope(environment, scope.region).name(name, LONGEST) else None


def _said_before(scope: Scope, called: str) -> tuple[str, str, str] | None:
    """The same by the newest version that tells it: somebody published a later one by hand."""
    environment, joined, _ = called.partition("--")
    if not joined or scope.environment not in (None, environment):
        return None
    listed: list[Any] = []
    with gone_is_fine("ResourceNotFoundException"):
        listed = list(scope.pages("lambda", "list_layer_versions", "LayerVersions", LayerName=called))
    listed.sort(key=lambda version: -version["Version"])
    return next((said for version in listed if (said := _said(scope, called, version))), None)
