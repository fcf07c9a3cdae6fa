"""How load balancers, target groups, listeners and rules are tagged: Elastic Load Balancing's own way."""

from collections.abc import Mapping

from tasks.kind import Kind, P, S
from tasks.retry import when_visible
from tasks.scope import Scope, as_list


class TaggedByArn(Kind[P, S]):
    """A kind whose resources AddTags and RemoveTags know by ARN."""

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """See the base."""
        when_visible(f"{self.name} {id}", scope.elbv2.add_tags, ResourceArns=[id], Tags=as_list(tags))
        if dropped:
            scope.elbv2.remove_tags(ResourceArns=[id], TagKeys=sorted(dropped))
