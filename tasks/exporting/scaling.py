"""What scales a group: `scaling` from its target tracking, steps with their alarms, and forecast; and `schedule`."""

from typing import Any

from blueprints.scaling import FORECAST
from blueprints.stepping import OF_A_GROUP
from tasks.exporting.standing import Section, Standing, said
from tasks.kind import Found

SHORT = {
    "ASGAverageCPUUtilization": "target_cpu",
    "ASGAverageNetworkIn": "target_network_in",
    "ASGAverageNetworkOut": "target_network_out",
    "ALBRequestCountPerTarget": "target_requests",
}
GROUP = "AutoScalingGroupName"  # the dimension of a metric that is a group's own


def scaling(standing: Standing, name: str) -> Section:
    """All but the schedule."""
    told: Section = {}
    for policy in _of(standing, "target-tracking", name):
        if policy.state.metric in SHORT:
            told |= {SHORT[policy.state.metric]: policy.state.target, "scale_in": policy.state.scale_in}
            told |= said(warmup=policy.state.warmup, requests_at=_front(standing, policy.state))
    if steps := _of(standing, "step-policy", name):
        alarms = standing.of("alarm")
        told["steps"] = [_steps(standing, one.state, alarms[one.name].state) for one in steps if one.name in alarms]
        told |= said(warmup=steps[0].state.warmup)
    for forecast in _of(standing, "predictive-policy", name):
        told["predictive"] = _forecast(forecast.state)
        told |= said(requests_at=_front(standing, forecast.state))
    return told


def schedule(standing: Standing, name: str) -> dict[str, Section]:
    """Sizes by the clock, by name."""
    fields = {"cron", "time_zone", "min", "max", "desired"}
    actions = _of(standing, "scheduled-action", name)
    return {one.name.removeprefix(f"{name}-"): said(**one.state.model_dump(include=fields)) for one in actions}


def _of(standing: Standing, kind: str, name: str) -> list[Found[Any]]:
    parts = standing.of(kind).values()
    return [one for one in parts if standing.key(one.state.group) == f"scaling-group/{name}"]


def _front(standing: Standing, state: Any) -> str | None:
    """Whose requests are followed."""
    return standing.name(state.load_balancer) if state.load_balancer else None


def _steps(standing: Standing, policy: Any, alarm: Any) -> Section:
    above = alarm.comparison.startswith("Greater")
    told = {
        "metric": _metric(alarm),
        ("above" if above else "below"): alarm.threshold,
        "for": alarm.period * alarm.periods,
        "steps": [_step(one, above=above, exact=policy.adjustment == "ExactCapacity") for one in policy.steps],
        "missing_data": alarm.missing,
    }
    unit = "percent" if policy.adjustment == "PercentChangeInCapacity" else "servers"
    return told | said(unit=unit, at_least=policy.at_least)


def _metric(alarm: Any) -> str | Section:
    dimensions = dict(alarm.dimensions)
    of_group = dimensions.pop(GROUP, None) is not None
    short = {metric: name for name, metric in OF_A_GROUP.items()}.get(alarm.metric)
    if alarm.namespace == "AWS/EC2" and of_group and short and not dimensions and alarm.statistic == "Average":
        return short
    named = {"namespace": alarm.namespace, "name": alarm.metric, "dimensions": dimensions}
    return {**named, "of_group": of_group, "statistic": alarm.statistic}


def _step(step: Any, *, above: bool, exact: bool) -> Section:
    """Below a threshold distances are negative, and change places."""
    begin, end = (step.lower, step.upper) if above else (_turned(step.upper), _turned(step.lower))
    done = "set" if exact else "add" if step.change > 0 else "remove"
    return said(**{"from": begin or 0.0, "to": end, done: abs(step.change)})


def _turned(distance: float | None) -> float | None:
    return None if distance is None else -distance


def _forecast(state: Any) -> Section:
    metric = {aws: name for name, aws in FORECAST.items()}.get(state.metric, state.metric)
    return said(metric=metric, target=state.target, scale=state.scale, ahead=state.ahead, above_max=state.above_max)
