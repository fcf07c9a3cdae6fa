"""Another end for an environment: the tags that have to be written for it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from blueprints.lifetimes import lasting
from tasks.errors import Invalid, Problem, Refused
from tasks.expiry import as_tag, end_of, tagged
from tasks.kind import Found
from tasks.operation import KEEP, Deed, Operation
from tasks.registry import KINDS
from tasks.scope import EXPIRES, Scope
from tasks.survey import survey

NEVER = "never"


def moment_of(until: str, now: datetime) -> datetime | None:
    """`8h` from now on, a moment such as `2027-01-02T18:00Z`, or None for `never`. Raises Invalid."""
    if until == NEVER:
        return None
    try:
        return (now + lasting(until)).replace(microsecond=0)
    except ValueError as not_lasting:
        try:
            moment = datetime.fromisoformat(until)
        except ValueError:
            way_out = "Write 8h, 3d, never, or a moment such as 2027-01-02T18:00Z"
            raise Invalid("castra extend", [Problem("until", str(not_lasting), way_out)]) from None
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment <= now:
        way_out = "Name a later one; castra down strikes an environment at once"
        raise Invalid("castra extend", [Problem("until", f"{as_tag(moment)} is over", way_out)])
    return moment.replace(microsecond=0)


def plan_extension(scope: Scope, until: str, sooner: bool = False) -> Operation:
    """What of an environment's resources has to be told another end. Reads only. See `extension`."""
    found = [one for one in survey(scope, KINDS.values()).found if one.phase != "leaving"]
    if not tagged(found, KINDS):
        raise Refused(
            str(scope.environment), f"nothing of it stands in {scope.region}", "`castra list` tells what does"
        )
    target = _target(str(scope.environment), found, moment_of(until, scope.now), sooner)
    return extension(str(scope.environment), scope.region, found, target)


def extension(environment: str, region: str, found: Iterable[Found[Any]], target: datetime | None) -> Operation:
    """A deed for each resource whose tag tells another end. Pure."""
    deeds = []
    for one in sorted(tagged(found, KINDS), key=lambda one: (one.key, one.id)):
        now = one.tags.get(EXPIRES, NEVER)
        action, because = (KEEP, "as wanted") if now == as_tag(target) else ("extend", f"its tag says {now}")
        deeds.append(Deed(what=f"{one.key} {one.id}", action=action, because=because, id=one.id))
    figures: dict[str, float | int | str] = {"ends": as_tag(target)}
    return Operation(verb="extend", subject=environment, region=region, deeds=tuple(deeds), figures=figures)


def tell(scope: Scope, deed: Deed, target: str) -> Deed:
    """Write one resource's tag."""
    KINDS[deed.what.partition("/")[0]].tag(scope, str(deed.id), {EXPIRES: target})
    return deed


def _target(name: str, found: list[Found[Any]], asked: datetime | None, sooner: bool) -> datetime | None:
    """Never sooner than what stands, unless that's said. Raises Refused for what has no end."""
    end = end_of(found, KINDS)
    if asked is None or sooner:
        return asked
    if end is None:
        way_out = "--sooner gives it one; it is struck then"
        raise Refused(name, "it has no end, so there's nothing to extend", way_out)
    return max(asked, end)
