"""What runs in each of the processes that share the cases."""

from contextlib import ExitStack

from tests.crash.cases import Case, Life, Result, Undisturbed
from tests.crash.stage import Stage, stage

_open = ExitStack()
_stages: list[Stage] = []


def open_stage() -> None:
    """This process's own emulator, for all its cases."""
    _stages.append(_open.enter_context(stage()))


def reference_of(blueprint: str) -> Undisturbed:
    return Life(Case(blueprint, "lose", 0), _stages[0]).undisturbed()


def live(case: Case, reference: Undisturbed) -> Result:
    return Life(case, _stages[0], reference).live()
