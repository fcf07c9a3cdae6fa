"""Where the words beside arrows stand: clear of cards, of each other, and of other arrows where that can be. Pure."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.picture.boxes import Box, Frame, Placed
from tasks.picture.lettering import shortened, width
from tasks.picture.routes import Point, Way

SIZE, HIGH, LONGEST = 11, 16, 180
FORBIDDEN, CROSSED, OFF_MIDDLE = 1000, 20, 0.05


@dataclass(frozen=True)
class Label:
    """A text, and the box that it fits in."""

    text: str
    box: Box


def labels(ways: Sequence[Way], placed: Placed) -> tuple[Label, ...]:
    """A label for each arrow that has words."""
    set_already: list[Label] = []
    lines = [line for way in ways for line in _lines(way)]
    captions = [_caption(frame) for frame in placed.frames]
    whole = Box(5, 50, placed.width - 10, placed.height - placed.foot - 50)
    for way in sorted(ways, key=lambda way: (_length(way.corners), way.arrow.source, way.arrow.target)):
        if way.arrow.label and way.corners:
            text = shortened(way.arrow.label, LONGEST, SIZE)
            boxes = list(_places(way.corners, -(-int(width(text, SIZE)) // 2) * 2))
            taken = [*placed.cards.values(), *(one.box for one in set_already)]
            costs = [
                (_cost(box, taken, lines, captions, whole) + OFF_MIDDLE * off, number)
                for number, (box, off) in enumerate(boxes)
            ]
            set_already.append(Label(text, boxes[min(costs)[1]][0]))
    return tuple(set_already)


def _places(corners: Sequence[Point], wide: int) -> Iterator[tuple[Box, float]]:
    """Boxes along the way, above and below level parts, at both sides of upright ones; and how far from the middle."""
    half = _length(corners) / 2
    gone = 0
    for (ax, ay), (bx, by) in itertools.pairwise(corners):
        long = abs(bx - ax) + abs(by - ay)
        for at in range(10, long, 10):
            x, y = ax + (bx - ax) * at // long, ay + (by - ay) * at // long
            off = abs(gone + at - half)
            if ay == by:
                yield Box(x - wide // 2, y - HIGH - 2, wide, HIGH), off
                yield Box(x - wide // 2, y + 2, wide, HIGH), off
            else:
                yield Box(x + 5, y - HIGH // 2, wide, HIGH), off
                yield Box(x - wide - 5, y - HIGH // 2, wide, HIGH), off
        gone += long


def _cost(box: Box, taken: Sequence[Box], lines: Sequence[Box], captions: Sequence[Box], whole: Box) -> float:
    grown = box.grown(2)
    forbidden = sum(grown.overlaps(other) for other in taken) + (not box.within(whole))
    crossed = sum(box.overlaps(line) for line in lines) + 2 * sum(box.overlaps(caption) for caption in captions)
    return FORBIDDEN * forbidden + CROSSED * crossed


def _lines(way: Way) -> Iterator[Box]:
    """An arrow's straight parts, as thin boxes."""
    for a, b in zip(way.corners, way.corners[1:], strict=False):
        yield Box(min(a[0], b[0]) - 1, min(a[1], b[1]) - 1, abs(a[0] - b[0]) + 2, abs(a[1] - b[1]) + 2)


def _caption(frame: Frame) -> Box:
    """Where a frame's caption is."""
    wide = int(width(frame.title, 12, bold=True) + width(frame.told, 11)) + 30
    return Box(frame.box.x, frame.box.y, min(frame.box.width, wide), 26)


def _length(corners: Sequence[Point]) -> int:
    return sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in itertools.pairwise(corners))
