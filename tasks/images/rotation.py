"""A rotation before it begins: what stands, which version it leads to, what will be replaced; and its first writes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from blueprints.environment import Environment
from blueprints.part import Id, Lookup
from blueprints.rotation import Rotation
from blueprints.servers import LaunchTemplate
from tasks.compute.groups import standing_groups
from tasks.compute.mixed_instances import template_in
from tasks.errors import Invalid, Problem, Refused
from tasks.images.finishing import write_tags
from tasks.images.numbered import Versions, make_version, versions_of
from tasks.images.rotating import Group, Member, units
from tasks.images.rotation_record import Record, record_in
from tasks.images.seen_group import SUSPENDED, hindrances, seen, tags_of
from tasks.operation import KEEP, Deed, Operation
from tasks.registry import KINDS
from tasks.scope import PART, Scope
from tasks.survey import answer, look


@dataclass(frozen=True)
class Standing:
    """A group of servers that is to be rotated, as it stands. `image` is the one that all are to run."""

    servers: str
    image: str
    settings: Rotation
    port: int | None
    group: Group
    versions: Versions
    record: Record | None = None

    @property
    def what(self) -> str:
        """Its name for people."""
        return f"servers/{self.servers}"

    @property
    def target(self) -> int | None:
        """The number of the version that it leads to; None where it's still to be made."""
        return self.versions.with_image(self.image)

    @property
    def outdated(self) -> tuple[Member, ...]:
        """Who is to be replaced."""
        leave = self.settings.protected == "leave"
        counted = (one for one in self.group.members if one.counts and one.version != self.target)
        return tuple(one for one in counted if not (leave and one.protected))

    @property
    def goes_on(self) -> bool:
        """Whether a rotation is under way that this one goes on with: back it goes whatever is asked for now."""
        return self.record is not None and (bool(self.record.verdict) or self.record.new == self.target)

    @property
    def settled(self) -> bool:
        """Whether there's nothing to do."""
        return self.record is None and not self.outdated and self.target == self.versions.default


# ---------------------------------------------------------------------- what stands


def standing(environment: Environment, scope: Scope, servers: Sequence[str], image: str | None) -> list[Standing]:
    """Each group that is asked for; all of them if none is named. Reads only. Raises Invalid, or Refused."""
    names = _chosen(environment, servers)
    images = dict.fromkeys(names, image) if image else _images(environment, scope, names)
    scope.look_afresh()
    groups = {tags_of(raw).get(PART): raw for raw in standing_groups(scope)}
    found = []
    for name in names:
        raw = groups.get(f"scaling-group/{name}")
        if raw is None:
            raise Refused(f"servers/{name}", "no such group stands", "Raise it first: `castra up`")
        for why, way_out in hindrances(raw):
            raise Refused(f"servers/{name}", f"scaling group {raw['AutoScalingGroupName']}: {why}", way_out)
        found.append(_one(environment, scope, name, raw, str(images[name])))
    _check_images(scope, found)
    return found


def _chosen(environment: Environment, servers: Sequence[str]) -> list[str]:
    there = ", ".join(environment.servers) or "none"
    unknown = [name for name in servers if name not in environment.servers]
    if unknown or not environment.servers:
        problems = [Problem(f"servers.{name}", "there are no such servers", f"There are: {there}") for name in unknown]
        problems = problems or [Problem("servers", "there are none to rotate", "Describe some")]
        raise Invalid("castra rotate", problems)
    return list(dict.fromkeys(servers)) or list(environment.servers)


def _images(environment: Environment, scope: Scope, names: Iterable[str]) -> dict[str, str]:
    """What the blueprint's `image:` of each means now."""
    parts = {part.name: part for part in environment.parts() if isinstance(part, LaunchTemplate)}
    templates = {name: parts[name] for name in names}
    answers = answer(scope, [part for part in templates.values() if isinstance(part.image, Lookup)])
    return {name: _resolved(scope, part, answers) for name, part in templates.items()}


def _resolved(scope: Scope, part: LaunchTemplate, answers: Mapping[str, str]) -> str:
    if isinstance(part.image, Lookup):
        return answers[part.image]
    if isinstance(part.image, Id):
        kind, _, name = part.image.partition("/")
        found = look(scope, KINDS[kind], name)
        if not found:
            raise Refused(part.image, "this image of the blueprint isn't there yet", "Raise it first: `castra up`")
        return found[0].id
    return str(part.image)


def _one(environment: Environment, scope: Scope, name: str, raw: Mapping[str, Any], image: str) -> Standing:
    group, section = seen(raw), environment.servers[name]
    first = min((one.version for one in group.members if one.version), default=1)
    versions = versions_of(scope, template_in(raw)["LaunchTemplateId"], first)
    return Standing(name, image, section.rotation, section.port, group, versions, record_in(tags_of(raw)))


def _check_images(scope: Scope, found: Iterable[Standing]) -> None:
    """Raise Invalid for images that nothing could be launched from: found out before anything is changed."""
    found = list(found)
    ids = sorted({one.image for one in found} | {one.versions.images[one.versions.default] for one in found})
    filters = [{"Name": "image-id", "Values": ids}]
    told = {one["ImageId"]: one for one in scope.pages("ec2", "describe_images", "Images", Filters=filters)}
    problems = [Problem(f"servers.{one.servers}", *bad) for one in found for bad in _unfit(one, told)]
    if problems:
        raise Invalid("castra rotate", problems)


def _unfit(one: Standing, told: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    image, now = told.get(one.image), told.get(one.versions.images[one.versions.default])
    if image is None or image["State"] != "available":
        state = f"is {image['State']}" if image else "isn't there, or not for this account"
        yield f"image {one.image} {state}", "Name another one by --image"
    elif now and image.get("Architecture") != now.get("Architecture"):
        why = f"image {one.image} is for {image.get('Architecture')}, the servers are {now.get('Architecture')}"
        yield why, "Name one of the same architecture"


# ---------------------------------------------------------------------- the plan


def plan_rotation(environment: str, region: str, found: Iterable[Standing]) -> Operation:
    """What will be replaced, and how. Pure."""
    deeds = [deed for one in found for deed in _deeds(one)]
    return Operation(verb="rotate", subject=environment, region=region, deeds=tuple(deeds))


def _deeds(one: Standing) -> Iterator[Deed]:
    action = KEEP if one.settled else "rotate"
    yield Deed(what=one.what, action=action, because=_because(one), id=one.group.name)
    outdated = {member.id for member in one.outdated} if not one.settled else set()
    for member in one.group.members:
        yield Deed(
            what=f"{one.what} {member.id}",
            action="replace" if member.id in outdated else KEEP,
            because=_member_because(one, member),
            id=member.id,
        )


def _because(one: Standing) -> str:
    if one.settled:
        return f"all run version {one.target}, which has {one.image}"
    if one.goes_on and one.record:
        way = f"back to version {one.record.old}: {one.record.verdict}" if one.record.verdict else "it goes on"
        return (
            f"a rotation from version {one.record.old} to {one.record.new} is under way since {one.record.since}; {way}"
        )
    to = f"version {one.target}" if one.target else "a new version"
    return f"to {to} with {one.image}; {_steps(one)}"


def _steps(one: Standing) -> str:
    many = len(one.outdated)
    if not many:
        return "no instance runs another"
    canary = min(one.settings.canary, many)
    left, batch = many - canary, one.settings.at_once(max(1, one.group.desired))
    batches = f", then {left} by {min(batch, left)}" if left else ""
    return f"{canary} first{batches}, new ones beside the old ones"


def _member_because(one: Standing, member: Member) -> str:
    image = one.versions.images.get(member.version or 0)
    runs = (
        f"it runs version {member.version}" + (f" ({image})" if image else "")
        if member.version
        else "it was launched from another template"
    )
    if member.aside:
        return f"{runs}; it is {member.state}, and left alone"
    if member.protected and one.settings.protected == "leave" and member.version != one.target:
        return f"{runs}; it's protected from scale-in, and left alone"
    return f"{runs}; it is {member.state}" if member.leaving else runs


# ---------------------------------------------------------------------- the first writes


def begin(scope: Scope, one: Standing, now: datetime) -> Record:
    """The version it leads to, and the record on the group: from then on, any run can go on or undo it."""
    if one.record is not None and one.goes_on:
        return one.record
    new = one.target or make_version(scope, one.versions, one.image)
    record = _record(one, new, now)
    scope.go_ahead.check()
    write_tags(scope, one.group.name, record.tags())
    return record


def _record(one: Standing, new: int, now: datetime) -> Record:
    """A rotation that is under way to something else is turned to this one; how the group stood, it knows."""
    if one.record is not None:
        before = one.record
        if new == before.old:
            return before.judged(f"version {new} is asked for again")
        return Record(
            old=before.old,
            new=new,
            desired=before.desired,
            max=before.max,
            image=one.image,
            since=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            suspends=before.suspends,
        )
    return Record(
        old=_runs_now(one, new),
        new=new,
        desired=one.group.desired,
        max=one.group.max,
        image=one.image,
        since=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        suspends=tuple(process for process in SUSPENDED if process not in one.group.suspended),
    )


def _runs_now(one: Standing, new: int) -> int:
    """The version that most of what serves runs, to which it goes back; the default one where nothing runs another."""
    weights: dict[int, int] = {}
    for member in one.group.members:
        if member.counts and member.version not in (None, new):
            weights[member.version] = weights.get(member.version, 0) + units([member])
    return max(weights, key=lambda number: (weights[number], number), default=one.versions.default)
