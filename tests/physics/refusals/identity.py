"""IAM and certificates: documents that must parse, things still attached."""

import json
from typing import Any

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World

STATEMENT = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}


@before("iam:CreateRole")
def new_trust_sound(request: Request, world: World) -> None:
    trust_sound(request.text("AssumeRolePolicyDocument"))


@before("iam:UpdateAssumeRolePolicy")
def changed_trust_sound(request: Request, world: World) -> None:
    trust_sound(request.text("PolicyDocument"))


def trust_sound(text: str) -> None:
    """A role's trust: JSON, with statements that say whom it trusts with which sts action, and no resource."""
    for statement in statements(text, "MalformedPolicyDocument"):
        if not {"Principal", "NotPrincipal"} & statement.keys():
            raise malformed("AssumeRole policy must contain a Principal")
        if {"Resource", "NotResource"} & statement.keys():
            raise malformed("Has prohibited field Resource")
        actions = statement.get("Action", [])
        if not all(str(each).startswith("sts:") for each in ([actions] if isinstance(actions, str) else actions)):
            raise malformed("AssumeRole policy may only specify STS AssumeRole actions.")


def statements(text: str, code: str) -> list[dict[str, Any]]:
    """A policy's statements; refused with the code where its form is wrong."""
    try:
        document = json.loads(text)
    except ValueError:
        raise Refused(code, "This policy contains invalid Json") from None
    found = document.get("Statement") if isinstance(document, dict) else None
    found = [found] if isinstance(found, dict) else found
    if not found or not all(isinstance(each, dict) and each.get("Effect") in ("Allow", "Deny") for each in found):
        raise Refused(code, "Syntax errors in policy.")
    if any(each.keys() - STATEMENT or not {"Action", "NotAction"} & each.keys() for each in found):
        raise Refused(code, "Syntax errors in policy.")
    return found


def malformed(why: str) -> Refused:
    return Refused("MalformedPolicyDocument", why)


@before("iam:DeletePolicy")
def policy_attached(request: Request, world: World) -> None:
    iam, arn = world.backend(request), request.text("PolicyArn")
    policy = iam.managed_policies.get(arn)
    holders = [*iam.roles.values(), *iam.users.values(), *iam.groups.values()]
    bounded = any(role.permissions_boundary_arn == arn for role in iam.roles.values())
    if bounded or any(arn in each.managed_policies for each in holders):
        raise Refused("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    if policy and len(policy.versions) > 1:
        why = (
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions."
        )
        raise Refused("DeleteConflict", why, 409)


@before("acm:DeleteCertificate")
def certificate_in_use(request: Request, world: World) -> None:
    arn = request.text("CertificateArn")
    for balancer in world.backend(request, "elbv2").load_balancers.values():
        for listener in balancer.listeners.values():
            if arn in (listener.certificate, *listener.certificates):
                raise Refused("ResourceInUseException", f"Certificate {arn} is in use by {listener.arn}")
