"""Mapping templates of API Gateway (Velocity): what's wrong with one, as far as its text alone tells. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings.html
"""

import re
from collections.abc import Iterator

LONGEST = 300 * 1024  # https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
COMMENT = re.compile(r"##[^\n]*|#\*.*?\*#|#\[\[.*?\]\]#", re.DOTALL)
TOKEN = re.compile(r"#\{?(if|elseif|else|end|foreach|set|define|macro|stop|break)\b\}?|[$]!?\{|\\#")
OPENS = ("if", "foreach", "define", "macro")
ARGUED = ("if", "elseif", "foreach", "set", "define", "macro")


def template_faults(text: str) -> Iterator[str]:
    """Each fault, in words, with the line it's on. Directives must be closed, and parentheses and braces be even."""
    if len(text.encode()) > LONGEST:
        yield f"is longer than the {LONGEST // 1024} KB that AWS takes"
    bare = COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    if left := next((mark for mark in ("#*", "#[[") if mark in bare), None):
        yield f"line {_line(bare, bare.index(left))}: {left} is never closed"
        return
    yield from _directives(bare)


def _directives(text: str) -> Iterator[str]:
    opened: list[tuple[str, int]] = []
    for found in TOKEN.finditer(text):
        word, line = found[1], _line(text, found.start())
        if found[0].startswith("$"):
            if "}" not in text[found.end() :].partition("\n")[0]:
                yield f"line {line}: {found[0]} is never closed"
            continue
        if word in OPENS:
            opened.append((word, line))
        elif word in ("else", "elseif") and (not opened or opened[-1][0] != "if"):
            yield f"line {line}: #{word} stands in no #if"
        elif word == "end":
            if not opened:
                yield f"line {line}: #end closes nothing"
            else:
                opened.pop()
        if word in ARGUED and not _argued(text[found.end() :]):
            yield f"line {line}: #{word} has no (...) that is closed"
    for word, line in opened:
        yield f"line {line}: #{word} has no #end"


def _argued(rest: str) -> bool:
    """Whether a parenthesis follows that is closed; those within quotes don't count."""
    rest = rest.lstrip()
    if not rest.startswith("("):
        return False
    depth, quote = 0, ""
    for sign in rest:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
            if depth == 0:
                return True
    return False


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
