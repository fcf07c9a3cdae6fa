"""Secrets and parameters as plain clients list them: how often each has had a value, never which."""

from collections.abc import Iterator
from typing import Any

from tasks.identity.access_key import KEY
from tasks.identity.login_profile import HOLDS

HELD = {KEY: "a key", HOLDS: "a password"}


def secrets(client: Any) -> Iterator[tuple[str, Any]]:
    """One that is deleted isn't listed, if it can be restored or not."""
    for secret in client.list_secrets()["SecretList"]:
        values = client.list_secret_version_ids(SecretId=secret["ARN"], IncludeDeprecated=True)["Versions"]
        # the first value of what keeps a credential is always an empty one; a password may be made once more
        held = [HELD[tag["Key"]] for tag in secret.get("Tags", []) if tag["Key"] in HELD]
        many = held[0] if held else len(values)
        about = {"SecretName": secret["Name"], "Description": secret.get("Description"), "Values": many}
        yield "Secrets", {**about, "Tags": secret.get("Tags", [])}


def parameters(client: Any) -> Iterator[tuple[str, Any]]:
    """But AWS's own, which aren't listed."""
    for parameter in client.describe_parameters()["Parameters"]:
        of = {"ResourceType": "Parameter", "ResourceId": parameter["Name"]}
        about = {"ParameterName": parameter["Name"], "Type": parameter["Type"]}
        yield "Parameters", {**about, "Tags": client.list_tags_for_resource(**of)["TagList"]}
