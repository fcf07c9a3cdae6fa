"""What functions and servers may do in AWS, in words, and the statements that say no more than that."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from blueprints.part import Id, Lookup, Output, Piece, text
from blueprints.problem import Problem

SECRET = r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^*?]+"
PARAMETER = r"arn:aws[a-z-]*:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[^*?]+"
BUCKET = r"arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
QUEUE = r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]{1,80}(\.fifo)?"
FUNCTION = r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[a-zA-Z0-9_-]{1,64}(:[a-zA-Z0-9_-]{1,128})?"
NAMED = "[a-z0-9]+(-[a-z0-9]+)*"
STORED = rf"secret/{NAMED}|parameter/{NAMED}|database/{NAMED}|{SECRET}|{PARAMETER}|ssm:/[a-zA-Z0-9_./-]+"
SecretRef = Annotated[str, Field(pattern=rf"^({STORED})$", max_length=2048)]
"""A secret or parameter of the document, `secret/<name>`, or any by ARN; `ssm:/path` is a parameter of this account.

`database/<name>` is the secret that RDS keeps its master user's password in.
"""
SECRET_NAME = re.compile(r"(PASSWORD|PASSWD|SECRET|TOKEN|(API|PRIVATE|ACCESS)[_-]?KEY)$", re.IGNORECASE)

READS_BUCKET, LISTS_BUCKET = ("s3:GetObject",), ("s3:ListBucket",)
WRITES_BUCKET = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject")
SENDS, INVOKES = ("sqs:GetQueueUrl", "sqs:SendMessage"), ("lambda:InvokeFunction",)
READS_SECRET, READS_PARAMETER = ("secretsmanager:GetSecretValue",), ("ssm:GetParameter", "ssm:GetParameters")


class Grant(Piece):
    """One thing that functions or servers may do: exactly one of these."""

    read: Annotated[str, Field(pattern=rf"^(bucket/{NAMED}|{BUCKET}|{STORED})$")] | None = Field(
        default=None,
        description="Read a bucket's objects, a secret or a parameter: bucket/<name>, secret/<name>, parameter/<name>, "
        "database/<name> for the secret with its password, or ARN.",
    )
    write: Annotated[str, Field(pattern=rf"^(bucket/{NAMED}|{BUCKET})$")] | None = Field(
        default=None, description="Write and delete a bucket's objects: bucket/<name> or ARN."
    )
    send: Annotated[str, Field(pattern=rf"^(queue/{NAMED}|{QUEUE})$")] | None = Field(
        default=None, description="Send to a queue: queue/<name> or ARN."
    )
    invoke: Annotated[str, Field(pattern=rf"^(function/{NAMED}|{FUNCTION})$")] | None = Field(
        default=None, description="Invoke a function: function/<name> or ARN."
    )

    @model_validator(mode="after")
    def _one_thing(self) -> "Grant":
        if len(list(self.said())) != 1:
            raise ValueError("should say exactly one of read, write, send, invoke")
        return self

    def said(self) -> Iterator[tuple[str, str]]:
        """The verb and its object."""
        for verb in type(self).model_fields:
            if (target := getattr(self, verb)) is not None:
                yield verb, target

    def problems(self, where: str, known: Mapping[str, Collection[str]]) -> Iterator[Problem]:
        """An object that the document doesn't have. `known` are its names by kind."""
        for verb, target in self.said():
            kind, _, name = target.partition("/")
            if kind in known and name not in known[kind]:
                names = ", ".join(f"{kind}/{one}" for one in sorted(known[kind]))
                way_out = f"Name one of: {names}" if names else "Describe it there, or name one by its ARN"
                yield Problem(f"{where}.{verb}", f"there is no {target} in the section {kind}s", way_out)

    def statements(self, region: str) -> Iterator[dict[str, Any]]:
        """What lets them do it, and nothing else."""
        ((verb, target),) = self.said()
        thing = reference(target, region)
        if verb == "write":
            yield allowing(WRITES_BUCKET, text(thing, "/*"))
        elif verb == "send":
            yield allowing(SENDS, thing)
        elif verb == "invoke":
            yield allowing(INVOKES, thing, *([text(thing, ":*")] if isinstance(thing, Id) else []))
        elif is_secret(target):
            yield reading_secret(target, region)
        else:
            yield allowing(READS_BUCKET, text(thing, "/*"))
            yield allowing(LISTS_BUCKET, thing)


def allowing(actions: Collection[str], *resources: Any) -> dict[str, Any]:
    """A statement."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def policy_of(statements: Collection[Mapping[str, Any]]) -> dict[str, Any]:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def reading_secret(target: str, region: str) -> dict[str, Any]:
    """What lets somebody read a secret or a parameter."""
    of_secrets = target.startswith(("secret/", "database/")) or ":secretsmanager:" in target
    actions = READS_SECRET if of_secrets else READS_PARAMETER
    return allowing(actions, reference(target, region))


def is_secret(target: str) -> bool:
    """Whether it's a secret or a parameter."""
    by_name = target.startswith(("secret/", "parameter/", "database/", "ssm:/"))
    return by_name or ":secretsmanager:" in target or ":ssm:" in target


def reference(target: str, region: str) -> Any:
    """What a part names it by: a part's id, a text with the account in it, or an ARN."""
    if target.startswith("ssm:/"):
        path = target.removeprefix("ssm:")
        return text(f"arn:{partition(region)}:ssm:{region}:", Lookup("account:"), f":parameter{path}")
    if target.startswith("database/"):
        return Output(f"{target}.secret")
    return target if target.startswith("arn:") else Id(target)


def partition(region: str) -> str:
    """What ARNs of a region begin with. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""
    names = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
    return next((name for start, name in names.items() if region.startswith(f"{start}-")), "aws")
