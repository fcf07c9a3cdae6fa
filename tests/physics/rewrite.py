"""Small changes in moto's XML answers, and small answers of our own."""

from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape

from tests.physics.answers import REQUEST_ID, Answer, xml
from tests.physics.protocol import Request


def insert(answer: Answer, root: str, fields: dict[str, Any]) -> Answer:
    """Add EC2 fields at the end of an answer."""
    end = f"</{root}>".encode()
    return replace(answer, body=answer.body.replace(end, elements(fields).encode() + end))


def restate(answer: Answer, name: str, moto: str, aws: str) -> Answer:
    """Say another state in an answer: moto says the last one at once."""
    old, new = (f"<{name}>{state}</{name}>".encode() for state in (moto, aws))
    return replace(answer, body=answer.body.replace(old, new))


def elements(fields: dict[str, Any], item: str = "item") -> str:
    """`{"a": [{"b": 1}]}` as `<a><item><b>1</b></item></a>`; `item` is `member` in the query protocol."""
    return "".join(f"<{name}>{element(value, item)}</{name}>" for name, value in fields.items() if value is not None)


def element(value: Any, item: str) -> str:
    if isinstance(value, dict):
        return elements(value, item)
    if isinstance(value, list):
        return "".join(f"<{item}>{element(each, item)}</{item}>" for each in value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))


def ok(request: Request, fields: dict[str, Any] | None = None) -> Answer:
    """A whole answer in the ec2 or the query protocol."""
    name, fields = request.operation, fields or {}
    if request.protocol == "ec2":
        return xml(200, f"<{name}Response><requestId>{REQUEST_ID}</requestId>{elements(fields)}</{name}Response>")
    result = f"<{name}Result>{elements(fields, 'member')}</{name}Result>"
    meta = f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata>"
    return xml(200, f"<{name}Response>{result}{meta}</{name}Response>")
