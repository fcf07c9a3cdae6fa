"""How what API Gateway has is tagged: by an ARN that follows from its id."""

from collections.abc import Mapping

from tasks.api.listing import HTTP
from tasks.kind import Kind, P, S
from tasks.scope import Scope


class TaggedByPath(Kind[P, S]):
    """A kind whose resources have such an ARN, as `/apis/{id}` in this region."""

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """See the base."""
        arn = arn_of(scope, self._path(id))
        scope.client(HTTP).tag_resource(ResourceArn=arn, Tags=dict(tags))
        if dropped:
            scope.client(HTTP).untag_resource(ResourceArn=arn, TagKeys=sorted(dropped))

    def _path(self, id: str) -> str:
        """What stands at the end of its ARN."""
        raise NotImplementedError


def arn_of(scope: Scope, path: str) -> str:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html"""
    return f"arn:{scope.client(HTTP).meta.partition}:apigateway:{scope.region}::{path}"
