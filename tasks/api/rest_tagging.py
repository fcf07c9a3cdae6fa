"""How REST APIs, and what goes with them, are tagged: by an ARN that follows from the id."""

from collections.abc import Mapping

from tasks.api.rest_listing import REST
from tasks.api.tagging import arn_of
from tasks.kind import Kind, P, S
from tasks.scope import Scope


class TaggedAsRest(Kind[P, S]):
    """A kind whose resources have such an ARN, as `/restapis/{id}` in this region."""

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """See the base."""
        arn = arn_of(scope, self._path(id))
        scope.client(REST).tag_resource(resourceArn=arn, tags=dict(tags))
        if dropped:
            scope.client(REST).untag_resource(resourceArn=arn, tagKeys=sorted(dropped))

    def _path(self, id: str) -> str:
        """What stands at the end of its ARN."""
        raise NotImplementedError
