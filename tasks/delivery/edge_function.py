"""Edge functions: a few lines of JavaScript that CloudFront runs with each request, near to the visitor."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.delivery import EdgeFunction
from tasks.delivery.home import REGION, ours
from tasks.errors import gone_is_fine
from tasks.kind import Found, Hushed, Kind, State
from tasks.retry import when_released
from tasks.scope import Scope, as_dict, as_list

LONGEST = 64  # characters of a name
GONE = "NoSuchFunctionExists"
RUNTIME = "cloudfront-js-2.0"


class EdgeFunctionState(State):
    """What is live; empty where it was never published.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-functions.html
    """

    code: Hushed[str]
    runtime: str


class EdgeFunctionKind(Kind[EdgeFunction, EdgeFunctionState]):
    """Edge functions: a few lines of JavaScript that CloudFront runs with each request, near to the visitor."""

    name = "edge-function"
    goes_first = True  # AWS keeps one of a name
    actions = (
        "cloudfront:CreateFunction",
        "cloudfront:DeleteFunction",
        "cloudfront:DescribeFunction",
        "cloudfront:GetFunction",
        "cloudfront:ListFunctions",
        "cloudfront:ListTagsForResource",
        "cloudfront:PublishFunction",
        "cloudfront:TagResource",
        "cloudfront:UntagResource",
        "cloudfront:UpdateFunction",
    )

    def owned(self, scope: Scope) -> Iterator[Found[EdgeFunctionState]]:
        """ListFunctions, and for those whose names begin as Castra's do a call for tags and one for the code."""
        begins = f"{scope.environment}--" if scope.environment else ""
        for one in scope.listed("cloudfront functions", lambda: list(_all(scope))):
            arn = one["FunctionMetadata"]["FunctionARN"]
            if not one["Name"].startswith(begins) or "--" not in one["Name"]:
                continue
            tags: dict[str, str] = {}
            with gone_is_fine(GONE, "NoSuchResource"):
                told = scope.client("cloudfront").list_tags_for_resource(Resource=arn)["Tags"]
                tags = as_dict(told.get("Items"))
            name = self.named_in(tags) if ours(scope, tags) else None
            if name:
                state = EdgeFunctionState(code=_live(scope, one["Name"]), runtime=one["FunctionConfig"]["Runtime"])
                yield Found(self.name, name, arn, state, tags)

    def wanted(self, part: EdgeFunction, ids: Mapping[str, str]) -> EdgeFunctionState:
        """See the base."""
        return EdgeFunctionState(code=part.code, runtime=RUNTIME)

    def create(self, scope: Scope, name: str, wanted: EdgeFunctionState) -> str:
        """Made, and published: distributions take only what is."""
        tags = as_list({**self.birth_tags(scope, name, wanted), REGION: scope.region})
        called = scope.name(name, LONGEST, everywhere=True)
        made = scope.client("cloudfront").create_function(Name=called, **_content(wanted), Tags={"Items": tags})
        scope.client("cloudfront").publish_function(Name=called, IfMatch=made["ETag"])
        return str(made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"])

    def update(self, scope: Scope, id: str, wanted: EdgeFunctionState, changed: frozenset[str]) -> None:
        """The new code, and published. Every place has it within seconds."""
        cloudfront, called = scope.client("cloudfront"), _name(id)
        version = cloudfront.describe_function(Name=called, Stage="DEVELOPMENT")["ETag"]
        version = cloudfront.update_function(Name=called, IfMatch=version, **_content(wanted))["ETag"]
        cloudfront.publish_function(Name=called, IfMatch=version)

    def delete(self, scope: Scope, id: str) -> None:
        """Waits until no distribution runs it any longer."""
        with gone_is_fine(GONE):
            cloudfront, called = scope.client("cloudfront"), _name(id)
            version = cloudfront.describe_function(Name=called, Stage="DEVELOPMENT")["ETag"]
            what = f"distributions to let go of function {called}"
            when_released(what, cloudfront.delete_function, Name=called, IfMatch=version)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """CloudFront's way."""
        scope.client("cloudfront").tag_resource(Resource=id, Tags={"Items": as_list(tags)})
        if dropped:
            scope.client("cloudfront").untag_resource(Resource=id, TagKeys={"Items": sorted(dropped)})


def _all(scope: Scope) -> Iterator[dict[str, Any]]:
    """Every function of the account, once. Botocore has no paginator for it."""
    more: dict[str, str] = {}
    while True:
        page = scope.client("cloudfront").list_functions(Stage="DEVELOPMENT", **more)["FunctionList"]
        yield from page.get("Items") or ()
        if not page.get("NextMarker"):
            return
        more = {"Marker": page["NextMarker"]}


def _live(scope: Scope, called: str) -> str:
    """The code that visitors meet; empty where there's none."""
    with gone_is_fine(GONE):
        told = scope.client("cloudfront").get_function(Name=called, Stage="LIVE")["FunctionCode"]
        return str(told.read().decode())
    return ""


def _content(wanted: EdgeFunctionState) -> dict[str, Any]:
    config = {"Comment": "Made by Castra", "Runtime": wanted.runtime}
    return {"FunctionConfig": config, "FunctionCode": wanted.code.encode()}


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]
