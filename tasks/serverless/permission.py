"""Permissions: who may call a function."""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.part import filled
from blueprints.triggers import Permission
from tasks.each import each
from tasks.errors import code_of, gone_is_fine
from tasks.kind import Fixed, Found, Kind, State
from tasks.scope import ENVIRONMENT, PART, Scope
from tasks.serverless.function import name_of, standing_functions
from tasks.serverless.function_state import LIVE
from tasks.serverless.versions import GONE

START = "castra--"
_alone: dict[str, threading.Lock] = defaultdict(threading.Lock)
"""By function: AWS changes its whole policy with each statement, and two at once may lose one."""


class PermissionState(State):
    """https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"""

    function: Fixed[str]
    principal: str
    source: str | None
    account: str | None
    action: str
    by_address: bool


class PermissionKind(Kind[Permission, PermissionState]):
    """Permissions: who may call a function.

    AWS tags none: it's the environment's if its function is, and its statement's id begins as Castra's do.
    """

    name = "permission"
    taggable = False
    goes_first = True
    goes_with = ("function",)
    actions = (
        "lambda:AddPermission",
        "lambda:GetFunction",
        "lambda:GetFunctionConfiguration",
        "lambda:GetPolicy",
        "lambda:ListFunctions",
        "lambda:RemovePermission",
    )

    def owned(self, scope: Scope) -> Iterator[Found[PermissionState]]:
        """The policy of each function's alias, a call each, beside the functions that are listed anyway."""
        for function, statements in granted(scope):
            arn, environment = function["Configuration"]["FunctionArn"], function["Tags"][ENVIRONMENT]
            for statement in statements:
                if (sid := str(statement.get("Sid", ""))).startswith(START):
                    name = sid.removeprefix(START)
                    tags = {ENVIRONMENT: environment, PART: self.key(name)}
                    yield Found(self.name, name, f"{arn}/{sid}", permission_in(arn, statement), tags)

    def wanted(self, part: Permission, ids: Mapping[str, str]) -> PermissionState:
        """See the base."""
        return PermissionState(
            function=ids[part.function],
            principal=part.principal,
            source=filled(part.source, ids) if part.source is not None else None,
            account=ids[part.account] if part.account and part.principal != "*" else None,
            action=part.action,
            by_address=part.by_address,
        )

    def create(self, scope: Scope, name: str, wanted: PermissionState) -> str:
        """One statement. One of its id that is there already, as no listing told yet, gives way."""
        id = f"{wanted.function}/{START}{name}"
        with _alone[wanted.function]:
            try:
                _add(scope, id, wanted)
            except ClientError as error:
                if code_of(error) != "ResourceConflictException":
                    raise
                _remove(scope, id)
                _add(scope, id, wanted)
        return id

    def update(self, scope: Scope, id: str, wanted: PermissionState, changed: frozenset[str]) -> None:
        """AWS changes none: the old statement goes, and the new one comes a moment later."""
        with _alone[wanted.function]:
            _remove(scope, id)
            _add(scope, id, wanted)

    def delete(self, scope: Scope, id: str) -> None:
        """It goes with its function too."""
        with _alone[id.partition("/")[0]]:
            _remove(scope, id)


def granted(scope: Scope) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The scope's functions, each with the statements of its alias's policy, whoever made them; read once a survey."""
    functions = standing_functions(scope)
    return scope.listed("permissions", lambda: list(each(lambda function: _statements(scope, function), functions)))


def _statements(scope: Scope, function: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those of the alias; none where it has no policy, or has gone since it was listed."""
    name = function["Configuration"]["FunctionName"]
    with gone_is_fine(GONE):
        policy = scope.client("lambda").get_policy(FunctionName=name, Qualifier=LIVE)["Policy"]
        statements: list[dict[str, Any]] = json.loads(policy)["Statement"]
        return statements
    return []


def permission_in(function: str, statement: Mapping[str, Any]) -> PermissionState:
    """A statement as AWS writes it."""
    tests = {key.lower(): value for test in statement.get("Condition", {}).values() for key, value in test.items()}
    principal = statement.get("Principal", "")
    by = tests.get("lambda:functionurlauthtype") == "NONE" or str(tests.get("lambda:invokedviafunctionurl")) == "true"
    return PermissionState(
        function=function,
        principal=principal if isinstance(principal, str) else ", ".join(map(str, principal.values())),
        source=tests.get("aws:sourcearn"),
        account=tests.get("aws:sourceaccount"),
        action=statement["Action"],
        by_address=by,
    )


def _add(scope: Scope, id: str, wanted: PermissionState) -> None:
    conditions = {"SourceArn": wanted.source, "SourceAccount": wanted.account}
    if wanted.by_address and wanted.action == "lambda:InvokeFunctionUrl":
        conditions["FunctionUrlAuthType"] = "NONE"
    given: dict[str, Any] = {key: value for key, value in conditions.items() if value}
    if wanted.by_address and wanted.action == "lambda:InvokeFunction":
        given["InvokedViaFunctionUrl"] = True
    scope.client("lambda").add_permission(
        FunctionName=name_of(wanted.function),
        Qualifier=LIVE,
        StatementId=id.partition("/")[2],
        Action=wanted.action,
        Principal=wanted.principal,
        **given,
    )


def _remove(scope: Scope, id: str) -> None:
    function, _, sid = id.partition("/")
    with gone_is_fine(GONE):
        scope.client("lambda").remove_permission(FunctionName=name_of(function), StatementId=sid, Qualifier=LIVE)
