"""Lifecycle rules in S3's words and in ours. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
"""

from collections.abc import Mapping
from typing import Any

from blueprints.storage import LifecycleRule, OldVersions
from tasks.scope import as_dict, as_list

CLASSES = {
    "standard-ia": "STANDARD_IA",
    "one-zone-ia": "ONEZONE_IA",
    "intelligent-tiering": "INTELLIGENT_TIERING",
    "glacier-instant": "GLACIER_IR",
    "glacier": "GLACIER",
    "deep-archive": "DEEP_ARCHIVE",
}
NAMES = {theirs: ours for ours, theirs in CLASSES.items()}
BY_DATE = -1  # stands for days where somebody named a date by hand


def sent(name: str, rule: LifecycleRule) -> dict[str, Any]:
    """A rule as S3 takes it."""
    told: dict[str, Any] = {"ID": name, "Status": "Enabled" if rule.enabled else "Disabled", "Filter": _filter(rule)}
    if rule.move:
        told["Transitions"] = [{"Days": days, "StorageClass": CLASSES[tier]} for tier, days in rule.move.items()]
    if rule.expire:
        told["Expiration"] = {"Days": rule.expire}
    elif rule.expire_markers:
        told["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if old := rule.old_versions:
        told["NoncurrentVersionTransitions"] = [
            {"NoncurrentDays": days, "StorageClass": CLASSES[tier]} for tier, days in old.move.items()
        ]
        if old.expire:
            spared = {"NewerNoncurrentVersions": old.keep} if old.keep else {}
            told["NoncurrentVersionExpiration"] = {"NoncurrentDays": old.expire, **spared}
    if rule.abort_uploads:
        told["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": rule.abort_uploads}
    return {key: value for key, value in told.items() if value != []}


def told(rule: Mapping[str, Any]) -> LifecycleRule:
    """A rule of S3's in our words, whatever it says: one made by hand needn't be one that we would take."""
    where = _conditions(rule)
    expiration, noncurrent = rule.get("Expiration", {}), rule.get("NoncurrentVersionExpiration", {})
    moved: dict[Any, int] = {_name(one): one["NoncurrentDays"] for one in rule.get("NoncurrentVersionTransitions", [])}
    old = OldVersions.model_construct(
        move=moved, expire=noncurrent.get("NoncurrentDays"), keep=noncurrent.get("NewerNoncurrentVersions")
    )
    return LifecycleRule.model_construct(
        prefix=where.get("Prefix", ""),
        tags=as_dict(where.get("Tags")),
        larger_than=where.get("ObjectSizeGreaterThan"),
        smaller_than=where.get("ObjectSizeLessThan"),
        move={_name(one): one.get("Days", BY_DATE) for one in rule.get("Transitions", [])},
        expire=expiration.get("Days", BY_DATE if "Date" in expiration else None),
        expire_markers=bool(expiration.get("ExpiredObjectDeleteMarker")),
        old_versions=old if moved or noncurrent else None,
        abort_uploads=rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation"),
        enabled=rule["Status"] == "Enabled",
    )


def _filter(rule: LifecycleRule) -> dict[str, Any]:
    """One condition stands alone, several stand in And."""
    sizes = {"ObjectSizeGreaterThan": rule.larger_than, "ObjectSizeLessThan": rule.smaller_than}
    conditions: dict[str, Any] = {key: value for key, value in sizes.items() if value is not None}
    if rule.prefix or not (conditions or rule.tags):
        conditions["Prefix"] = rule.prefix
    if len(conditions) + len(rule.tags) > 1:
        return {"And": conditions | ({"Tags": as_list(rule.tags)} if rule.tags else {})}
    return conditions | ({"Tag": as_list(rule.tags)[0]} if rule.tags else {})


def _conditions(rule: Mapping[str, Any]) -> dict[str, Any]:
    given = rule.get("Filter", {})
    found = dict(given.get("And", given))
    if "Tag" in found:
        found["Tags"] = [found.pop("Tag")]
    return found or {"Prefix": rule.get("Prefix", "")}


def _name(transition: Mapping[str, Any]) -> Any:
    return NAMES.get(transition["StorageClass"], transition["StorageClass"])
