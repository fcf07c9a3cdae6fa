"""Step scaling as people write it: times, sides, and steps that overlap or leave a gap."""

from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.problem import Invalid
from blueprints.reading import build
from blueprints.stepping import Adjusting, Alarm, StepPolicy

CPU = {"metric": "cpu", "above": 70, "for": "5 minutes", "steps": [{"to": 20, "add": 1}, {"from": 20, "add": 3}]}


def document(*steps: dict[str, Any], **servers: Any) -> dict[str, Any]:
    app = {"image": {"id": "ami-1"}, "scaling": {"steps": list(steps)}} | servers
    return {"name": "web", "region": "eu-west-1", "network": {"cidr": "10.0.0.0/16"}, "servers": {"app": app}}


def told(*steps: dict[str, Any], **servers: Any) -> list[str]:
    with pytest.raises(Invalid) as caught:
        build(document(*steps, **servers))
    return [str(problem).removeprefix("servers.app.scaling.steps.") for problem in caught.value.problems]


def unfolded(*steps: dict[str, Any], **servers: Any) -> tuple[StepPolicy, Alarm]:
    parts = build(document(*steps, **servers)).parts()
    (policy,) = (part for part in parts if isinstance(part, StepPolicy))
    (alarm,) = (part for part in parts if isinstance(part, Alarm))
    return policy, alarm


def test_steps_above_a_value_are_measured_upwards_from_it() -> None:
    policy, alarm = unfolded(CPU, scaling={"steps": [CPU], "warmup": 120})
    where = "servers.app.scaling.steps.0"
    steps = (Adjusting(lower=0, upper=20, change=1), Adjusting(lower=20, upper=None, change=3))
    group = "scaling-group/app"
    assert policy == StepPolicy(name="app-cpu-above", where=where, group=group, steps=steps, warmup=120)
    assert alarm == Alarm(
        name="app-cpu-above",
        where=where,
        namespace="AWS/EC2",
        metric="CPUUtilization",
        group=group,
        period=300,
        periods=1,
        threshold=70,
        comparison="GreaterThanOrEqualToThreshold",
        policies=("step-policy/app-cpu-above",),
    )


def test_steps_below_a_value_are_measured_downwards_from_it() -> None:
    policy, alarm = unfolded(
        CPU | {"above": None, "below": 30, "steps": [{"to": 10, "remove": 1}, {"from": 10, "remove": 2}]}
    )
    assert policy.steps == (Adjusting(lower=-10, upper=0, change=-1), Adjusting(lower=None, upper=-10, change=-2))
    assert (alarm.threshold, alarm.comparison) == (30, "LessThanOrEqualToThreshold")
    assert alarm.name == "app-cpu-below"


def test_a_metric_of_ones_own_has_its_dimensions_and_a_value_a_minute() -> None:
    queue = {
        "namespace": "AWS/SQS",
        "name": "ApproximateNumberOfMessagesVisible",
        "dimensions": {"QueueName": "jobs"},
        "statistic": "Maximum",
    }
    _, alarm = unfolded(CPU | {"metric": queue, "for": "2 minutes", "missing_data": "notBreaching"})
    assert (alarm.name, alarm.group) == ("app-approximate-number-of-messages-visible-above", None)
    assert (alarm.dimensions, alarm.statistic) == ({"QueueName": "jobs"}, "Maximum")
    assert (alarm.period, alarm.periods, alarm.missing) == (60, 2, "notBreaching")
    _, alarm = unfolded(CPU | {"metric": queue | {"of_group": True}})
    assert alarm.group == "scaling-group/app"


@pytest.mark.parametrize(
    ("steps", "unit", "adjustment"),
    [
        ([{"add": 50}], "percent", "PercentChangeInCapacity"),
        ([{"set": 4}], "servers", "ExactCapacity"),
        ([{"add": 1}], "servers", "ChangeInCapacity"),
    ],
)
def test_what_is_done_is_said_as_aws_has_it(steps: Any, unit: str, adjustment: str) -> None:
    policy, _ = unfolded(CPU | {"steps": steps, "unit": unit})
    assert policy.adjustment == adjustment


@pytest.mark.parametrize(
    ("time", "seconds"), [("2 minutes", 120), ("1 hour", 3600), ("90s", 90), (60, 60), ("10min", 600)]
)
def test_times_are_written_as_people_say_them(time: Any, seconds: int) -> None:
    environment = Environment.model_validate(document(CPU | {"for": time}))
    assert environment.servers["app"].scaling.steps[0].for_ == seconds


def test_a_document_with_steps_survives_the_way_to_a_worker() -> None:
    environment = build(document(CPU))
    sent = environment.model_dump(mode="json")
    assert sent["servers"]["app"]["scaling"]["steps"][0]["for"] == 300
    assert Environment.model_validate(sent) == environment


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            {"steps": [{"to": 10, "add": 1}, {"from": 20, "add": 2}]},
            "0.steps.1: begins at 20, but step 1 ends at 10: there's a gap. Let each end where the next begins.",
        ),
        (
            {"steps": [{"to": 30, "add": 1}, {"from": 20, "add": 2}]},
            "0.steps.1: begins at 20, but step 1 ends at 30: they overlap. Let each end where the next begins.",
        ),
        (
            {"steps": [{"from": 20, "add": 2}, {"add": 1}]},
            "0.steps.0: begins at 20, but step 2 has no end: they overlap. Let each end where the next begins.",
        ),
        (
            {"steps": [{"to": 20, "add": 1}]},
            "0.steps.0: ends at 20, and nothing would be done beyond that. Leave out `to` of the last step.",
        ),
        (
            {"steps": [{"from": 5, "add": 1}]},
            "0.steps.0: nothing is done from 0 to 5 beyond the threshold. "
            "Begin at 0, or move above to where it begins.",
        ),
        ({"steps": [{"from": 5, "to": 5, "add": 1}]}, "0.steps.0: ends at 5, which isn't beyond 5, where it begins."),
        ({"steps": [{"add": 1, "remove": 1}]}, "0.steps.0: should say one thing that is done: add, remove or set."),
        (
            {"steps": [{"to": 5, "add": 1}, {"from": 5, "set": 9}]},
            "0: mixes add and set; AWS takes either set, or add and remove.",
        ),
        ({"below": 20}, "0: should say either above or below."),
        ({"above": None}, "0: should say either above or below."),
        ({"at_least": 2}, "0: has at_least, which is for steps of `unit: percent` only."),
        ({"for": "soon"}, "0.for: 'soon' isn't a time; write one such as 2 minutes."),
        (
            {"for": "2 minutes"},
            "0.for: 120 seconds aren't a multiple of 300, in which the metric has one value. Say 5 minutes. "
            "Or set monitoring: true, at a price: then there's one a minute.",
        ),
    ],
)
def test_what_does_not_fit_together_is_told_with_its_path(change: dict[str, Any], why: str) -> None:
    assert told(CPU | change) == [why]


def test_close_monitoring_gives_a_value_a_minute() -> None:
    _, alarm = unfolded(CPU | {"for": "2 minutes"}, monitoring=True)
    assert (alarm.period, alarm.periods) == (60, 2)


def test_two_entries_for_one_metric_and_side_are_told() -> None:
    why = "1: watches the same on the same side as entry 1. Put both into one, with more steps."
    assert told(CPU, CPU | {"above": 90}) == [why]


def test_a_field_that_there_is_not_is_told_with_one_that_there_is() -> None:
    assert told(CPU | {"steps": [{"form": 0, "add": 1}]}) == [
        "0.steps.0.form: there's no such field. Did you mean from?"
    ]
