"""Functions of CloudFront: they are changed, published, and live apart from what is being worked on."""

from typing import Any

from moto.cloudfront import models
from moto.cloudfront.exceptions import InvalidIfMatchVersion, NoSuchFunctionExists
from moto.cloudfront.models import DefaultCacheBehaviour, random_id
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult

from tests.physics.answers import Answer, Refused, xml
from tests.physics.hooks import before, instead
from tests.physics.protocol import Request
from tests.physics.world import World

begin_behavior, get = DefaultCacheBehaviour.__init__, CloudFrontResponse.get_function


def behavior(self: Any, config: dict[str, Any]) -> None:
    """Moto drops the functions."""
    begin_behavior(self, config)
    items = config.get("FunctionAssociations", {}).get("Items") or []
    self.function_associations = {"Quantity": len(items), **({"Items": items} if items else {})}


def update_function(self: Any) -> ActionResult:
    """Moto has no such call."""
    one = self.backend.describe_function(name=self._get_param("Name"))
    if self._get_param("IfMatch") != one.etag:
        raise InvalidIfMatchVersion
    one.code, one.config, one.etag = self._get_param("FunctionCode"), self._get_param("FunctionConfig"), random_id()
    return ActionResult({"FunctionSummary": one.function_summary, "ETag": one.etag})


def get_function(self: Any) -> ActionResult:
    """Moto knows one stage."""
    one = self.backend.describe_function(name=self._get_param("Name"))
    if self._get_param("Stage") != "LIVE":
        return get(self)
    if not hasattr(one, "live"):
        raise NoSuchFunctionExists(one.name)
    return ActionResult({"FunctionCode": one.live, "ETag": one.etag, "ContentType": "application/octet-stream"})


@instead("cloudfront:PublishFunction")
def published(request: Request, world: World) -> Answer:
    """Moto has no such call."""
    one = world.backend(request).functions.get(request.text("Name"))
    if one is None:
        raise Refused("NoSuchFunctionExists", "The function does not exist.", 404)
    one.live, one.status = one.code, "UNASSOCIATED"
    return xml(200, f"<FunctionSummary><Name>{one.name}</Name><Status>{one.status}</Status></FunctionSummary>")


@before("cloudfront:DeleteFunction")
def in_use(request: Request, world: World) -> None:
    cloudfront = world.backend(request)
    one = cloudfront.functions.get(request.text("Name"))
    behaviors = [each.DefaultCacheBehavior for each in cloudfront.distributions.values()]
    used = {item["FunctionARN"] for each in behaviors for item in each.function_associations.get("Items", ())}
    if one and one.arn in used:
        raise Refused("FunctionInUse", "The function is in use by one or more cache behaviors.", 409)


models.DefaultCacheBehaviour.__init__ = behavior
CloudFrontResponse.update_function = update_function
CloudFrontResponse.get_function = get_function
