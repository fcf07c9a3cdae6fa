"""Log groups of CloudWatch."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.log_groups import LogGroup
from tasks.each import each
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Found, Kind, State
from tasks.retry import when_released
from tasks.scope import ENVIRONMENT, ON_REMOVAL, RESERVED, Scope

ROOT = "/castra/"
GONE = "ResourceNotFoundException"


class LogGroupState(State):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html"""

    retention: int | None
    encryption_key: str | None
    on_removal: str


class LogGroupKind(Kind[LogGroup, LogGroupState]):
    """Log groups of CloudWatch.

    Named `/castra/<environment>/<name>`. The ARN is the id, without the asterisk that ends it in some answers of AWS.
    """

    name = "log-group"
    goes_first = True  # AWS keeps one of a name
    whole_at_birth = False
    actions = (
        "logs:AssociateKmsKey",
        "logs:CreateLogGroup",
        "logs:DeleteLogGroup",
        "logs:DeleteRetentionPolicy",
        "logs:DescribeLogGroups",
        "logs:DisassociateKmsKey",
        "logs:ListTagsForResource",
        "logs:PutRetentionPolicy",
        "logs:TagResource",
        "logs:UntagResource",
        "sts:GetCallerIdentity",
    )

    def owned(self, scope: Scope) -> Iterator[Found[LogGroupState]]:
        """DescribeLogGroups by the beginning of the name, and a call a group for its tags: AWS has no other way."""
        prefix = f"{ROOT}{scope.environment}/" if scope.environment else ROOT
        groups = list(scope.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix))
        for group, tags in each(lambda group: _tags(scope, _arn(group)), groups):
            if (name := self.named_in(tags)) and scope.owns(tags):
                on_removal = tags.get(ON_REMOVAL, "keep")
                state = LogGroupState(
                    retention=group.get("retentionInDays"), encryption_key=group.get("kmsKeyId"), on_removal=on_removal
                )
                keeps = f"the log group {group['logGroupName']} with what's in it" if on_removal == "keep" else ""
                yield Found(self.name, name, _arn(group), state, tags, keeps=keeps)

    def wanted(self, part: LogGroup, ids: Mapping[str, str]) -> LogGroupState:
        """See the base."""
        return LogGroupState(retention=part.retention, encryption_key=part.encryption_key, on_removal=part.on_removal)

    def create(self, scope: Scope, name: str, wanted: LogGroupState) -> str:
        """One that was kept before is taken on again, by its name; one that another environment's tags are on isn't."""
        logs, group = scope.client("logs"), f"{ROOT}{scope.environment}/{name}"
        arn = f"arn:{logs.meta.partition}:logs:{scope.region}:{scope.account}:log-group:{group}"
        tags = self.birth_tags(scope, name, wanted) | {ON_REMOVAL: wanted.on_removal}
        key = {"kmsKeyId": wanted.encryption_key} if wanted.encryption_key else {}
        try:
            when_released(f"log group {group}", logs.create_log_group, logGroupName=group, tags=tags, **key)
        except ClientError as error:
            if code_of(error) != "ResourceAlreadyExistsException":
                raise
            self._refuse_foreign(scope, name, arn)
            logs.tag_resource(resourceArn=arn, tags=tags)
            self.update(scope, arn, wanted, frozenset({"retention", "encryption_key"}))
            return arn
        if wanted.retention:
            _retain(scope, group, wanted.retention)
        return arn

    def update(self, scope: Scope, id: str, wanted: LogGroupState, changed: frozenset[str]) -> None:
        """Each by a call of its own. What is kept or wiped stands in a tag, as a strike knows no blueprint."""
        group = name_of(id)
        if "retention" in changed:
            _retain(scope, group, wanted.retention)
        if "encryption_key" in changed and wanted.encryption_key:
            scope.client("logs").associate_kms_key(logGroupName=group, kmsKeyId=wanted.encryption_key)
        elif "encryption_key" in changed:
            scope.client("logs").disassociate_kms_key(logGroupName=group)
        if "on_removal" in changed:
            self.tag(scope, id, {ON_REMOVAL: wanted.on_removal})

    def delete(self, scope: Scope, id: str) -> None:
        """One that is to be kept only loses the environment's tags."""
        tags = _tags(scope, id)
        with gone_is_fine(GONE):
            if tags and tags.get(ON_REMOVAL, "keep") == "keep":
                ours = sorted(key for key in tags if key.startswith(RESERVED))
                scope.client("logs").untag_resource(resourceArn=id, tagKeys=ours)
            else:
                when_released(f"log group {id}", scope.client("logs").delete_log_group, logGroupName=name_of(id))

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """CloudWatch Logs' way."""
        scope.client("logs").tag_resource(resourceArn=id, tags=dict(tags))
        if dropped:
            scope.client("logs").untag_resource(resourceArn=id, tagKeys=sorted(dropped))

    def _refuse_foreign(self, scope: Scope, name: str, arn: str) -> None:
        """Raise CastraError if the log group of this name belongs to another environment or part."""
        tags = _tags(scope, arn)
        if ENVIRONMENT in tags and not (scope.owns(tags) and self.named_in(tags) == name):
            why = f"the log group {name_of(arn)} carries the tags of another part"
            raise CastraError(self.key(name), why, f"Take {ENVIRONMENT} off it, or delete it")


def name_of(arn: str) -> str:
    """A log group's name, from its ARN."""
    return arn.partition(":log-group:")[2]


def _arn(group: Mapping[str, Any]) -> str:
    return str(group["arn"]).removesuffix(":*")


def _tags(scope: Scope, arn: str) -> dict[str, str]:
    """None, if it has gone since it was listed."""
    with gone_is_fine(GONE):
        return dict(scope.client("logs").list_tags_for_resource(resourceArn=arn).get("tags", {}))
    return {}


def _retain(scope: Scope, group: str, days: int | None) -> None:
    if days is None:
        scope.client("logs").delete_retention_policy(logGroupName=group)
    else:
        scope.client("logs").put_retention_policy(logGroupName=group, retentionInDays=days)
