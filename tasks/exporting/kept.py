"""The sections `secrets` and `parameters`: how their values were made, and never one that is a secret."""

from typing import Any

from tasks.exporting.standing import Section, Standing, said


def secrets(standing: Standing) -> dict[str, Section]:
    """Each, by name; passwords of caches and databases belong to those."""
    theirs = {one.state.token for one in standing.of("replication-group").values()}
    theirs |= {one.state.secret for one in standing.of("database").values()}
    return {name: _secret(one.state) for name, one in standing.of("secret").items() if one.id not in theirs}


def _secret(state: Any) -> Section:
    """One whose value somebody else made has no length."""
    return said(
        length=state.length or None,
        punctuation=state.punctuation,
        username=state.username or None,
        description=state.description,
        kms_key=state.kms_key or None,
        on_removal=state.on_removal,
        recovery=state.recovery,
    )


def parameters(standing: Standing) -> dict[str, Section]:
    """Texts, and random ones without their values."""
    return {name: _parameter(one.state) for name, one in standing.of("parameter").items()}


def _parameter(state: Any) -> Section:
    if state.value is not None:
        return {"value": state.value}
    random = said(length=state.length or None, punctuation=state.punctuation)
    return said(random=random, on_removal=None if state.on_removal == "keep" else state.on_removal)
