"""Flow logs: the record of what goes in and out of a VPC's interfaces."""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from blueprints.identity import Role
from blueprints.part import Id, Lookup, Part, Piece, of
from blueprints.places import VpcId
from blueprints.problem import Problem

FORMAT = r"^\$\{[a-z0-9-]+\}( \$\{[a-z0-9-]+\})*$"
BUCKET = r"arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?"
LOG_GROUP = r"arn:aws[a-z-]*:logs:[a-z0-9-]+:[0-9]{12}:log-group:[a-zA-Z0-9_./#-]+(:\*)?"
Destination = Annotated[str, Field(pattern=rf"^({BUCKET}|{LOG_GROUP}|[a-zA-Z0-9_./#-]+)$", max_length=1024)]
RoleArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$")]
Traffic = Literal["all", "accept", "reject"]


class FlowLog(Part):
    """A record of the traffic of a VPC, written to an S3 bucket or a CloudWatch log group."""

    kind: ClassVar[str] = "flow-log"
    vpc: VpcId
    to: Destination = Field(description="ARN of a bucket (with a prefix) or of a log group, or a log group's name.")
    traffic: Traffic = "all"
    interval: Literal[60, 600] = Field(default=600, description="Seconds that are summed up in one record.")
    format: str | None = Field(
        default=None, pattern=FORMAT, description="Fields of a record; None: AWS's own fourteen."
    )
    role: Annotated[Id, of("role")] | RoleArn | None = Field(default=None, description="For a log group: who writes.")

    @model_validator(mode="after")
    def _a_role_where_it_is_needed(self) -> Self:
        if in_bucket(self.to) and self.role is not None:
            raise ValueError("should have no role: S3 lets AWS write by the bucket's policy")
        if not in_bucket(self.to) and self.role is None:
            raise ValueError("should name the role that writes to the log group")
        return self


def in_bucket(to: str) -> bool:
    """Whether a destination is a bucket's."""
    return re.match(BUCKET, to) is not None


def group_name(to: str) -> str:
    """A log group's name, from its ARN or itself."""
    return re.sub(r"^arn:[^:]+:logs:[^:]*:[^:]*:log-group:", "", to).removesuffix(":*")


# ---------------------------------------------------------------------- the section

ROLE = "vpc-flow-logs"


class FlowLogs(Piece):
    """A record of what goes in and out of the VPC: who talked to whom, and was it let through."""

    to: Destination = Field(
        description="ARN of an S3 bucket (with a prefix), ARN of a CloudWatch log group, or a log group's name.",
        examples=["arn:aws:s3:::my-logs/web"],
    )
    traffic: Traffic = Field(default="all", description="What is recorded: all, what was let through, or what wasn't.")
    interval: Literal[60, 600] = Field(
        default=600, description="Seconds that are summed up in one record: 600, or 60 at a price."
    )
    format: str | None = Field(
        default=None,
        pattern=FORMAT,
        description="Fields of a record, as ${srcaddr} ${dstaddr}; AWS's own if not given.",
    )
    role: RoleArn | None = Field(
        default=None, description="ARN of the role that writes to a log group. One is made, if not given."
    )

    def problems(self, region: str) -> Iterator[Problem]:
        """What doesn't fit together."""
        if in_bucket(self.to) and self.role is not None:
            why = "a bucket needs none: AWS writes by the bucket's own policy"
            yield Problem("network.flow_logs.role", why, "Leave it out")
        if self.to.startswith("arn:") and not in_bucket(self.to) and (there := self.to.split(":")[3]) != region:
            yield Problem("network.flow_logs.to", f"the log group is in {there}", f"Name one in {region}, or a bucket")

    def parts(self, vpc: Id | Lookup) -> Iterator[Part]:
        """The record, and for a log group the role that writes it, unless one is named."""
        where = "network.flow_logs"
        role: str | None = self.role
        if not in_bucket(self.to) and role is None:
            role = f"role/{ROLE}"
            yield Role(
                name=ROLE,
                where=where,
                trusts=("vpc-flow-logs.amazonaws.com",),
                policies={"write": _writing()},
                description="Writes the VPC's flow logs",
            )
        yield FlowLog(
            name="main",
            where=where,
            vpc=vpc,
            to=self.to,
            traffic=self.traffic,
            interval=self.interval,
            format=self.format,
            role=role,
        )


def _writing() -> dict[str, object]:
    """https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html"""
    actions = ("CreateLogGroup", "CreateLogStream", "DescribeLogGroups", "DescribeLogStreams", "PutLogEvents")
    statement = {"Effect": "Allow", "Action": [f"logs:{action}" for action in actions], "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}
