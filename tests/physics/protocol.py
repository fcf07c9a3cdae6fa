"""What a request asks for: service, region, operation and parameters, read from the wire in each of AWS's protocols."""

import io
import json
import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote

from tests.physics.uris import operation_at

Params = dict[str, Any]
"""Parameters under their names on the wire: `SecurityGroupId`, not boto3's `SecurityGroupIds`, for EC2's lists."""

SIGNING_NAMES = {
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
    "email": "ses",
    "eventbridge": "events",
}
"""Where the credential scope's name isn't botocore's service name."""

REST_XML = frozenset({"s3", "s3control", "cloudfront", "route53"})
BODIES = frozenset(
    {
        "CreateBucket",
        "PutBucketLifecycle",
        "PutBucketLifecycleConfiguration",
        "PutBucketNotification",
        "PutBucketNotificationConfiguration",
        "PutBucketOwnershipControls",
        "PutBucketPolicy",
        "PutBucketReplication",
        "PutBucketVersioning",
    }
)
"""S3's operations whose XML or JSON is kept whole, as the parameter `body`."""

READS = re.compile(
    r"(Describe|Get|List|Head|Lookup|Search|Filter|Simulate|Query|Scan|Preview|Verify|Validate|Estimate|Check"
    r"|BatchGet|Decode|Export|Test|AssumeRole|Select|Invoke$)"
)
SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
PRESIGNED = re.compile(r"([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True)
class Request:
    """One API call. `protocol` is one of ec2, query, json, rest-json, rest-xml; `key` is the caller's access key."""

    service: str
    region: str
    operation: str
    protocol: str
    params: Params = field(default_factory=dict)
    key: str = ""

    @property
    def write(self) -> bool:
        """Whether the call may change something: by the operation's name, as no model says it."""
        return not READS.match(self.operation)

    def at(self, region: str) -> "Request":
        """The same in another region, to look there."""
        return replace(self, region=region)

    def text(self, name: str) -> str:
        """A scalar parameter, or an empty string."""
        value = self.params.get(name, "")
        return value if isinstance(value, str) else str(value)

    def flag(self, name: str) -> bool:
        """A boolean parameter; absent is false."""
        return self.text(name).lower() == "true"

    def texts(self, *names: str) -> list[str]:
        """The first of these parameters that holds anything, as a list of strings (a scalar is a list of one)."""
        for name in names:
            if (value := self.params.get(name)) not in (None, "", []):
                return [str(each) for each in value] if isinstance(value, list) else [str(value)]
        return []

    def rows(self, *names: str) -> list[Params]:
        """The first of these parameters that holds a list of structures."""
        for name in names:
            if isinstance(value := self.params.get(name), list):
                return [row for row in value if isinstance(row, dict)]
        return []


def parse(environ: dict[str, Any], body: bytes) -> Request:
    """Read a WSGI request. Never raises: what can't be told is an S3 call, as moto takes it, named by its method."""
    query = environ.get("QUERY_STRING", "")
    key, region, service = scope(environ.get("HTTP_AUTHORIZATION", ""), query)
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    path = environ.get("PATH_INFO", "/")
    if target:
        return Request(service, region, target.rsplit(".", 1)[-1], "json", loads(body), key)
    if (form := form_of(environ, body, query)) and "Action" in form:
        service = versioned(service, form.get("Version", ""))
        protocol = "ec2" if service == "ec2" else "query"
        return Request(service, region, form.pop("Action"), protocol, nest(form), key)
    if match := re.match(r"/service/[^/]+/operation/(\w+)", path):
        return Request(service, region, match[1], "json", {}, key)
    return rest(service, region, key, environ, body)


def rest(service: str, region: str, key: str, environ: dict[str, Any], body: bytes) -> Request:
    """A request of a REST protocol: the operation follows from method, path and query."""
    path, query = environ.get("PATH_INFO", "/"), environ.get("QUERY_STRING", "")
    if service == "apigateway" and path.startswith("/v2/"):
        service = "apigatewayv2"
    arguments = dict(parse_qsl(query, keep_blank_values=True))
    headers = {name[5:].replace("_", "-").lower() for name in environ if name.startswith("HTTP_")}
    operation, labels = operation_at(service, environ["REQUEST_METHOD"], path, arguments, headers)
    protocol = "rest-xml" if service in REST_XML else "rest-json"
    content = loads(body) if protocol == "rest-json" else {}
    if operation in BODIES:
        content = {"body": body.decode()}
    params = {**arguments, **labels, **content}
    return Request(service, region, operation, protocol, params, key)


def scope(authorization: str, query: str) -> tuple[str, str, str]:
    """Access key, region and botocore's service name, from the signature; an unsigned call is taken for S3's."""
    match = SCOPE.search(authorization)
    if not match and "X-Amz-Credential" in query:
        match = PRESIGNED.search(unquote(parse_qs(query)["X-Amz-Credential"][0]))
    if not match:
        return "", "us-east-1", "s3"
    key, region, name = match.groups()
    return key, region, SIGNING_NAMES.get(name, name)


def versioned(service: str, version: str) -> str:
    """Classic and new load balancing share a signing name; the API version tells them apart."""
    if service != "elasticloadbalancing":
        return service
    return "elb" if version.startswith("2012") else "elbv2"


def form_of(environ: dict[str, Any], body: bytes, query: str) -> dict[str, str]:
    if "form-urlencoded" in environ.get("CONTENT_TYPE", ""):
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    return dict(parse_qsl(query, keep_blank_values=True)) if "Action=" in query else {}


def loads(body: bytes) -> Params:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def nest(form: dict[str, str]) -> Params:
    """`A.1.B=x` as `{"A": [{"B": "x"}]}`; the query protocol's `member` and `entry` steps are left out.

    >>> nest({"Tag.1.Key": "a", "Tag.1.Value": "b", "Subnets.member.1": "s", "Name": "n"})
    {'Tag': [{'Key': 'a', 'Value': 'b'}], 'Subnets': ['s'], 'Name': 'n'}
    """
    tree: Params = {}
    for name, value in form.items():
        *steps, last = [step for step in name.split(".") if step not in ("member", "entry")]
        node = tree
        for step in steps:
            child = node.setdefault(step, {})
            node = child if isinstance(child, dict) else node.setdefault(f"{step}.", {})
        node[last] = value
    return {name: unwrapped(listed(value)) for name, value in tree.items()}


def unwrapped(node: Any) -> Any:
    """The query protocol's named lists, `SubnetIds.SubnetIdentifier.1`, without the inner name."""
    if isinstance(node, dict) and len(node) == 1 and isinstance(inner := next(iter(node.values())), list):
        return inner
    return node


def listed(node: Any) -> Any:
    """Turn dicts whose keys are all numbers into lists, all the way down."""
    if not isinstance(node, dict):
        return node
    if node and all(name.isdigit() for name in node):
        return [listed(node[name]) for name in sorted(node, key=int)]
    return {name: listed(value) for name, value in node.items()}


def body_of(environ: dict[str, Any]) -> bytes:
    """The whole body, put back for moto to read again."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = stream.read()
    else:
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return bytes(body)
