"""Alarms: a metric of CloudWatch is watched, and sets policies off, or tells topics."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.part import Id, filled
from blueprints.stepping import Alarm
from tasks.compute.belongings import title
from tasks.errors import CastraError, gone_is_fine
from tasks.kind import Found, Kind, State, Unordered
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict, as_list

GROUP = "AutoScalingGroupName"
BASIC = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


class AlarmState(State):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""

    namespace: str
    metric: str
    dimensions: Unordered[tuple[str, str]]
    statistic: str
    unit: str | None = None
    period: int
    periods: int
    datapoints: int
    threshold: float
    comparison: str
    missing: str
    actions: Unordered[str]
    recovered: Unordered[str] = ()
    other_actions: Unordered[str] = ()
    enabled: bool = True


class AlarmKind(Kind[Alarm, AlarmState]):
    """Alarms on metrics of CloudWatch, each with the policies that it sets off and the topics that it tells."""

    name = "alarm"
    goes_first = True
    actions = (
        "cloudwatch:DeleteAlarms",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:ListTagsForResource",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:TagResource",
        "cloudwatch:UntagResource",
    )

    def owned(self, scope: Scope) -> Iterator[Found[AlarmState]]:
        """DescribeAlarms by the beginning of the name, and a call an alarm for its tags: AWS has no other way."""
        prefix = "castra--" if scope.environment is None else title(scope.environment, "")
        pages: dict[str, Any] = {"AlarmTypes": ["MetricAlarm"], "PaginationConfig": {"PageSize": 100}}
        for alarm in scope.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=prefix, **pages):
            tags = _tags(scope, alarm["AlarmArn"])
            if (name := self.named_in(tags)) and scope.owns(tags):
                yield Found(self.name, name, alarm["AlarmName"], _state(alarm), tags)

    def wanted(self, part: Alarm, ids: Mapping[str, str]) -> AlarmState:
        """See the base."""
        of_group = ((GROUP, ids[part.group]),) if part.group else ()
        topics = tuple(ids[topic] if isinstance(topic, Id) else topic for topic in part.topics)
        return AlarmState(
            namespace=part.namespace,
            metric=part.metric,
            dimensions=(*filled(part.dimensions, ids).items(), *of_group),
            statistic=part.statistic,
            period=part.period,
            periods=part.periods,
            datapoints=part.periods,
            threshold=part.threshold,
            comparison=part.comparison,
            missing=part.missing,
            actions=(*(ids[policy] for policy in part.policies), *topics),
            recovered=topics,
        )

    def create(self, scope: Scope, name: str, wanted: AlarmState) -> str:
        """PutMetricAlarm makes or overwrites what has the name, and gives tags to new ones only: look first."""
        id = title(scope.environment, name)
        if there := _described(scope, id):
            self._refuse_foreign(scope, name, there)
        tags = as_list(self.birth_tags(scope, name, wanted))
        scope.client("cloudwatch").put_metric_alarm(**_settings(id, wanted), Tags=tags)
        return id

    def update(self, scope: Scope, id: str, wanted: AlarmState, changed: frozenset[str]) -> None:
        """All of it, by its name."""
        scope.client("cloudwatch").put_metric_alarm(**_settings(id, wanted))

    def delete(self, scope: Scope, id: str) -> None:
        """At once."""
        with gone_is_fine("ResourceNotFound", "ResourceNotFoundException"):
            scope.client("cloudwatch").delete_alarms(AlarmNames=[id])

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """CloudWatch's way, which wants the ARN."""
        arn = (_described(scope, id) or {}).get("AlarmArn", id)
        scope.client("cloudwatch").tag_resource(ResourceARN=arn, Tags=as_list(tags))
        if dropped:
            scope.client("cloudwatch").untag_resource(ResourceARN=arn, TagKeys=sorted(dropped))

    def _refuse_foreign(self, scope: Scope, name: str, alarm: Mapping[str, Any]) -> None:
        """Raise CastraError if the alarm of this name isn't ours."""
        tags = _tags(scope, alarm["AlarmArn"])
        if not (scope.owns(tags) and self.named_in(tags) == name):
            why = f"there is an alarm {alarm['AlarmName']} that doesn't carry its tags"
            way_out = f"Delete it, or tag it with {ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
            raise CastraError(self.key(name), why, way_out)


def _described(scope: Scope, id: str) -> dict[str, Any] | None:
    """The alarm of this name now, or None."""
    alarms = scope.client("cloudwatch").describe_alarms(AlarmNames=[id], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
    return alarms[0] if alarms else None


def _tags(scope: Scope, arn: str) -> dict[str, str]:
    """None, if it has gone since it was listed."""
    with gone_is_fine("ResourceNotFound", "ResourceNotFoundException"):
        return as_dict(scope.client("cloudwatch").list_tags_for_resource(ResourceARN=arn)["Tags"])
    return {}


def _settings(id: str, wanted: AlarmState) -> dict[str, Any]:
    statistic = "Statistic" if wanted.statistic in BASIC else "ExtendedStatistic"
    return {
        "AlarmName": id,
        "Namespace": wanted.namespace,
        "MetricName": wanted.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in wanted.dimensions],
        statistic: wanted.statistic,
        "Period": wanted.period,
        "EvaluationPeriods": wanted.periods,
        "DatapointsToAlarm": wanted.datapoints,
        "Threshold": wanted.threshold,
        "ComparisonOperator": wanted.comparison,
        "TreatMissingData": wanted.missing,
        "AlarmActions": list(wanted.actions),
        "OKActions": list(wanted.recovered),
        "ActionsEnabled": wanted.enabled,
    }


def _state(alarm: Mapping[str, Any]) -> AlarmState:
    """An alarm on an expression or a band, which somebody made of ours, has no metric or no threshold."""
    return AlarmState(
        namespace=alarm.get("Namespace", ""),
        metric=alarm.get("MetricName", ""),
        dimensions=tuple((one["Name"], one["Value"]) for one in alarm.get("Dimensions", [])),
        statistic=alarm.get("Statistic") or alarm.get("ExtendedStatistic") or "",
        unit=alarm.get("Unit"),
        period=alarm.get("Period", 0),
        periods=alarm.get("EvaluationPeriods", 0),
        datapoints=alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods", 0),
        threshold=alarm.get("Threshold", 0.0),
        comparison=alarm.get("ComparisonOperator", ""),
        missing=alarm.get("TreatMissingData") or "missing",
        actions=tuple(alarm.get("AlarmActions", [])),
        recovered=tuple(alarm.get("OKActions", [])),
        other_actions=tuple(alarm.get("InsufficientDataActions", [])),
        enabled=alarm.get("ActionsEnabled", True),
    )
