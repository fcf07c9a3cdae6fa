"""The sections `functions` and `layers`. Their code lies beside the document, by paths that stand in it."""

import json
import re
from typing import Any

from pydantic import ValidationError

from blueprints.functions import HAS_INTERFACES, WRITES_LOGS, LambdaFunction
from blueprints.granting import PARAMETER, READS_PARAMETER, READS_SECRET, SECRET
from blueprints.secret_keys import with_keys
from blueprints.triggers import READS_QUEUE
from tasks.exporting.granted import actions_of, grants, keys, target
from tasks.exporting.machines import policy
from tasks.exporting.named import names_in
from tasks.exporting.standing import Section, Standing, said
from tasks.exporting.triggers import triggers
from tasks.kind import Found
from tasks.serverless.function_state import ZIP

GRANTED = "function"
"""The policy of what `can`, `on` and the rest say."""
KEPT = re.compile(f"^({SECRET}|{PARAMETER})$")
NOT_GRANTED = (WRITES_LOGS, READS_QUEUE, ("sqs:SendMessage",), tuple(sorted(HAS_INTERFACES)))
"""What a role may do because of other fields."""


def layers(standing: Standing, beside: str) -> dict[str, Section]:
    """Each as a folder of files, whatever it was made from."""
    return {
        name: {
            "folder": f"{beside}/layers/{name}",
            "runtimes": list(one.state.runtimes),
            "architectures": list(one.state.architectures),
        }
        for name, one in standing.of("layer").items()
    }


def functions(standing: Standing, beside: str) -> dict[str, Section]:
    """Each, by name."""
    return {name: _function(standing, name, one, beside) for name, one in standing.of("function").items()}


def _function(standing: Standing, name: str, one: Found[Any], beside: str) -> Section:
    state, own = one.state, f"function-{name}"
    zipped = state.package == ZIP
    logs, role = standing.state("log-group", own), standing.state("role", own)
    boundary = role.permissions_boundary if role else None
    section = said(
        code=f"{beside}/functions/{name}" if zipped else None,
        image=None if zipped else state.code,
        handler=state.handler,
        runtime=state.runtime,
        **state.model_dump(include={"architecture", "memory", "timeout", "concurrency"}),
        **_variables(standing, state.environment),
        permissions_boundary=policy(standing, boundary) if boundary else None,
        vpc=bool(state.subnets),
        layers=[_layer(standing, arn) for arn in state.layers],
        logs=logs.retention if logs else None,
        dead_letters=standing.name(state.dead_letters) if state.dead_letters else None,
        on=triggers(standing, name, one.id, _queues(standing, role)),
        url=_url(standing, name),
    )
    return section | (_allowed(standing, own, section, role.policies) if role else {})


def _layer(standing: Standing, arn: str) -> str:
    """By name, where it's the newest version of one of the environment's."""
    return standing.name(arn) if standing.key(arn).startswith("layer/") else arn


def _variables(standing: Standing, environment: dict[str, str]) -> Section:
    """Told apart by what they hold: secrets' ARNs, what things are called, and plain texts."""
    secrets = {key: target(standing, value) for key, value in environment.items() if KEPT.match(value)}
    plain = {key: value for key, value in environment.items() if key not in secrets}
    names = names_in(standing, plain)
    return {
        "environment": {key: value for key, value in plain.items() if key not in names},
        "secrets": secrets,
        "names": names,
    }


def _statements(policies: dict[str, str]) -> list[Any]:
    return list(json.loads(policies[GRANTED])["Statement"]) if GRANTED in policies else []


def _queues(standing: Standing, role: Any) -> list[str]:
    """Names of the queues that it works off, in the order of its policy."""
    told = [one for one in _statements(role.policies if role else {}) if actions_of(one) == READS_QUEUE]
    return [standing.name(arn) for one in told for arn in one["Resource"]]


def _allowed(standing: Standing, own: str, section: Section, policies: dict[str, str]) -> Section:
    """`can`, and secrets in the order in which they're read; where no `can` says it, the policy as it is."""
    others = {name: json.loads(text) for name, text in policies.items() if name != GRANTED}
    secrets, granting = _told_apart(standing, _statements(policies), section["secrets"])
    told: Section = {"secrets": secrets, "can": grants(standing, granting), "policies": others}
    if GRANTED in policies and not _says(standing, own, section | told, policies[GRANTED]):
        del told["can"]
        told["policies"] = {GRANTED: json.loads(policies[GRANTED]), **others}
    return told


def _told_apart(
    standing: Standing, statements: list[Any], variables: dict[str, str]
) -> tuple[dict[str, str], list[Any]]:
    """Variables with secrets, in the order of the statements that let them be read; and what was granted.

    A secret that may be read twice was granted, and stands in a variable.
    """
    granting, reading = list[Any](), list[str]()
    for one in reversed(statements):
        actions = actions_of(one)
        of_secret = actions in (READS_SECRET, READS_PARAMETER)
        name = target(standing, one["Resource"][0]) if of_secret else ""
        if of_secret and name in variables.values() and name not in reading:
            reading.insert(0, name)
        elif tuple(sorted(actions)) not in NOT_GRANTED:
            granting.insert(0, one)
    order = [*reading, *variables.values()]
    return dict(sorted(variables.items(), key=lambda item: order.index(item[1]))), granting


def _says(standing: Standing, own: str, section: Section, text: str) -> bool:
    """Whether the section's policy is the one that stands."""
    try:
        function: LambdaFunction = with_keys(LambdaFunction.model_validate(section), keys(standing))
        return standing.says(function.policy(own, standing.region), text)
    except ValidationError:
        return False


def _url(standing: Standing, name: str) -> Section | None:
    state = standing.state("function-url", name)
    if state is None:
        return None
    cors = state.cors.model_dump(include={"origins", "methods", "headers", "max_age"}) if state.cors else None
    return said(auth="none" if state.open else "iam", cors=cors)
