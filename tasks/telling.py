"""What AWS tells of parts that others name: an address, the ARN of a secret."""

from collections.abc import Mapping

from blueprints.part import Output, Part
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tasks.waiting import wait_until

TOLD_WITHIN = 300.0  # seconds after a part was made


def told_of_others(scope: Scope, part: Part, known: Mapping[str, str]) -> dict[str, str]:
    """The outputs that a part needs, as far as they aren't known. What comes soon after birth is waited for.

    Raises CastraError where AWS doesn't tell one.
    """
    return {output: _told(scope, part, output) for output in part.outputs if output not in known}


def _told(scope: Scope, asking: Part, output: Output) -> str:
    key, _, name = output.partition(".")
    kind, _, other = key.partition("/")
    found: dict[str, str] = {}

    def told() -> bool:
        for one in look(scope, KINDS[kind], other):
            if one.phase != "leaving":
                found.update(one.outputs)
        return name in found

    wait_until(scope, told, asking.key, TOLD_WITHIN, lambda: f"AWS doesn't tell {output}, which it needs")
    return found[name]
