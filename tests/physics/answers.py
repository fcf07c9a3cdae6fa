"""What goes back over the wire, and errors in each protocol's own form."""

import json
import re
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from tests.physics.protocol import Request

Headers = list[tuple[str, str]]
CODE = re.compile(rb"<Code>([^<]+)</Code>")
TYPE = re.compile(rb'"(?:__type|code)"\s*:\s*"([^"]+)"')
REQUEST_ID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer. `crash` holds the traceback when moto itself broke."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    crash: str = ""

    @property
    def outcome(self) -> str:
        """`ok`, or AWS's error code, or the bare HTTP status where there's no code."""
        if self.status < 400:
            return "ok"
        for name, value in self.headers:
            if name.lower() == "x-amzn-errortype":
                return value.split(":")[0]
        if match := CODE.search(self.body) or TYPE.search(self.body):
            return match[1].decode().rsplit("#", 1)[-1]
        return str(self.status)


class Refused(Exception):
    """AWS would refuse this call: raised before moto sees it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


class Dropped(Exception):
    """Close the connection without an answer."""


def error(request: Request, code: str, message: str, status: int = 400) -> Answer:
    """An error as the request's protocol words it, so that botocore reads the code."""
    if request.protocol in ("json", "rest-json"):
        body = json.dumps({"__type": code, "message": message, "Message": message}).encode()
        return Answer(status, [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", code)], body)
    fields = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    kind = "Sender" if status < 500 else "Receiver"
    forms = {
        "ec2": f"<Response><Errors><Error>{fields}</Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>",
        "query": f"<ErrorResponse><Error><Type>{kind}</Type>{fields}</Error>"
        f"<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>",
        "rest-xml": f"<Error>{fields}<RequestId>{REQUEST_ID}</RequestId></Error>",
    }
    if request.protocol == "rest-xml" and request.service != "s3":
        return xml(status, forms["query"])
    return xml(status, forms[request.protocol])


def xml(status: int, text: str) -> Answer:
    """An XML answer of any protocol."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return Answer(status, [("Content-Type", "text/xml;charset=UTF-8")], body)


def throttled(request: Request) -> Answer:
    """The protocol's own word for *too many requests*."""
    if request.protocol == "ec2":
        return error(request, "RequestLimitExceeded", "Request limit exceeded.", 503)
    if request.service == "s3":
        return error(request, "SlowDown", "Please reduce your request rate.", 503)
    if request.protocol in ("query", "rest-xml"):
        return error(request, "Throttling", "Rate exceeded", 400)
    if request.protocol == "rest-json":
        return error(request, "TooManyRequestsException", "Rate exceeded", 429)
    return error(request, "ThrottlingException", "Rate exceeded", 400)


def broken(request: Request) -> Answer:
    """A fault of AWS's own."""
    codes = {"ec2": "InternalError", "query": "InternalFailure", "rest-xml": "InternalError"}
    if request.service == "lambda":
        return error(request, "ServiceException", "An internal error occurred.", 500)
    return error(request, codes.get(request.protocol, "InternalFailure"), "An internal error has occurred", 500)
