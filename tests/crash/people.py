"""Users and groups as plain clients list them, with the keys that they have: kept in a secret, or loose."""

from collections.abc import Iterator
from typing import Any

from tasks.identity.access_key import KEY


def people(iam: Any, secrets: Any) -> Iterator[tuple[str, Any]]:
    """A key's id is chance; whether a secret holds it isn't."""
    tags = [tag for secret in secrets.list_secrets()["SecretList"] for tag in secret.get("Tags", [])]
    kept = {tag["Value"] for tag in tags if tag["Key"] == KEY}
    for user in iam.list_users(PathPrefix="/castra/")["Users"]:
        whose = {"UserName": user["UserName"]}
        keys = iam.list_access_keys(**whose)["AccessKeyMetadata"]
        told = sorted(f"{'kept' if key['AccessKeyId'] in kept else 'loose'} {key['Status']}" for key in keys)
        about = {**whose, "Path": user["Path"], "Keys": told}
        about["Password"] = password(iam, user["UserName"])
        about["Groups"] = sorted(one["GroupName"] for one in iam.list_groups_for_user(**whose)["Groups"])
        about["Attached"] = iam.list_attached_user_policies(**whose)["AttachedPolicies"]
        yield "Users", {**about, "Tags": iam.list_user_tags(**whose)["Tags"]}
    for group in iam.list_groups(PathPrefix="/castra/")["Groups"]:
        attached = iam.list_attached_group_policies(GroupName=group["GroupName"])["AttachedPolicies"]
        yield "Groups", {"GroupName": group["GroupName"], "Path": group["Path"], "Attached": attached}


def password(iam: Any, user: str) -> str:
    """Whether there's one, and whether it has to be changed."""
    try:
        told = iam.get_login_profile(UserName=user)["LoginProfile"]
    except iam.exceptions.NoSuchEntityException:
        return "none"
    return "to be changed" if told.get("PasswordResetRequired") else "its own"
