"""What's wrong with a document: the base of all errors that people see, and the first of them."""

from collections.abc import Iterable
from dataclasses import dataclass


class CastraError(Exception):
    """`{what}: {why}. {way out}.` The whole tree is drawn in tasks/errors.py."""

    exit_code = 1

    def __init__(self, what: str, why: str, way_out: str = "") -> None:
        super().__init__(what, why, way_out)
        self.what, self.why, self.way_out = what, why, way_out

    def __str__(self) -> str:
        return sentence(self.what, self.why, self.way_out)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a document: the path in it (`servers.app.image`), why, and the way out."""

    path: str
    why: str
    way_out: str = ""

    def __str__(self) -> str:
        return sentence(self.path, self.why, self.way_out)


class Invalid(CastraError):
    """The document or the call is wrong; nothing was tried. Carries every problem at once."""

    exit_code = 2

    def __init__(self, what: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(what, "\n".join(f"  {problem}" for problem in self.problems))

    def __reduce__(self) -> tuple[type["Invalid"], tuple[str, tuple[Problem, ...]]]:
        return type(self), (self.what, self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{self.what}: {count} problem{'s' if count != 1 else ''}."
        return "\n".join([head, *(f"  {problem}" for problem in self.problems)])


def sentence(what: str, why: str, way_out: str = "") -> str:
    """The three in one line, each ending with a full stop."""
    return " ".join(_ended(text) for text in (f"{what}: {why}", way_out) if text)


def _ended(text: str) -> str:
    return text if text.endswith(("?", ".")) else f"{text}."
