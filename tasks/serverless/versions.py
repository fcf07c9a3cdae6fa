"""Versions of functions, and the alias that leads to one of them."""

from typing import Any

from tasks.errors import gone_is_fine
from tasks.retry import when_released
from tasks.scope import Scope
from tasks.serverless.function_state import LIVE

GONE = "ResourceNotFoundException"
KEPT = 3  # versions, the newest among them; more where an alias leads to one


def publish(scope: Scope, name: str) -> None:
    """Let the alias lead to a version of what the function is now; older versions go afterwards.

    PublishVersion makes none where nothing changed since the last one, and gives that.
    """
    call, client = f"function {name}", scope.client("lambda")
    version = when_released(call, client.publish_version, FunctionName=name)["Version"]
    lead_to(scope, name, version)
    _prune(scope, name)


def lead_to(scope: Scope, name: str, version: str) -> None:
    """Make the alias, or let it lead to this version alone."""
    client, alias = scope.client("lambda"), {"FunctionName": name, "Name": LIVE, "FunctionVersion": version}
    try:
        client.update_alias(**alias, RoutingConfig={"AdditionalVersionWeights": {}})
    except client.exceptions.ResourceNotFoundException:
        client.create_alias(**alias)


def live_configuration(scope: Scope, name: str) -> dict[str, Any] | None:
    """The configuration that the alias leads to; None where there's no alias, or no function any longer."""
    with gone_is_fine(GONE):
        return dict(scope.client("lambda").get_function_configuration(FunctionName=name, Qualifier=LIVE))
    return None


def _prune(scope: Scope, name: str) -> None:
    """Delete versions beyond those kept, but none that an alias leads to."""
    listed = scope.pages("lambda", "list_versions_by_function", "Versions", FunctionName=name)
    numbers = sorted((int(one["Version"]) for one in listed if one["Version"] != "$LATEST"), reverse=True)
    if len(numbers) <= KEPT:
        return
    aliases = list(scope.pages("lambda", "list_aliases", "Aliases", FunctionName=name))
    used = {int(alias["FunctionVersion"]) for alias in aliases if alias["FunctionVersion"] != "$LATEST"}
    for alias in aliases:
        used |= {int(version) for version in (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights", {})}
    for number in numbers[KEPT:]:
        if number not in used:
            with gone_is_fine(GONE):
                scope.client("lambda").delete_function(FunctionName=name, Qualifier=str(number))
