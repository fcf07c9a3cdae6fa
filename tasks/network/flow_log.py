"""Flow logs: the record of what goes in and out of a VPC."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from blueprints.flow_logs import FlowLog, group_name, in_bucket
from blueprints.part import Id
from tasks.errors import CastraError, gone_is_fine
from tasks.kind import Fixed, Found, Kind, State
from tasks.retry import when_visible
from tasks.scope import Scope, as_dict

USUAL = " ".join(
    f"${{{field}}}"
    for field in (
        *("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport"),
        *("protocol", "packets", "bytes", "start", "end", "action", "log-status"),
    )
)
"""The format that AWS writes where none is given."""


class FlowLogState(State):
    """`to` is a bucket's ARN or a log group's name. https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html"""

    vpc: Fixed[str]
    to: Fixed[str]
    traffic: Fixed[str]
    interval: Fixed[int]
    format: Fixed[str]
    role: Fixed[str]


class FlowLogKind(Kind[FlowLog, FlowLogState]):
    """Flow logs: the record of what goes in and out of a VPC."""

    name = "flow-log"
    goes_first = True  # AWS takes no two of one VPC to one place
    actions = (
        "ec2:CreateFlowLogs",
        "ec2:CreateTags",
        "ec2:DeleteFlowLogs",
        "ec2:DeleteTags",
        "ec2:DescribeFlowLogs",
        "iam:PassRole",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
    )

    def owned(self, scope: Scope) -> Iterator[Found[FlowLogState]]:
        """DescribeFlowLogs, filtered by tag. What can't be delivered is told as an output; AWS goes on trying."""
        for log in scope.pages("ec2", "describe_flow_logs", "FlowLogs", Filter=scope.filters):
            tags = as_dict(log.get("Tags"))
            if name := self.named_in(tags):
                state = FlowLogState(
                    vpc=log["ResourceId"],
                    to=_destination(log),
                    traffic=log["TrafficType"],
                    interval=log["MaxAggregationInterval"],
                    format=log.get("LogFormat") or USUAL,
                    role=log.get("DeliverLogsPermissionArn") or "",
                )
                failed = log.get("DeliverLogsStatus") == "FAILED"
                outputs = {"trouble": log.get("DeliverLogsErrorMessage") or "it can't be delivered"} if failed else {}
                yield Found(self.name, name, log["FlowLogId"], state, tags, outputs=outputs)

    def wanted(self, part: FlowLog, ids: Mapping[str, str]) -> FlowLogState:
        """See the base."""
        return FlowLogState(
            vpc=ids[part.vpc],
            to=part.to.rstrip("/") if in_bucket(part.to) else group_name(part.to),
            traffic=part.traffic.upper(),
            interval=part.interval,
            format=part.format or USUAL,
            role=ids[part.role] if isinstance(part.role, Id) else part.role or "",
        )

    def create(self, scope: Scope, name: str, wanted: FlowLogState) -> str:
        """A token for this call alone. CreateFlowLogs tells failures in its answer, not as an error."""
        place = (
            {"LogDestinationType": "s3", "LogDestination": wanted.to}
            if in_bucket(wanted.to)
            else {"LogDestinationType": "cloud-watch-logs", "LogGroupName": wanted.to}
        )
        answer = when_visible(
            f"vpc {wanted.vpc} and the role that writes",
            scope.ec2.create_flow_logs,
            ResourceIds=[wanted.vpc],
            ResourceType="VPC",
            TrafficType=wanted.traffic,
            MaxAggregationInterval=wanted.interval,
            LogFormat=wanted.format,
            ClientToken=str(uuid4()),
            TagSpecifications=self.tag_specifications(scope, name, wanted, "vpc-flow-log"),
            **place,
            **({"DeliverLogsPermissionArn": wanted.role} if wanted.role else {}),
        )
        _raise_failures(self.key(name), answer)
        return str(answer["FlowLogIds"][0])

    def update(self, scope: Scope, id: str, wanted: FlowLogState, changed: frozenset[str]) -> None:
        """There's nothing to change in place."""

    def delete(self, scope: Scope, id: str) -> None:
        """What was written stays where it is."""
        with gone_is_fine("InvalidFlowLogId.NotFound"):
            _raise_failures(f"flow log {id}", scope.ec2.delete_flow_logs(FlowLogIds=[id]))


def _destination(log: Mapping[str, Any]) -> str:
    if log.get("LogDestinationType") == "s3":
        return str(log["LogDestination"]).rstrip("/")
    return group_name(log.get("LogGroupName") or log.get("LogDestination") or "")


def _raise_failures(what: str, answer: Mapping[str, Any]) -> None:
    for failure in answer.get("Unsuccessful", ()):
        if not failure["Error"]["Code"].endswith(".NotFound"):
            message = str(failure["Error"]["Message"]).rstrip(".")
            raise CastraError(what, message, "Check the place it writes to, and who may write there")
