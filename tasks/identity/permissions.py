"""What a role carries: inline policies, attached ones, and the profiles that it's in."""

from collections.abc import Collection, Mapping

from tasks.errors import CastraError
from tasks.identity.home import home_at
from tasks.retry import when_visible
from tasks.scope import Scope


def put_policies(scope: Scope, role: str, policies: Mapping[str, str]) -> None:
    """Write these inline policies. A role made a moment ago may not be visible yet."""
    for name, document in policies.items():
        put = {"RoleName": role, "PolicyName": name, "PolicyDocument": document}
        when_visible(f"role {role}", scope.iam.put_role_policy, **put)


def attach_policies(scope: Scope, role: str, managed: tuple[str, ...]) -> None:
    """Attach these managed policies; what's attached already may be."""
    for arn in managed:
        when_visible(f"role {role}", scope.iam.attach_role_policy, RoleName=role, PolicyArn=arn)


def set_boundary(scope: Scope, role: str, boundary: str | None) -> None:
    """Bound it by this managed policy, or by none."""
    if boundary is None:
        scope.iam.delete_role_permissions_boundary(RoleName=role)
    else:
        bound = {"RoleName": role, "PermissionsBoundary": boundary}
        when_visible(f"role {role} and its boundary", scope.iam.put_role_permissions_boundary, **bound)


def delete_policies(scope: Scope, role: str, keep: Collection[str] = ()) -> None:
    """Delete all inline policies but those to keep, by name."""
    for name in scope.pages("iam", "list_role_policies", "PolicyNames", RoleName=role):
        if name not in keep:
            scope.iam.delete_role_policy(RoleName=role, PolicyName=name)


def detach_policies(scope: Scope, role: str, keep: Collection[str] = ()) -> None:
    """Detach all managed policies but those to keep, by ARN."""
    for attached in scope.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=role):
        if attached["PolicyArn"] not in keep:
            scope.iam.detach_role_policy(RoleName=role, PolicyArn=attached["PolicyArn"])


def take_out_of_profiles(scope: Scope, role: str) -> None:
    """Take the role out of Castra's profiles. Raises CastraError, before anything is done, if others carry it too."""
    profiles = list(scope.pages("iam", "list_instance_profiles_for_role", "InstanceProfiles", RoleName=role))
    foreign = [profile["InstanceProfileName"] for profile in profiles if not home_at(scope, profile["Path"])]
    if foreign:
        why = f"it is in instance profiles that aren't Castra's: {', '.join(foreign)}"
        raise CastraError(f"role {role}", why, "Take it out of them, and run again")
    for profile in profiles:
        scope.iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=role)
