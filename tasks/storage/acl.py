"""A bucket's access control list as one of S3's canned ones.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
"""

from collections.abc import Mapping
from typing import Any

GROUPS = "http://acs.amazonaws.com/groups/"
EVERYBODY, ANY_ACCOUNT = f"{GROUPS}global/AllUsers", f"{GROUPS}global/AuthenticatedUsers"
LOGS = f"{GROUPS}s3/LogDelivery"
CANNED = {
    frozenset(): "private",
    frozenset({(EVERYBODY, "READ")}): "public-read",
    frozenset({(EVERYBODY, "READ"), (EVERYBODY, "WRITE")}): "public-read-write",
    frozenset({(ANY_ACCOUNT, "READ")}): "authenticated-read",
    frozenset({(LOGS, "READ_ACP"), (LOGS, "WRITE")}): "log-delivery-write",
}
"""What others than the owner may."""


def canned(answer: Mapping[str, Any]) -> str:
    """Its name, or what it grants where it's none of them."""
    owner = answer.get("Owner", {}).get("ID")
    granted = {(_who(grant["Grantee"]), grant["Permission"]) for grant in answer.get("Grants", [])}
    others = frozenset(grant for grant in granted if grant[0] != owner)
    return CANNED.get(others) or "; ".join(sorted(f"{who} {may}" for who, may in others))


def _who(grantee: Mapping[str, Any]) -> str:
    return str(grantee.get("URI") or grantee.get("ID") or grantee.get("EmailAddress"))
