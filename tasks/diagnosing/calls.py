"""How functions fared of late: what Lambda says of them, what its metrics count, and what their logs end with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tasks.each import batches, each
from tasks.errors import gone_is_fine
from tasks.scope import Scope
from tasks.serverless.function import standing_functions

LATELY = timedelta(hours=1)
METRICS = ("Invocations", "Errors", "Throttles")
AT_ONCE = 500 // len(METRICS)  # of functions; GetMetricData takes 500 queries
FAULTS = '?ERROR ?Error ?error ?Exception ?"Task timed out" ?"Runtime exited"'
MOST_LINES = 50


@dataclass(frozen=True)
class Calls:
    """Counts of the last hour, and none from before the function was last changed: those may be mended.

    `words` is the last line of its log that tells of a fault; `state` and `update` are Lambda's, with their reasons.
    """

    state: str = "Active"
    update: str = "Successful"
    reason: str = ""
    invocations: int = 0
    errors: int = 0
    throttles: int = 0
    words: str = ""


def read_calls(scope: Scope) -> dict[str, Calls]:
    """By ARN: a call for the metrics of 166 functions, and one for the log of each that had errors."""
    functions = [one["Configuration"] for one in standing_functions(scope)]
    if not functions:
        return {}
    counts = _counts(scope, functions)
    ill = [one for one in functions if counts[one["FunctionName"]]["Errors"]]
    words = {one["FunctionName"]: line for one, line in each(lambda one: _words(scope, one), ill)}
    return {
        one["FunctionArn"]: Calls(
            state=one.get("State") or "Active",
            update=one.get("LastUpdateStatus") or "Successful",
            reason=one.get("LastUpdateStatusReason") or one.get("StateReason") or "",
            invocations=counts[one["FunctionName"]]["Invocations"],
            errors=counts[one["FunctionName"]]["Errors"],
            throttles=counts[one["FunctionName"]]["Throttles"],
            words=words.get(one["FunctionName"], ""),
        )
        for one in functions
    }


def _since(scope: Scope, function: Mapping[str, Any]) -> datetime:
    changed = datetime.fromisoformat(function["LastModified"])
    return max(changed, scope.now - LATELY)


def _counts(scope: Scope, functions: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Each function's counts, a minute a figure, of the minutes that began after its last change."""
    since = {one["FunctionName"]: _since(scope, one) for one in functions}
    counts = {name: dict.fromkeys(METRICS, 0) for name in since}
    for several in batches(list(since), AT_ONCE):
        queries = [_query(f"m{number}", name, metric) for number, name, metric in _numbered(several)]
        asked = {f"m{number}": (name, metric) for number, name, metric in _numbered(several)}
        start = (scope.now - LATELY).replace(second=0, microsecond=0)
        period: dict[str, Any] = {"StartTime": start, "EndTime": start + LATELY + timedelta(minutes=2)}
        for told in scope.pages(
            "cloudwatch", "get_metric_data", "MetricDataResults", MetricDataQueries=queries, **period
        ):
            name, metric = asked[told["Id"]]
            for moment, value in zip(told["Timestamps"], told["Values"], strict=True):
                if moment >= since[name]:
                    counts[name][metric] += int(value)
    return counts


def _numbered(names: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    pairs = ((name, metric) for name in names for metric in METRICS)
    return ((number, name, metric) for number, (name, metric) in enumerate(pairs))


def _query(id: str, name: str, metric: str) -> dict[str, Any]:
    dimensions = [{"Name": "FunctionName", "Value": name}]
    measured = {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": id, "MetricStat": {"Metric": measured, "Period": 60, "Stat": "Sum"}}


def _words(scope: Scope, function: Mapping[str, Any]) -> str:
    """The last line that tells of a fault; nothing where there's none, or no log."""
    group = (function.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{function['FunctionName']}"
    start = int(_since(scope, function).timestamp() * 1000)
    asked = {"logGroupName": group, "startTime": start, "filterPattern": FAULTS, "limit": MOST_LINES}
    with gone_is_fine("ResourceNotFoundException"):
        events = scope.client("logs").filter_log_events(**asked)["events"]
        last = max(events, key=lambda event: event["timestamp"], default={"message": ""})
        return " ".join(str(last["message"]).split())[:300]
    return ""
