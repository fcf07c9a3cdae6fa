"""What's behind an API, and what belongs to it: functions of the document, who may call them, and the API's log."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from blueprints.granting import partition
from blueprints.log_groups import LogGroup, Retention
from blueprints.part import Id, Lookup, Part, Text, of, text
from blueprints.problem import Problem
from blueprints.triggers import API_GATEWAY, Permission

FUNCTION_ARN = (
    r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[a-zA-Z0-9_-]{1,64}(:(\$LATEST|[a-zA-Z0-9_-]{1,128}))?$"
)
OWN_FUNCTION = r"^function/[a-z0-9]+(-[a-z0-9]+)*$"
LOG_GROUP_ARN = r"^arn:aws[a-z-]*:logs:[a-z0-9-]+:[0-9]{12}:log-group:[a-zA-Z0-9_./#-]{1,512}(:\*)?$"
URL = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[^\s?#]*)?$"
LIVE = ":live"
"""What a function's alias adds to its ARN: APIs call that, so that they never meet a half-made version."""


def is_function(to: str) -> bool:
    """Whether this names a function, of the document or by ARN."""
    return bool(re.match(FUNCTION_ARN, to) or re.match(OWN_FUNCTION, to))


def _function(to: str) -> str:
    if not is_function(to):
        raise ValueError(f"{to!r} should be function/<name>, or a function's ARN")
    return to


def _target(to: str) -> str:
    if not is_function(to) and not re.match(URL, to):
        raise ValueError(
            f"{to!r} should be function/<name>, a function's ARN or an address such as https://example.com/things/{{id}}"
        )
    return to


FunctionName = Annotated[str, AfterValidator(_function)]
"""A function as people write it: `function/<name>` of the document, or an ARN."""
Target = Annotated[str, AfterValidator(_target), Field(max_length=1600)]
"""What's behind a route, as people write it."""
Called = Text | str
"""The same as a part has it: an address, an ARN, or the ARN of an alias that isn't known yet."""
LogGroupArn = Annotated[str, Field(pattern=LOG_GROUP_ARN)]
Log = Annotated[Id, of("log-group")] | LogGroupArn
WrittenLog = Annotated[
    LogGroupArn | Retention | None,
    BeforeValidator(
        lambda value: 30 if value is True else None if value is False else value,
        json_schema_input_type=LogGroupArn | Retention | None,
    ),
]
"""Where an API's requests are written down: days that a log group of its own keeps them, or a log group's ARN."""


def called(to: str) -> Called:
    """A target as a part has it."""
    return text(Id(to), LIVE) if re.match(OWN_FUNCTION, to) else to


def unknown_function(where: str, to: str | None, functions: Collection[str]) -> Iterator[Problem]:
    """A function that the document doesn't have."""
    if to and re.match(OWN_FUNCTION, to) and to.partition("/")[2] not in functions:
        names = ", ".join(f"function/{name}" for name in sorted(functions))
        way_out = f"Name one of: {names}" if names else "Describe it there, or name one by its ARN"
        yield Problem(where, f"there is no {to} in the section functions", way_out)


def admitted(
    api: str, stage: str, routes: Iterable[str], authorizers: Iterable[str | None], region: str, where: str
) -> Iterator[Part]:
    """What lets this API, and nothing else, call the document's functions: as its routes in this stage, as its doors.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
    """
    kinds: dict[str, tuple[Iterable[Any], str]] = {
        "": (routes, f"/{stage}/*"),
        "-door": (authorizers, "/authorizers/*"),
    }
    kind, _, name = api.partition("/")
    for ending, (named, path) in kinds.items():
        for function in dict.fromkeys(one for one in named if one and re.match(OWN_FUNCTION, one)):
            arn = f"arn:{partition(region)}:execute-api:{region}:"
            yield Permission(
                name=f"api-{name}-{function.partition('/')[2]}{ending}",
                where=where,
                function=function,
                principal=API_GATEWAY,
                source=text(arn, Lookup("account:"), ":", Id(f"{kind}/{name}"), path),
                account=None,
            )


def log_parts(name: str, where: str, said: str | int | None) -> tuple[list[Part], Id | str | None]:
    """The log group, if it's one of the API's own, and what the stage names it by."""
    if not isinstance(said, int):
        return [], said
    group = LogGroup.model_validate({"name": f"api-{name}", "where": where, "retention": said, "on_removal": "wipe"})
    return [group], Id(group.key)


def log_problems(where: str, said: str | int | None, region: str) -> Iterator[Problem]:
    """A log group of another region."""
    if isinstance(said, str) and (there := said.split(":")[3]) != region:
        yield Problem(where, f"the log group is in {there}", f"Name one in {region}, or the days to keep it")
