"""Rows of the kinds in tasks/data."""

from blueprints.secrets import Parameter, Random, Secret
from tasks.data.parameter import name_of
from tasks.scope import ON_REMOVAL, Scope
from tests.tasks.rows.network import but
from tests.tasks.rows.row import Row

KEY = "arn:aws:kms:eu-west-1:123456789012:key/4f1c09ab-0000-4000-8000-1234567890ab"
SECRET = Secret(name="session", on_removal="wipe", recovery=0)
PARAMETER = Parameter(name="level", value="info")


def keep_by_hand(scope: Scope, id: str) -> None:
    scope.client("secretsmanager").tag_resource(SecretId=id, Tags=[{"Key": ON_REMOVAL, "Value": "keep"}])


def forget(scope: Scope, id: str) -> None:
    scope.client("secretsmanager").delete_secret(SecretId=id, ForceDeleteWithoutRecovery=True)


ROWS = (
    Row(
        part=SECRET,
        changed=but(SECRET, description="Of sessions", kms_key=KEY, recovery=30),
        moved=but(SECRET, random=Random(length=64, punctuation=True), username="admin"),
        by_hand=keep_by_hand,
        vanish=forget,
    ),
    Row(
        part=PARAMETER,
        changed=but(PARAMETER, value="debug"),
        by_hand=lambda scope, id: scope.client("ssm").put_parameter(Name=name_of(id), Value="trace", Overwrite=True),
        vanish=lambda scope, id: scope.client("ssm").delete_parameter(Name=name_of(id)),
    ),
)
