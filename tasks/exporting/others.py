"""The sections `policies`, `key_pairs` and `queues`."""

import json
from typing import Any

from blueprints.queues import DEAD
from tasks.exporting.standing import Section, Standing, said


def policies(standing: Standing) -> dict[str, Any]:
    """Managed policies, as they are written."""
    return {name: json.loads(one.state.document) for name, one in standing.of("managed-policy").items()}


def key_pairs(standing: Standing) -> dict[str, Section]:
    """Public keys, without their comments, which EC2 doesn't keep."""
    return {name: {"public_key": one.state.public_key} for name, one in standing.of("key-pair").items()}


def queues(standing: Standing) -> dict[str, Section]:
    """Each with the queue of its dead letters, which is none of its own in a document."""
    all_of_them = standing.of("queue")
    dead = {one.state.dead_letters for one in all_of_them.values() if one.state.dead_letters}
    return {
        name: _queue(standing, one.state)
        for name, one in all_of_them.items()
        if not (one.id in dead and name.endswith(f"-{DEAD}"))
    }


def _queue(standing: Standing, state: Any) -> Section:
    dead = standing.state("queue", standing.name(state.dead_letters)) if state.dead_letters else None
    key = state.encryption if state.encryption.startswith("arn:") else None
    return said(
        **state.model_dump(include={"visibility", "retention", "delay", "wait"}),
        dead_letters={"after": state.tries, "retention": dead.retention} if dead else None,
        encryption_key=key,
    )
