"""The order in which parts can be made, and the order in which what has to go can go. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from blueprints.part import Part
from tasks.errors import Invalid, Problem
from tasks.kind import Found, Kind
from tasks.plan import Removal


def in_order(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts, each after what it needs. Raises Invalid for doubles, parts that nobody provides, and circles."""
    parts = tuple(parts)
    by_key = {part.key: part for part in parts}
    problems = [
        Problem(part.where or part.key, f"{part.key} is asked for twice")
        for part in parts
        if by_key[part.key] is not part
    ]
    for part in parts:
        for need in part.needs:
            if need not in by_key:
                why = f"needs {need}, which nobody provides"
                problems.append(Problem(part.where or part.key, why, "Name one that stands in the document"))
    order, circles = _sorted({key: {need for need in part.needs if need in by_key} for key, part in by_key.items()})
    for circle in circles:
        where = by_key[circle[0]].where or circle[0]
        problems.append(Problem(where, f"goes in a circle: {' needs '.join(reversed(circle))}"))
    if problems:
        raise Invalid("The blueprint", problems)
    return tuple(by_key[key] for key in order)


def removal_order(going: Iterable[Found[Any]], kinds: Mapping[str, Kind[Any, Any]]) -> Iterator[Removal]:
    """Removals, each after those whose state names its id, and after the kinds that it must outlast.

    Needs no blueprint: what AWS tells of each resource is enough.
    """
    by_label = {_label(one): one for one in going}
    mentions = {label: set(strings(one.state.model_dump())) for label, one in by_label.items()}
    home = {one.id: label for label, one in by_label.items() if one.id not in mentions[label]}
    after: dict[str, set[str]] = {label: set() for label in by_label}
    of_kind: dict[str, list[str]] = defaultdict(list)
    for label, one in by_label.items():
        of_kind[one.kind].append(label)
        for id in mentions[label] & home.keys():
            after[home[id]].add(label)
    for label, one in by_label.items():
        for kind in kinds[one.kind].outlasted_by:
            for other in of_kind[kind]:
                after[other].add(label)
    along = _taken_along(by_label, mentions, home, after, kinds)
    order, _ = _sorted(after)
    for label in order:
        yield Removal(part=by_label[label].key, id=by_label[label].id, after=tuple(sorted(after[label])))
    for label, parent in sorted(along.items()):
        yield Removal(part=by_label[label].key, id=by_label[label].id, along=parent)


def _taken_along(
    by_label: Mapping[str, Found[Any]],
    mentions: Mapping[str, set[str]],
    home: Mapping[str, str],
    after: dict[str, set[str]],
    kinds: Mapping[str, Kind[Any, Any]],
) -> dict[str, str]:
    """What goes with a parent that goes too, by label; it is taken out of `after`, and its order becomes the parent's.

    Not where that would be a circle: of two groups whose rules name each other, one's rules must be emptied first.
    """
    parents = {label: parent for label in by_label if (parent := _parent(label, by_label, mentions, home, kinds))}
    followers: dict[str, set[str]] = {label: set() for label in after}
    for label, first in after.items():
        for before in first:
            followers[before].add(label)
    along: dict[str, str] = {}
    for label in sorted(parents, key=lambda child: (len(followers[child]), child)):
        parent = parents[label]
        while parent in along:
            parent = along[parent]
        before_parent = _all_before(parent, after, without=label)
        circle = followers[label] & before_parent or any(parent in _all_before(one, after) for one in after[label])
        if circle:
            continue
        along[label] = parent
        for follower in followers.pop(label) - {parent}:
            after[follower] = after[follower] - {label} | {parent}
            followers[parent].add(follower)
        for earlier in after.pop(label):
            followers[earlier] = followers[earlier] - {label} | {parent}
            after[parent].add(earlier)
        after[parent].discard(label)
    return {label: _root(label, along) for label in along}


def _parent(
    label: str,
    by_label: Mapping[str, Found[Any]],
    mentions: Mapping[str, set[str]],
    home: Mapping[str, str],
    kinds: Mapping[str, Kind[Any, Any]],
) -> str | None:
    """The label of what would take it along: what has the same id (a group), else the only one that it names."""
    one = by_label[label]
    named = [home[id] for id in mentions[label] & home.keys()]
    fitting = [parent for parent in named if by_label[parent].kind in kinds[one.kind].goes_with]
    own = [parent for parent in fitting if by_label[parent].id == one.id]
    return next(iter(own or (fitting if len(fitting) == 1 else [])), None)


def _root(label: str, along: Mapping[str, str]) -> str:
    while label in along:
        label = along[label]
    return label


def _all_before(label: str, after: Mapping[str, set[str]], without: str = "") -> set[str]:
    """All that must be gone before a label, however far back, not counting what is so only by way of `without`."""
    found: set[str] = set()
    ahead = [label]
    while ahead:
        new = after[ahead.pop()] - found - {without}
        found |= new
        ahead += new
    return found


def strings(value: Any) -> Iterator[str]:
    """Every string in a dumped model."""
    match value:
        case str():
            yield value
        case Mapping():
            for inner in value.values():
                yield from strings(inner)
        case tuple() | list() | set() | frozenset():
            for inner in value:
                yield from strings(inner)


def _sorted(after: dict[str, set[str]]) -> tuple[list[str], list[list[str]]]:
    """A topological order, the same in every process, and the circles; one edge of each is dropped from `after`."""
    circles: list[list[str]] = []
    while True:
        try:
            graph = {label: sorted(first) for label, first in after.items()}
            return list(TopologicalSorter(graph).static_order()), circles
        except CycleError as error:
            circles.append(list(error.args[1]))
            first, second = circles[-1][:2]
            after[second].discard(first)


def _label(found: Found[Any]) -> str:
    return f"{found.key} {found.id}"
