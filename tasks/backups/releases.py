"""A site's earlier releases are its backups: which one would be published again, and what that takes."""

from dataclasses import dataclass

from tasks.errors import Invalid, Problem
from tasks.operation import KEEP, Deed, Operation
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.storage.listing import bucket_of
from tasks.storage.publishing import manifest as manifests
from tasks.storage.publishing.release import plan_rollback
from tasks.survey import look

RESTORE = "restore"


@dataclass(frozen=True)
class Again:
    """A release that is to be the current one again: of which bucket, its number, and what there is to do."""

    bucket: str
    release: int
    operation: Operation


def plan_release_again(scope: Scope, site: str, release: int | None = None) -> Again:
    """Plan it for a site of the scope's environment; the release before the current, if no number is given.

    Raises Invalid where no such site stands, CastraError where there's no such release or its files are gone.
    """
    what = f"site/{site}"
    found = look(scope, KINDS["bucket"], site)
    if not found:
        why = f"{scope.environment} has no bucket for it in {scope.region}"
        way_out = f"castra show {scope.environment} --region {scope.region}"
        raise Invalid("castra restore", [Problem(what, why, f"What stands: {way_out}")])
    bucket = bucket_of(found[0].id)
    manifest, _ = manifests.read(scope, bucket)
    planned = plan_rollback(manifest, bucket, release)
    written, stale, number = len(planned.written), len(planned.stale), int(planned.of or planned.number)
    because = f"release {number} again, as release {planned.number}: {written} files written, {stale} removed"
    if nothing := planned.settled and not planned.stale:
        because = f"release {number} is the current one"
    deed = Deed(what=what, action=KEEP if nothing else RESTORE, because=because, id=f"{bucket} {number}")
    calls = scope.calls.summary()
    operation = Operation(verb=RESTORE, subject=str(scope.environment), region=scope.region, deeds=(deed,), calls=calls)
    return Again(bucket, number, operation)
