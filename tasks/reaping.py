"""Which environments are struck because their time is over, and which are soon to be. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tasks.expiry import as_tag, in_words
from tasks.operation import KEEP, Deed, Operation
from tasks.reading import Standing

STRIKE = "strike"


def plan_reaping(standing: Iterable[Standing], region: str, now: datetime) -> Operation:
    """A deed for each environment that has an end: it is struck once that is over. What has none isn't named."""
    ending = [one for one in standing if one.environment and one.expires]
    return Operation(verb="reap", subject=region, region=region, deeds=tuple(_deed(one, now) for one in ending))


def expiring(standing: Iterable[Standing], now: datetime, warn: timedelta) -> dict[str, int]:
    """The environments that end within `warn`, and how many seconds each has left."""
    left = {one.environment: (one.expires - now).total_seconds() for one in standing if one.expires}
    return {name: int(seconds) for name, seconds in left.items() if 0 < seconds <= warn.total_seconds()}


def _deed(one: Standing, now: datetime) -> Deed:
    assert one.expires
    over = one.expires <= now
    verb = "ended" if over else "ends"
    because = f"{verb} {in_words(one.expires, now)}, at {as_tag(one.expires)}"
    whose = f"; whose: {one.owner}" if one.owner else ""
    return Deed(what=one.environment, action=STRIKE if over else KEEP, because=f"{because}{whose}")
