"""What calls a function, `on`: queues, schedules and buckets, in an order that gives the same names again."""

from collections.abc import Sequence
from typing import Any

from blueprints.notifications import SHORT
from tasks.exporting.standing import Section, Standing, said

EVENTS = {long: short for short, long in SHORT.items()}


def triggers(standing: Standing, name: str, function: str, queues: Sequence[str]) -> list[Section]:
    """Schedules have their places in their names; queues come as its policy has them, and fill the gaps."""
    sources = [one.state for one in standing.of("event-source").values() if one.state.function == function]
    by_queue = {standing.name(state.queue): _queue(standing, state) for state in sources}
    order = [queue for queue in queues if queue in by_queue]
    others = [by_queue[queue] for queue in (*order, *(queue for queue in by_queue if queue not in order))]
    others += [one for bucket in standing.of("bucket") for one in _bucket(standing, bucket, function)]
    told = dict(_schedules(standing, name, function))
    for place in range(1, len(told) + len(others) + 1):
        if place not in told and others:
            told[place] = others.pop(0)
    return [told[place] for place in sorted(told)]


def _schedules(standing: Standing, name: str, function: str) -> list[tuple[int, Section]]:
    rules = [(rule, one.state) for rule, one in standing.of("event-rule").items() if one.state.function == function]
    numbers = [(rule.removeprefix(f"{name}-"), state) for rule, state in rules]
    return [(int(number), {"schedule": state.schedule}) for number, state in numbers if number.isdigit()]


def _queue(standing: Standing, state: Any) -> Section:
    asked = state.model_dump(include={"batch", "window", "concurrency", "partial_failures"})
    return said(queue=standing.name(state.queue), **asked)


def _bucket(standing: Standing, bucket: str, function: str) -> list[Section]:
    state = standing.state("bucket-notification", bucket)
    mine = [one for one in state.notices if one.to == function] if state else []
    return [{"bucket": bucket, **noticed(one)} for one in mine]


def noticed(one: Any) -> Section:
    """Which events, in short words where there are such, and of which keys."""
    events = [EVENTS.get(event, event) for event in one.events]
    return said(events=events, prefix=one.prefix or None, suffix=one.suffix or None)
