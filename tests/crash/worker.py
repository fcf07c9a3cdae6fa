"""What runs in each of the processes that share the cases."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.crash.cases import Case, Life, Result, Undisturbed
from tests.crash.stage import Stage, stage
from tests.wheels import ask_no_index, wheel

_open = ExitStack()
_stages: list[Stage] = []


def open_stage() -> None:
    """This process's own emulator, for all its cases, and an index of what the examples' layers are made from."""
    index = Path(_open.enter_context(tempfile.TemporaryDirectory(prefix="castra-index-")))
    wheel(index, "requests")
    ask_no_index(index, _open.enter_context(pytest.MonkeyPatch.context()))
    _stages.append(_open.enter_context(stage()))


def reference_of(blueprint: str) -> Undisturbed:
    return Life(Case(blueprint, "lose", 0), _stages[0]).undisturbed()


def live(case: Case, reference: Undisturbed) -> Result:
    return Life(case, _stages[0], reference).live()
