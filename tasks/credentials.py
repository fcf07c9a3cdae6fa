"""Credentials of a role that is assumed, renewed as long as a run lasts."""

from typing import Any

from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.session import Session

METHOD = "assume-role"


class _Assumed(CredentialProvider):  # type: ignore[misc]
    """The one provider of a session that works under a role."""

    METHOD = METHOD
    CANONICAL_NAME = "AssumeRole"

    def __init__(self, role: str, region: str) -> None:
        super().__init__()
        self.role, self.region = role, region

    def load(self) -> Any:
        """Credentials that are fetched at the first call, and again before they end (an hour, by default)."""
        source = Session()
        source.set_config_variable("region", self.region)
        fetcher = AssumeRoleCredentialFetcher(
            source.create_client, source.get_credentials(), self.role, extra_args={"RoleSessionName": "castra"}
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, METHOD)


def assuming(role: str, region: str) -> CredentialResolver:
    """Botocore's component `credential_provider` for a session under a role, which its own credentials assume.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use.html
    """
    return CredentialResolver([_Assumed(role, region)])
