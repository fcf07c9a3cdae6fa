"""The ways of arrows: along a grid, around cards, with few bends, and apart from each other. Pure."""

import heapq
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tasks.picture.boxes import GRID, Box, Placed
from tasks.picture.lettering import width
from tasks.picture.scene import Arrow

Point = tuple[int, int]
Step = tuple[int, int]
State = tuple[Point, Step]  # where a search is, and which way it came
SIDES: tuple[Step, ...] = ((0, 1), (0, -1), (1, 0), (-1, 0))  # down, up, right, left
STUB = 2  # steps that an arrow goes straight at its ends
BEND, CROSSED, SHARED, BESIDE, THROUGH_TEXT, ALONG = 6, 5, 80, 3, 8, 1  # what is paid beside a step's 1
OFF_CENTRE = 0.6


@dataclass(frozen=True)
class Way:
    """An arrow and the corners of its way, in pixels, from its source's edge to its target's."""

    arrow: Arrow
    corners: tuple[Point, ...]


@dataclass(frozen=True)
class _Port:
    """Where an arrow may leave a card: the point on its edge, the way out, and what it costs."""

    at: Point
    out: Step
    cost: float

    @property
    def stub(self) -> Point:
        """Where it begins to turn."""
        return self.at[0] + STUB * self.out[0], self.at[1] + STUB * self.out[1]


def ways(placed: Placed, arrows: Iterable[Arrow]) -> tuple[Way, ...]:
    """A way for each arrow; short ones are laid first, for they have less choice."""
    finder = _Finder(placed)
    order = sorted(arrows, key=lambda arrow: (_apart(placed, arrow), arrow.source, arrow.target, arrow.may))
    return tuple(Way(arrow, finder.way(arrow)) for arrow in order)


def _apart(placed: Placed, arrow: Arrow) -> int:
    source, target = placed.cards[arrow.source], placed.cards[arrow.target]
    return abs(2 * source.x + source.width - 2 * target.x - target.width) // 2 + abs(source.y - target.y)


class _Search:
    """What a search for one way has come to: the cheapest cost of each state, and whence it was come to."""

    def __init__(self, aim: Box) -> None:
        self._aim = aim
        self.least = float("inf")  # what the best way found yet costs
        self._heap: list[tuple[float, float, int, State]] = []
        self._best: dict[State, float] = {}
        self._before: dict[State, State | _Port] = {}

    def come(self, state: State, cost: float, before: "State | _Port") -> None:
        """A state can be come to at this cost."""
        if cost < self._best.get(state, float("inf")):
            self._best[state], self._before[state] = cost, before
            heapq.heappush(self._heap, (cost + _left(state[0], self._aim), cost, len(self._before), state))

    def nearest(self) -> Iterator[tuple[State, float]]:
        """States, the most hopeful first, as long as what they must cost at least is less than `least`."""
        while self._heap and self._heap[0][0] < self.least:
            _, cost, _, state = heapq.heappop(self._heap)
            if cost <= self._best[state]:
                yield state, cost

    def back_from(self, state: State) -> list[Point]:
        """The points of the way to a state, from where it leaves its card."""
        points = [state[0]]
        while not isinstance(earlier := self._before[state], _Port):
            state = earlier
            points.append(state[0])
        return [*reversed([*points, earlier.at])]


class _Finder:
    """Finds ways one after another, each apart from those before it."""

    def __init__(self, placed: Placed) -> None:
        self._cards = placed.cards
        self._size = placed.width // GRID, placed.height // GRID
        self._closed = {point for box in placed.cards.values() for point in _points(box.grown(GRID))}
        edges = {point for frame in placed.frames for point in _beside(frame.box)}
        captions = [_caption(frame.box, frame.title, frame.told) for frame in placed.frames]
        asked = Counter(dict.fromkeys(edges, ALONG))
        asked.update(dict.fromkeys({point for box in captions for point in _points(box)}, THROUGH_TEXT))
        self._level, self._upright = Counter(asked), Counter(asked)  # the toll of each point, by the way one goes

    def way(self, arrow: Arrow) -> tuple[Point, ...]:
        """The cheapest way, by A*; it is noted, so that later ones keep apart. Empty where there is none."""
        search = _Search(self._cards[arrow.target])
        for port in self._ports(arrow.source):
            search.come((port.stub, port.out), port.cost + self._stub_cost(port), port)
        ends = {(port.stub, (-port.out[0], -port.out[1])): port for port in self._ports(arrow.target)}
        found = None
        for state, cost in search.nearest():
            end = ends.get(state)
            if end is not None and (whole := cost + end.cost + self._stub_cost(end)) < search.least:
                found, search.least = state, whole
            for to, paid in self._onward(state):
                search.come(to, cost + paid, state)
        return self._noted(search.back_from(found), ends[found]) if found else ()

    def _onward(self, state: State) -> Iterator[tuple[State, int]]:
        """The steps from a point, but back, with what each costs."""
        (x, y), step = state
        for onward in SIDES:
            to = x + onward[0], y + onward[1]
            inside = 0 < to[0] < self._size[0] and 0 < to[1] < self._size[1]
            if inside and to not in self._closed and (onward[0] + step[0] or onward[1] + step[1]):
                tolls = self._level if onward[1] == 0 else self._upright
                yield (to, onward), 1 + (BEND if onward != step else 0) + tolls.get(to, 0)

    def _noted(self, points: list[Point], end: _Port) -> tuple[Point, ...]:
        """The corners of a way; all that it runs over is noted."""
        cells = points[:1]
        for point in [*points[1:], end.at]:
            cells += _between(cells[-1], point)
        for a, b in itertools.pairwise(cells):
            self._lay(a, level=a[1] == b[1])
            self._lay(b, level=a[1] == b[1])
        return tuple((x * GRID, y * GRID) for x, y in _corners(cells))

    def _ports(self, key: str) -> list[_Port]:
        """The points of a card's edges from which there's a way out; the middle is cheapest."""
        box = self._cards[key]
        left, top, right, bottom = box.x // GRID, box.y // GRID, box.right // GRID, box.bottom // GRID
        found = []
        for x in range(left + 1, right):
            off = abs(2 * x - left - right) / 2 * OFF_CENTRE
            found += [_Port((x, bottom), (0, 1), off), _Port((x, top), (0, -1), off)]
        for y in range(top + 1, bottom):
            off = 4 + abs(2 * y - top - bottom) / 2 * OFF_CENTRE
            found += [_Port((right, y), (1, 0), off), _Port((left, y), (-1, 0), off)]
        return [port for port in found if port.stub not in self._closed]

    def _stub_cost(self, port: _Port) -> float:
        return sum(self._toll(point, port.out) for point in [port.at, *_between(port.at, port.stub)])

    def _toll(self, point: Point, step: Step) -> int:
        """What is paid for what's there already."""
        return (self._level if step[1] == 0 else self._upright).get(point, 0)

    def _lay(self, point: Point, *, level: bool) -> None:
        """Later ones pay for running over it, for crossing it, and for running right beside it."""
        x, y = point
        along, across = (self._level, self._upright) if level else (self._upright, self._level)
        along[point] += SHARED
        across[point] += CROSSED
        for beside in ((x, y - 1), (x, y + 1)) if level else ((x - 1, y), (x + 1, y)):
            along[beside] += BESIDE


def _caption(box: Box, title: str, told: str) -> Box:
    """Where a frame's caption is, roughly."""
    return Box(box.x, box.y, min(box.width, int(width(title, 12, bold=True) + width(told, 11)) + 30), 25)


def _points(box: Box) -> Iterator[Point]:
    """The points of the grid in a box, its edges among them."""
    for x in range(-(-box.x // GRID), box.right // GRID + 1):
        for y in range(-(-box.y // GRID), box.bottom // GRID + 1):
            yield x, y


def _beside(box: Box) -> Iterator[Point]:
    """The points right beside a frame's edges, on both sides."""
    outer, inner = set(_points(box.grown(GRID // 2))), set(_points(box.grown(-GRID)))
    yield from outer - inner


def _left(point: Point, aim: Box) -> float:
    """Steps that are left at least: to the margin around the target."""
    x, y = point[0] * GRID, point[1] * GRID
    dx, dy = max(aim.x - x, x - aim.right, 0), max(aim.y - y, y - aim.bottom, 0)
    return max(0, (dx + dy) // GRID - STUB)


def _between(a: Point, b: Point) -> list[Point]:
    """The points from one to the other on a straight line, without the first."""
    steps = max(abs(b[0] - a[0]), abs(b[1] - a[1]))
    return [(a[0] + (b[0] - a[0]) * n // steps, a[1] + (b[1] - a[1]) * n // steps) for n in range(1, steps + 1)]


def _corners(cells: list[Point]) -> list[Point]:
    """The first, the last, and those at which it turns."""
    middle = [
        here
        for before, here, after in zip(cells, cells[1:], cells[2:], strict=False)
        if (before[0] == here[0]) != (here[0] == after[0])
    ]
    return [cells[0], *middle, cells[-1]]
