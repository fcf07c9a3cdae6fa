"""The section `buckets`, with what is set on them, their policies, and whom they tell."""

import json
from typing import Any

from tasks.exporting.standing import Section, Standing, said
from tasks.exporting.triggers import noticed
from tasks.kind import Found

OURS = ("TlsOnly", "EverybodyReads", "LogsComeIn")
"""Statements that follow from the settings."""


def buckets(standing: Standing) -> dict[str, Section]:
    """Each, by name; those of sites belong to their sites."""
    sites = standing.of("site")
    return {name: _bucket(standing, name, one) for name, one in standing.of("bucket").items() if name not in sites}


def _bucket(standing: Standing, name: str, bucket: Found[Any]) -> Section:
    state, statements = bucket.state, _statements(standing, name)
    secure = any(one.get("Sid") == "TlsOnly" for one in statements)
    return said(
        name=state.called or None,
        versioning=state.versioning,
        kms_key=state.kms_key or None,
        bucket_key=state.bucket_key if state.kms_key else None,
        ownership=state.ownership,
        acl=state.acl,
        lifecycle={rule: one.model_dump(mode="json", exclude_none=True) for rule, one in state.lifecycle.items()}
        or None,
        cors=[one.model_dump(mode="json", exclude_none=True) for one in state.cors] or None,
        website=_website(state),
        replicate=_replicate(standing, name),
        logs={"to": standing.name(state.logs_to), "prefix": state.logs_prefix} if state.logs_to else None,
        tls_only=None if secure == (state.website is None) else secure,
        policy=_own(statements, bucket.id),
        notify=_notify(standing, name) or None,
        on_removal=state.on_removal,
    )


def _statements(standing: Standing, name: str) -> list[dict[str, Any]]:
    policy = standing.state("bucket-policy", name)
    return json.loads(policy.document)["Statement"] if policy else []


def _own(statements: list[dict[str, Any]], arn: str) -> Section | None:
    """Those that somebody wrote, in which the bucket stands as `{bucket}`."""
    written = [one for one in statements if one.get("Sid") not in OURS]
    if not written:
        return None
    told: Section = json.loads(json.dumps({"Version": "2012-10-17", "Statement": written}).replace(arn, "{bucket}"))
    return told


def _website(state: Any) -> Section | None:
    if state.website is None:
        return None
    told: Section = state.website.model_dump(mode="json", exclude_none=True)
    return told | {"public": state.public_policy == "allowed"}


def _replicate(standing: Standing, name: str) -> Section | None:
    """Where it is one rule, as a section says it."""
    state = standing.state("bucket-replication", name)
    if state is None or len(state.rules) != 1:
        return None
    (rule,) = state.rules
    return said(
        to=standing.name(rule.to),
        prefix=rule.prefix or None,
        storage_class=rule.storage_class or None,
        delete_markers=rule.delete_markers,
    )


def _notify(standing: Standing, name: str) -> list[Section]:
    """Queues that are told; functions say it of themselves."""
    state = standing.state("bucket-notification", name)
    notices = [one for one in state.notices if standing.key(one.to).startswith("queue/")] if state else []
    return [{"queue": standing.name(one.to), **noticed(one)} for one in notices]
