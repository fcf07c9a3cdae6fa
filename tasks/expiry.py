"""When an environment ends: the moment that its resources' tags tell, and nothing else. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tasks.kind import Found, Kind
from tasks.scope import EXPIRES

Kinds = Mapping[str, Kind[Any, Any]]


def moment_in(tags: Mapping[str, str]) -> datetime | None:
    """The moment that a resource's tags tell; None where they tell none that can be read."""
    try:
        moment = datetime.fromisoformat(tags[EXPIRES])
    except (KeyError, ValueError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def as_tag(moment: datetime | None) -> str:
    """A moment as the tag has it, or the word for none."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else "never"


def tagged(found: Iterable[Found[Any]], kinds: Kinds) -> list[Found[Any]]:
    """Those that can tell a moment: what takes no tags goes with what it belongs to."""
    return [one for one in found if kinds[one.kind].taggable and kinds[one.kind].own_tags]


def end_of(found: Iterable[Found[Any]], kinds: Kinds) -> datetime | None:
    """When an environment ends: the latest moment of its resources, and never while one of them tells none.

    So whatever was begun and not finished (a raising, an extension) can only make it stand longer.
    """
    moments = [moment_in(one.tags) for one in tagged(found, kinds)]
    known = [moment for moment in moments if moment]
    return max(known) if known and len(known) == len(moments) else None


def end_for(found: Iterable[Found[Any]], kinds: Kinds, lifetime: timedelta | None, now: datetime) -> datetime | None:
    """The moment that what a raising makes is given: that of what stands; of a first raising, `lifetime` from now."""
    standing = tagged(found, kinds)
    if standing:
        return end_of(standing, kinds)
    return (now + lifetime).replace(microsecond=0) if lifetime else None


def in_words(end: datetime | None, now: datetime) -> str:
    """`in 7 h 58 min`, `3 h 5 min ago`, `never`."""
    if end is None:
        return "never"
    minutes = int(abs((end - now).total_seconds()) // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    told = f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min"
    return f"in {told}" if end > now else f"{told} ago"


def ends_at(end: datetime | None, now: datetime) -> str:
    """`It ends at 2027-01-02T08:00:00Z, in 7 h 58 min`; empty for what never ends."""
    return f"It ends at {as_tag(end)}, {in_words(end, now)}." if end else ""


def remark(end: datetime | None, lifetime: timedelta | None, standing: bool, name: str, now: datetime) -> str:
    """What a plan says of the end: empty where there's none and none was asked for."""
    if end is not None and lifetime is None:
        return f"{ends_at(end, now)} The blueprint doesn't say so: `castra extend {name} never` takes the end off."
    if end is None and lifetime and standing:
        way_out = f"`castra extend {name} 8h --sooner` gives it an end"
        return f"It never ends, for it stood without an end before expires_after was written: {way_out}."
    return ends_at(end, now)
