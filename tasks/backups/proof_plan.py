"""The plan of proofs: which backups of a document are due for one. Reads only."""

from collections.abc import Sequence
from datetime import UTC, datetime

from blueprints.environment import Environment
from tasks.backups.listing import backups_in
from tasks.backups.planning import chosen
from tasks.backups.proving import Proofs, proofs_due
from tasks.operation import Operation
from tasks.scope import Scope


def plan_proofs(
    blueprint: Environment, scope: Scope, policies: Sequence[str] = (), anyway: bool = False
) -> tuple[Operation, Proofs]:
    """What is to be proven. Writes nothing."""
    _ = scope.account
    asked = chosen(blueprint, policies, None)
    proofs = proofs_due(blueprint.name, asked, backups_in(scope, blueprint.name), datetime.now(UTC), anyway=anyway)
    operation = Operation(
        verb="prove",
        subject=blueprint.name,
        region=blueprint.region,
        deeds=tuple(proofs.deeds),
        calls=scope.calls.summary(),
    )
    return operation, proofs
