"""IAM policy documents: one text for each meaning, and what is wrong with one, told with its place. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from tasks.errors import Problem
from tasks.kind import unknowns

VERSION = "2012-10-17"
OLD_VERSION = "2008-10-17"  # what AWS takes where none is given; it knows no `${variables}`
SETS = frozenset({"Action", "NotAction", "Resource", "NotResource"})
PRINCIPALS = frozenset({"Principal", "NotPrincipal"})
KEYS = SETS | PRINCIPALS | {"Sid", "Effect", "Condition"}
ACCOUNT_ROOT = re.compile(r"^arn:aws[a-z-]*:iam::(\d{12}):root$")
ACTION = re.compile(r"^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$", re.IGNORECASE)


# ---------------------------------------------------------------------- one text for each meaning


def canonical(document: Mapping[str, Any] | str) -> str:
    """The document as JSON without spaces, the same for all documents that differ in form only.

    Takes what people write and what AWS answers: objects or text, URL-encoded or not. Keys are sorted; what may be one
    value or a list is a list, sorted, without doubles. The order of statements is kept. What isn't a policy is left as
    it is: what stands must be readable whatever it is. An id that isn't known yet stays one, with its brackets.
    """
    given = _read(document)
    if isinstance(given, Mapping):
        given = {"Version": OLD_VERSION} | dict(given)
        given["Statement"] = [_statement(one) for one in _list(given.get("Statement", []))]
    return json.dumps(given, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def trust(services: tuple[str, ...]) -> str:
    """The canonical trust policy that lets these services assume a role."""
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
    return canonical({"Version": VERSION, "Statement": [statement]})


def _read(document: Mapping[str, Any] | str) -> Any:
    if not isinstance(document, str):
        return document
    text = unquote(document) if document.lstrip().startswith("%") else document
    try:
        return json.loads(text)
    except ValueError:
        return document


def _statement(statement: Any) -> Any:
    if not isinstance(statement, Mapping):
        return statement
    forms = dict.fromkeys(SETS, _set) | dict.fromkeys(PRINCIPALS, _principal) | {"Condition": _condition}
    formed = {key: forms[key](value) if key in forms else value for key, value in statement.items()}
    return {key: value for key, value in formed.items() if (key, value) != ("Condition", {})}


def _set(values: Any) -> list[str]:
    return sorted({_text(value) for value in _list(values)})


def _principal(principal: Any) -> Any:
    """`*` means every AWS principal; an account's root ARN is what AWS makes of its number."""
    if not isinstance(principal, Mapping):
        principal = {"AWS": principal}
    return {kind: _set([ACCOUNT_ROOT.sub(r"\1", _text(one)) for one in _list(who)]) for kind, who in principal.items()}


def _condition(condition: Any) -> Any:
    if not isinstance(condition, Mapping):
        return condition
    return {
        operator: {key: _set(values) for key, values in tests.items()} if isinstance(tests, Mapping) else tests
        for operator, tests in condition.items()
    }


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


# ---------------------------------------------------------------------- what is wrong with one


def problems(document: Any, where: str, *, of_resource: bool = False) -> Iterator[Problem]:
    """All that is wrong with a policy, each with its place: `where` and the path in the document.

    A policy of a role or user names no principal; one `of_resource` (an endpoint, say) names one in each statement.
    """
    if not isinstance(document, Mapping):
        yield Problem(where, "isn't a policy document", "Write a mapping with Version and Statement")
        return
    yield from _unknown(document, {"Version", "Id", "Statement"}, where)
    if document.get("Version", OLD_VERSION) not in (VERSION, OLD_VERSION):
        yield Problem(f"{where}.Version", f"{document['Version']!r} isn't a version", f"Write {VERSION}")
    elif "Version" not in document and "${" in json.dumps(document, default=str):
        why = "without it, AWS takes ${variables} for plain text"
        yield Problem(f"{where}.Version", why, f"Write {VERSION}")
    statements = _list(document.get("Statement") or [])
    if not statements:
        yield Problem(f"{where}.Statement", "there's none", "Write at least one")
    sids: set[Any] = set()
    for number, statement in enumerate(statements):
        yield from _problems_of(statement, f"{where}.Statement[{number}]", sids, of_resource)


def _problems_of(statement: Any, where: str, sids: set[Any], of_resource: bool) -> Iterator[Problem]:
    if not isinstance(statement, Mapping):
        yield Problem(where, "isn't a statement", "Write a mapping with Effect, Action and Resource")
        return
    yield from _unknown(statement, KEYS if of_resource else KEYS - PRINCIPALS, where)
    if of_resource and len(PRINCIPALS & statement.keys()) != 1:
        yield Problem(
            where, "should have Principal or NotPrincipal, and not both", 'Write Principal: "*" for everybody'
        )
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield Problem(f"{where}.Effect", f"is {statement.get('Effect')!r}", "Write Allow or Deny")
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource")):
        if (one in statement) == (other in statement):
            yield Problem(where, f"should have {one} or {other}, and not both")
    for key in sorted(SETS & statement.keys()):
        yield from _problems_of_set(key, _list(statement[key]), f"{where}.{key}")
    if "Sid" in statement:
        yield from _problems_of_sid(statement["Sid"], f"{where}.Sid", sids)
    if not _is_condition(statement.get("Condition", {})):
        yield Problem(f"{where}.Condition", "isn't a condition", "Write operator, key and value, one in the other")


def _problems_of_set(key: str, values: list[Any], where: str) -> Iterator[Problem]:
    if not values:
        yield Problem(where, "is empty", "Name at least one")
    for value in values:
        if key.endswith("Action") and not (isinstance(value, str) and ACTION.match(value)):
            yield Problem(where, f"{value!r} isn't an action", "Write service:Action, such as s3:GetObject")
        if key.endswith("Resource") and not (_is_resource(value) or unknowns(value)):
            yield Problem(where, f"{value!r} isn't a resource", "Write an ARN, or *")


def _is_resource(value: Any) -> bool:
    return isinstance(value, str) and (value.startswith("arn:") or value == "*")


def _problems_of_sid(sid: Any, where: str, sids: set[Any]) -> Iterator[Problem]:
    if not (isinstance(sid, str) and re.fullmatch(r"[A-Za-z0-9]*", sid)):
        yield Problem(where, f"{sid!r} isn't made of letters and digits only")
    elif sid in sids:
        yield Problem(where, f"{sid!r} stands twice", "Give each statement one of its own")
    else:
        sids.add(sid)


def _unknown(given: Mapping[str, Any], known: set[str] | frozenset[str], where: str) -> Iterator[Problem]:
    for key in given.keys() - known:
        why = "a role's own policy names no principal" if key in PRINCIPALS else "AWS doesn't know this key"
        yield Problem(f"{where}.{key}", why, f"Known are {', '.join(sorted(known))}")


def _is_condition(condition: Any) -> bool:
    return isinstance(condition, Mapping) and all(isinstance(tests, Mapping) for tests in condition.values())
