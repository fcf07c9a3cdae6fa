"""Functions of Lambda, each with an alias that leads to a published version."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from blueprints.functions import Function
from blueprints.handlers import handler_problem
from blueprints.part import Id, filled
from tasks.each import each
from tasks.errors import CastraError, Invalid, Problem, code_of, gone_is_fine
from tasks.kind import Found, Kind, Phase
from tasks.retry import when_released, when_visible
from tasks.scope import ENVIRONMENT, PART, Scope
from tasks.serverless.archive import Archive, digest_of, files_in, pack, too_large
from tasks.serverless.function_state import APART, CODE, CONTENT, IMAGE, ZIP, FunctionState, configuration, state_of
from tasks.serverless.interfaces import reap
from tasks.serverless.sending import sent
from tasks.serverless.versions import GONE, lead_to, live_configuration, publish
from tasks.waiting import wait_for, wait_until

LONGEST = 64  # characters of a name: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
PHASES: dict[str, Phase] = {"Pending": "pending", "Failed": "failed"}
WITHIN = 600.0  # seconds until one can be called, or is updated


class FunctionKind(Kind[Function, FunctionState]):
    """Functions of Lambda, each with an alias that leads to a published version."""

    name = "function"
    holds = "its versions, and the address that others know"
    goes_first = True  # AWS keeps one of a name
    whole_at_birth = False
    actions = (
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "iam:PassRole",
        "lambda:CreateAlias",
        "lambda:CreateFunction",
        "lambda:DeleteFunction",
        "lambda:DeleteFunctionConcurrency",
        "lambda:GetFunction",
        "lambda:GetFunctionConfiguration",
        "lambda:GetLayerVersion",
        "lambda:ListAliases",
        "lambda:ListFunctions",
        "lambda:ListVersionsByFunction",
        "lambda:PublishVersion",
        "lambda:PutFunctionConcurrency",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateAlias",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
        "s3:CreateBucket",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutObject",
    )

    def owned(self, scope: Scope) -> Iterator[Found[FunctionState]]:
        """ListFunctions tells no tags: two calls for each that is named like ours, GetFunction and the alias's."""
        for function in standing_functions(scope):
            configuration, tags = function["Configuration"], function.get("Tags", {})
            if name := self.named_in(tags):
                state = state_of(function, function["Live"])
                phase = PHASES.get(configuration.get("State", ""), "standing")
                arn = configuration["FunctionArn"]
                yield Found(self.name, name, arn, state, tags, phase, {"name": configuration["FunctionName"]})

    def wanted(self, part: Function, ids: Mapping[str, str]) -> FunctionState:
        """See the base."""
        return FunctionState(
            package=IMAGE if part.image else ZIP,
            code=part.image or ids[part.content or ""],
            handler=part.handler,
            runtime=part.runtime,
            architecture=part.architecture,
            memory=part.memory,
            timeout=part.timeout,
            role=ids[part.role],
            environment=filled(part.environment, ids),
            subnets=tuple(ids[subnet] for subnet in part.subnets),
            groups=tuple(ids[group] for group in part.groups),
            layers=tuple(ids[layer] if isinstance(layer, Id) else layer for layer in part.layers),
            logs=ids[part.logs],
            dead_letters=ids[part.dead_letters] if part.dead_letters else None,
            concurrency=part.concurrency,
            made_from=part.folder,
        )

    def create(self, scope: Scope, name: str, wanted: FunctionState) -> str:
        """With its first version, and the alias that leads to it. One of its name that's ours is brought up to date."""
        called, archive = scope.name(name, LONGEST), _archive(self.key(name), wanted)
        tags = self.birth_tags(scope, name, wanted) | _content(archive)
        given = {key: value for key, value in configuration(wanted).items() if value != {"TargetArn": ""}}
        try:
            with _sent(scope, wanted, archive, called) as code:
                made = when_visible(
                    f"the role of function {called}",
                    scope.client("lambda").create_function,
                    FunctionName=called,
                    PackageType=wanted.package,
                    Code=code,
                    Architectures=[wanted.architecture],
                    Publish=True,
                    Tags=tags,
                    **given,
                )
        except ClientError as error:
            if code_of(error) != "ResourceConflictException":
                raise
            return self._taken_on(scope, name, called, wanted)
        lead_to(scope, called, made["Version"])
        if wanted.concurrency is not None:
            _reserve(scope, called, wanted.concurrency)
        return ":".join(made["FunctionArn"].split(":")[:7])

    def ready(self, scope: Scope, id: str) -> None:
        """Until it can be called: seconds, and some 90 of them in a VPC where it's the first of its group.

        One that nobody called for weeks is Inactive, and wakes with its next call. Raises CastraError where it failed.
        """
        told: dict[str, Any] = {}

        def active() -> bool:
            told.update(scope.client("lambda").get_function_configuration(FunctionName=name_of(id)))
            return told.get("State") != "Pending"

        what = f"function {name_of(id)}"
        wait_until(scope, active, what, WITHIN, lambda: "it is still being made")
        if told.get("State") == "Failed":
            raise CastraError(what, told.get("StateReason") or "it has failed", "Mend the cause, and run again")

    def update(self, scope: Scope, id: str, wanted: FunctionState, changed: frozenset[str]) -> None:
        """Code, then configuration, each awaited; then a version of both, to which the alias leads: never to a half."""
        name, before = name_of(id), _groups(scope, id)
        if changed & CODE:
            self._update_code(scope, id, wanted)
        if changed - CODE - APART:
            _configure(scope, name, wanted)
        if "concurrency" in changed:
            _reserve(scope, name, wanted.concurrency)
        if changed - {"concurrency"}:
            self.ready(scope, id)
            publish(scope, name)
        reap(scope, name, tuple(sorted(set(before) - set(wanted.groups))))

    def delete(self, scope: Scope, id: str) -> None:
        """With all its versions, and what it leaves behind in a VPC."""
        groups = _groups(scope, id)
        with gone_is_fine(GONE):
            scope.client("lambda").delete_function(FunctionName=name_of(id))
        reap(scope, name_of(id), groups)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """Lambda's way."""
        scope.client("lambda").tag_resource(Resource=id, Tags=dict(tags))
        if dropped:
            scope.client("lambda").untag_resource(Resource=id, TagKeys=sorted(dropped))

    def built(self, part: Function) -> str:
        """The digest of its files. Raises Invalid for a handler that isn't in them, and for more than Lambda takes."""
        where = part.where or part.key
        files = files_in(Path(part.folder or ""), where)
        if problem := too_large(files, where):
            raise Invalid(where, [problem])
        if wrong := handler_problem(Path(part.folder or ""), part.handler or "", part.runtime or ""):
            raise Invalid(where, [Problem(f"{where}.handler", *wrong)])
        return digest_of(files)

    def _update_code(self, scope: Scope, id: str, wanted: FunctionState) -> None:
        name, archive = name_of(id), _archive(self.name, wanted)
        with _sent(scope, wanted, archive, name) as code:
            what = f"function {name}"
            update = scope.client("lambda").update_function_code
            when_released(what, update, FunctionName=name, Architectures=[wanted.architecture], **code)
        if archive:
            self.tag(scope, id, _content(archive))
        _updated(scope, name)

    def _taken_on(self, scope: Scope, name: str, called: str, wanted: FunctionState) -> str:
        """The ARN of the function of this name, as it's wanted. Raises CastraError if it isn't ours."""
        there = scope.client("lambda").get_function(FunctionName=called)
        tags, arn = there.get("Tags", {}), str(there["Configuration"]["FunctionArn"])
        if not (scope.owns(tags) and self.named_in(tags) == name):
            why = f"there is a function {called} that doesn't carry its tags"
            ours = f"{ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
            raise CastraError(self.key(name), why, f"Delete it, or tag it with {ours}")
        self.ready(scope, arn)
        self.update(scope, arn, wanted, frozenset(FunctionState.model_fields) - FunctionState.at_birth())
        return arn


def standing_functions(scope: Scope) -> list[dict[str, Any]]:
    """The scope's functions as GetFunction tells them, with the configuration that the alias leads to as `Live`.

    Listed once a survey, for several kinds.
    """
    return scope.listed("functions", lambda: _standing(scope))


def _standing(scope: Scope) -> list[dict[str, Any]]:
    start = f"{scope.environment}--" if scope.environment else ""
    names = [one["FunctionName"] for one in scope.pages("lambda", "list_functions", "Functions")]
    ours = [name for name in names if name.startswith(start) and "--" in name]
    told = [one for _, one in each(lambda name: _told(scope, name), ours)]
    return [one for one in told if scope.owns(one.get("Tags", {}))]


def _told(scope: Scope, name: str) -> dict[str, Any]:
    """Nothing, if it has gone since it was listed."""
    with gone_is_fine(GONE):
        function = scope.client("lambda").get_function(FunctionName=name)
        return {**function, "Live": live_configuration(scope, name)}
    return {}


def name_of(arn: str) -> str:
    """A function's name, from its ARN."""
    return arn.split(":")[6]


def _archive(key: str, wanted: FunctionState) -> Archive | None:
    """The zip of the digest that was planned; None for an image. Raises CastraError where its files changed since."""
    if wanted.package == IMAGE:
        return None
    archive = pack(files_in(Path(wanted.made_from or ""), key))
    if archive.digest != wanted.code:
        raise CastraError(key, "its files changed since the plan was made", "Run again")
    return archive


def _content(archive: Archive | None) -> dict[str, str]:
    return {CONTENT: f"{archive.digest} {archive.sha256}"} if archive else {}


def _sent(
    scope: Scope, wanted: FunctionState, archive: Archive | None, name: str
) -> AbstractContextManager[dict[str, Any]]:
    """Within, what Lambda takes as its code."""
    return sent(scope, archive, f"functions/{name}") if archive else nullcontext({"ImageUri": wanted.code})


def _groups(scope: Scope, id: str) -> tuple[str, ...]:
    """The security groups that it's in now."""
    with gone_is_fine(GONE):
        told = scope.client("lambda").get_function_configuration(FunctionName=name_of(id))
        return tuple((told.get("VpcConfig") or {}).get("SecurityGroupIds") or ())
    return ()


def _configure(scope: Scope, name: str, wanted: FunctionState) -> None:
    """Not while another update is under way, and not before its role can be assumed."""

    def update() -> None:
        call, settings = scope.client("lambda").update_function_configuration, configuration(wanted)
        when_released(f"function {name}", call, FunctionName=name, **settings)

    when_visible(f"the role of function {name}", update)
    _updated(scope, name)


def _updated(scope: Scope, name: str) -> None:
    wait_for(scope, "lambda", "function_updated_v2", f"function {name}", WITHIN, FunctionName=name)


def _reserve(scope: Scope, name: str, concurrency: int | None) -> None:
    if concurrency is None:
        scope.client("lambda").delete_function_concurrency(FunctionName=name)
    else:
        kept = {"FunctionName": name, "ReservedConcurrentExecutions": concurrency}
        scope.client("lambda").put_function_concurrency(**kept)
