"""Secrets and parameters as plain clients list them: how often each has had a value, never which."""

from collections.abc import Iterator
from typing import Any

from tasks.identity.access_key import KEY


def secrets(client: Any) -> Iterator[tuple[str, Any]]:
    """One that is deleted isn't listed, if it can be restored or not."""
    for secret in client.list_secrets()["SecretList"]:
        values = client.list_secret_version_ids(SecretId=secret["ARN"], IncludeDeprecated=True)["Versions"]
        holds_a_key = any(tag["Key"] == KEY for tag in secret.get("Tags", []))  # its first value is always an empty one
        many = "a key" if holds_a_key else len(values)
        about = {"SecretName": secret["Name"], "Description": secret.get("Description"), "Values": many}
        yield "Secrets", {**about, "Tags": secret.get("Tags", [])}


def parameters(client: Any) -> Iterator[tuple[str, Any]]:
    """But AWS's own, which aren't listed."""
    for parameter in client.describe_parameters()["Parameters"]:
        of = {"ResourceType": "Parameter", "ResourceId": parameter["Name"]}
        about = {"ParameterName": parameter["Name"], "Type": parameter["Type"]}
        yield "Parameters", {**about, "Tags": client.list_tags_for_resource(**of)["TagList"]}
