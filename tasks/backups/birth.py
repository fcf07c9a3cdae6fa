"""The tags that a backup is born with: a run may be killed right after the call that makes it."""

from datetime import UTC, datetime

from tasks.backups.policy import Taking
from tasks.backups.record import tags_of
from tasks.scope import CREATED, Scope

MOST_OWN_TAGS = 33  # of the user's own; AWS allows 50, and Castra's may become 17


def birth_tags(scope: Scope, taking: Taking) -> dict[str, str]:
    """A name, the user's own tags, what the backup is, and what it takes to make its source again."""
    own = dict(list(scope.tags.items())[:MOST_OWN_TAGS])
    identity = tags_of(
        str(scope.environment),
        taking.name,
        taking.source.id,
        taking.source.part,
        taking.slot,
        taking.how,
        len(taking.source.volumes),
        taking.policy.keep,
        taking.policy.when.zone,
    )
    name = {"Name": f"{scope.environment}-{taking.name} {taking.source.name}"[:256]}
    return name | own | identity | taking.source.machine_tags | {CREATED: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}


def owes(taking: Taking) -> bool:
    """Whether a run that is killed after the call would leave commands unrun."""
    return bool(taking.policy.after) and taking.source.instance is not None
