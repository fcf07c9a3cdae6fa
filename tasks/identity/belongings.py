"""What a user has got that AWS wants gone before it: passwords, devices and keys of every sort."""

from collections.abc import Callable
from typing import Any

from tasks.errors import gone_is_fine
from tasks.scope import Scope

KEYS: tuple[tuple[str, str, str, str], ...] = (
    ("list_access_keys", "AccessKeyMetadata", "AccessKeyId", "delete_access_key"),
    ("list_ssh_public_keys", "SSHPublicKeys", "SSHPublicKeyId", "delete_ssh_public_key"),
    ("list_signing_certificates", "Certificates", "CertificateId", "delete_signing_certificate"),
)
"""Listing, its result, what names one, and what deletes it."""


def delete_belongings(scope: Scope, user: str) -> None:
    """All that goes with it. The keys first: nobody can use them any more."""
    for listing, result, noun, delete in KEYS:
        for one in list(scope.pages("iam", listing, result, UserName=user)):
            _gone(getattr(scope.iam, delete), UserName=user, **{noun: one[noun]})
    for one in list(scope.pages("iam", "list_mfa_devices", "MFADevices", UserName=user)):
        _gone(scope.iam.deactivate_mfa_device, UserName=user, SerialNumber=one["SerialNumber"])
    _gone(scope.iam.delete_login_profile, UserName=user)


def _gone(call: Callable[..., Any], **arguments: str) -> None:
    with gone_is_fine("NoSuchEntity"):
        call(**arguments)
