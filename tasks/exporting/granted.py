"""What a role may do, in words again: the statements of a policy as `can`."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from blueprints.granting import (
    INVOKES,
    LISTS_BUCKET,
    READS_BUCKET,
    READS_PARAMETER,
    READS_SECRET,
    SENDS,
    WRITES_BUCKET,
    Grant,
    partition,
    policy_of,
)
from blueprints.secret_keys import Decrypting, decryptions
from tasks.exporting.standing import Section, Standing

VERBS = {
    READS_BUCKET: "read",
    READS_SECRET: "read",
    READS_PARAMETER: "read",
    WRITES_BUCKET: "write",
    SENDS: "send",
    INVOKES: "invoke",
}
"""By the actions of a statement. What lists a bucket comes with what reads it."""
NAMEABLE = ("bucket", "function", "parameter", "queue", "secret")


def granted(standing: Standing, policy: str) -> list[Section] | None:
    """What `can` says of a policy, as canonical JSON; None where no `can` comes out as this one."""
    if not policy:
        return None
    can = grants(standing, json.loads(policy)["Statement"])
    if not can:
        return None
    try:
        again = [Grant.model_validate(grant) for grant in can]
        allowing: list[Grant | Decrypting] = [*again, *decryptions([one.read for one in again], keys(standing))]
        said = [told for one in allowing for told in one.statements(standing.region)]
    except ValidationError:  # a part of a bucket, say
        return None
    return can if standing.says(policy_of(said), policy) else None


def keys(standing: Standing) -> dict[str, str]:
    """The keys of the environment's secrets, by what grants name these."""
    states = {f"secret/{name}": one.state for name, one in standing.of("secret").items()}
    return {name: state.kms_key for name, state in states.items() if state.kms_key}


def grants(standing: Standing, statements: Sequence[Any]) -> list[Section]:
    """A grant for each statement that looks like one; the others are passed over."""
    told = []
    for one in statements:
        actions = actions_of(one)
        if actions in VERBS and actions != LISTS_BUCKET:
            arn = min(one["Resource"], key=len).removesuffix("/*")
            told.append({VERBS[actions]: target(standing, arn)})
    return told


def actions_of(statement: Any) -> tuple[str, ...]:
    """What a statement allows; nothing, where it says more than that."""
    plain = isinstance(statement, dict) and statement.keys() == {"Action", "Effect", "Resource"}
    return tuple(statement["Action"]) if plain else ()


def target(standing: Standing, arn: str) -> str:
    """What a grant or a variable names: a thing of the document, `database/<name>` for its secret, or by its ARN.

    A parameter of the same account and region is `ssm:/path`. A site's bucket is none of the section `buckets`.
    """
    databases = (f"database/{name}" for name in standing.of("database"))
    if its_secret := next((one for one in databases if standing.ids.get(f"{one}.secret") == arn), None):
        return its_secret
    kind, _, name = (key := standing.key(arn)).partition("/")
    if kind in NAMEABLE and not (kind == "bucket" and name in standing.of("site")):
        return key
    here = f"arn:{partition(standing.region)}:ssm:{standing.region}:{standing.ids['account:']}:parameter/"
    return f"ssm:/{arn.removeprefix(here)}" if arn.startswith(here) else arn
