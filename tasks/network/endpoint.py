"""What endpoints of both sorts have in common: how they're listed, made, awaited and removed, and their policies."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tasks.errors import CastraError, Problem, gone_is_fine
from tasks.identity import policy
from tasks.kind import Phase
from tasks.scope import Scope
from tasks.waiting import wait_until

PHASES: Mapping[str, Phase] = {
    "pending": "pending",
    "available": "standing",
    "deleting": "leaving",
    "failed": "failed",
    "rejected": "failed",
    "expired": "failed",
}
EVERYTHING = [{"Action": ["*"], "Effect": "Allow", "Principal": {"AWS": ["*"]}, "Resource": ["*"]}]
POLICY_LIMIT = 20_480  # characters: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html


def endpoints(scope: Scope) -> list[Any]:
    """The environment's endpoints of both sorts as AWS tells them; listed once a survey."""
    return scope.listed(
        "vpc-endpoints",
        lambda: list(scope.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=scope.filters)),
    )


def service_name(scope: Scope, service: str) -> str:
    """A service's full name in the scope's region."""
    return f"com.amazonaws.{scope.region}.{service}"


def short_name(scope: Scope, full: str) -> str:
    """What a full name says beyond the region."""
    return full.removeprefix(f"com.amazonaws.{scope.region}.")


def policy_text(document: Mapping[str, Any] | str | None) -> str | None:
    """The canonical policy; None where everything is allowed to everybody, which is AWS's default, however written."""
    text = policy.canonical(document) if document else None
    return None if text is None or _statements(text) == EVERYTHING else text


def policy_problems(document: Mapping[str, Any] | None, where: str) -> Iterator[Problem]:
    """All that's wrong with a policy of an endpoint."""
    if document is None:
        return
    yield from policy.problems(document, where, of_resource=True)
    if (size := len(policy.canonical(document))) > POLICY_LIMIT:
        yield Problem(where, f"it has {size} characters, and AWS takes {POLICY_LIMIT}", "Name fewer things")


def described(scope: Scope, id: str) -> Any | None:
    """An endpoint as AWS tells it now, or None once it's gone."""
    with gone_is_fine("InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound"):
        (endpoint,) = scope.ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"]
        return endpoint
    return None


def phase_of(scope: Scope, id: str) -> Phase | None:
    """None once it's gone."""
    endpoint = described(scope, id)
    return PHASES.get(endpoint["State"].lower()) if endpoint else None


def await_endpoint(scope: Scope, id: str) -> None:
    """Wait until it can be used: seconds for a gateway, one to three minutes for interfaces."""
    what = f"endpoint {id}"
    wait_until(scope, lambda: phase_of(scope, id) not in (None, "pending"), what, 600)
    if (phase := phase_of(scope, id)) != "standing":
        raise CastraError(what, f"it is {phase}", "Run again: one that failed is replaced")


def delete_endpoint(scope: Scope, id: str) -> None:
    """Returns once it's gone. DeleteVpcEndpoints tells failures in its answer, not as an error."""
    if phase_of(scope, id) not in (None, "leaving"):
        for failure in scope.ec2.delete_vpc_endpoints(VpcEndpointIds=[id])["Unsuccessful"]:
            if not failure["Error"]["Code"].endswith(".NotFound"):
                raise CastraError(f"endpoint {id}", f"it can't be deleted: {failure['Error']['Message']}")
    wait_until(scope, lambda: phase_of(scope, id) is None, f"deleting endpoint {id}", 900)


def difference(add: str, remove: str, before: set[str], after: set[str]) -> dict[str, list[str]]:
    """ModifyVpcEndpoint's arguments that turn one set of ids into another; none where nothing differs."""
    arguments = {add: sorted(after - before), remove: sorted(before - after)}
    return {name: ids for name, ids in arguments.items() if ids}


def policy_arguments(wanted: str | None) -> dict[str, Any]:
    """ModifyVpcEndpoint's arguments for a policy."""
    return {"ResetPolicy": True} if wanted is None else {"PolicyDocument": wanted}


def _statements(text: str) -> Any:
    try:
        return json.loads(text)["Statement"]
    except (ValueError, TypeError, KeyError):
        return text
