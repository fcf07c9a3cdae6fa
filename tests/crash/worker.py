"""What runs in each of the processes that share the cases."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.crash.cases import Life
from tests.crash.disturbing import Case, Result
from tests.crash.operations import Run
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


def reference_of(subject: str, operation: bool) -> Any:
    """What an undisturbed run leaves."""
    case = Case(subject, "lose", 0, operation=operation)
    return Run(case, _stages[0]).undisturbed() if operation else Life(case, _stages[0]).undisturbed()


def live(case: Case, reference: Any) -> Result:
    return (Run if case.operation else Life)(case, _stages[0], reference).live()
