"""What an application needs before and after its backup: commands on its instance."""

import uuid
from collections.abc import Sequence

from tasks.backups.sources import Source
from tasks.compute.commands import run_script
from tasks.scope import Scope

REACHED_WITHIN = 20.0  # seconds; the machine has been up for long


def run(scope: Scope, source: Source, commands: Sequence[str], seconds: int, what: str) -> str:
    """Run commands on a source's instance as one script, and wait for its end; gives what it prints.

    What doesn't run has nothing to prepare: there, nothing is sent. Raises CastraError where one fails.
    """
    if not commands or source.instance is None:
        return ""
    label = f"{uuid.uuid4().hex[:12]} {what}"  # each run's own: the same commands are run for each backup
    return run_script(
        scope,
        source.instance,
        commands,
        what,
        seconds,
        label,
        windows=source.windows,
        reached_within=REACHED_WITHIN,
    )
