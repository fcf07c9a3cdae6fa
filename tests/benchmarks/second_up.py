"""What raising an environment costs that stands already: calls by kind, and no write."""

from collections import Counter
from collections.abc import Iterator

from tasks.reading import plan_of, scope_of
from tasks.registry import KINDS
from tests.benchmarks.blueprints import web
from tests.conductor import raise_all


def run() -> Iterator[str]:
    """Raise examples/web.yaml twice."""
    environment = web()
    raise_all(scope_of(environment), environment.parts())
    scope = scope_of(environment)
    planned = plan_of(environment, scope)
    calls, kinds = scope.calls.summary(), {part.kind for part in environment.parts()}
    yield f"{len(planned.steps)} parts of {len(kinds)} kinds: {calls['read']} reads, {calls['write']} writes"
    yield f"reads a kind: {calls['read'] / len(KINDS):.2f} over the {len(KINDS)} kinds that a survey lists"
    most = Counter(scope.calls.by_operation()).most_common(3)
    yield f"most often called: {', '.join(f'{name} {count}' for name, count in most)}"
    yield f"settled: {planned.settled}"
