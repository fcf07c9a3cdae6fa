"""Where a VPC and what's in it are drawn: zones as columns, kinds of subnets as rows, and bars across both."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.picture.boxes import Box, Frame
from tasks.picture.lettering import width
from tasks.picture.scene import Card, Scene, Subnet

CARD_HEIGHT, LANE_GAP, HEADER = 60, 50, 40
GUTTER = 70  # left and right of the zones, for arrows, at least
ORDER = ("balancer", "gateway", "servers", "instance", "function", "endpoint")


@dataclass(frozen=True)
class Lane:
    """A card in a row of subnets: its lane from above, and its first and last column."""

    card: Card
    number: int
    first: int
    last: int


def card_width(card: Card) -> int:
    """As much as its texts need, within bounds."""
    text = max(width(card.title, 13, bold=True), width(card.told, 11))
    return min(280, max(160, -(-int(text + 62) // 20) * 20))


def across(cards: Sequence[Card], x: int, y: int, gap: int = 50) -> dict[str, Box]:
    """Cards in a row, from a point."""
    placed: dict[str, Box] = {}
    for card in cards:
        placed[card.key] = Box(x, y, card_width(card), CARD_HEIGHT)
        x = placed[card.key].right + gap
    return placed


def network(scene: Scene, x: int, y: int, inside: str) -> tuple[list[Frame], dict[str, Box], dict[str, str]]:
    """The VPC's frames, and its cards, from a point; the frame of each card."""
    zones = sorted({subnet.zone for subnet in scene.subnets})
    rows = _rows(scene.subnets)
    lanes = {row: _lanes(scene, row, zones) for row in rows}
    gutter = _gutter(scene)
    wide = _column(scene, lanes)
    top = across([card for card in scene.cards if card.place == "vpc"], x + gutter, y + HEADER)
    below = y + HEADER + (CARD_HEIGHT + LANE_GAP if top else 0)
    frames: list[Frame] = []
    cards, where = dict(top), dict.fromkeys(top, "vpc")
    at = below + HEADER
    for row in rows:
        tall = HEADER + _deep(lanes[row]) + 20
        for column, zone in enumerate(zones):
            if subnet := next((one for one in scene.subnets if (one.row, one.zone) == (row, zone)), None):
                box = Box(x + gutter + column * (wide + 40) + 5, at + 5, wide - 10, tall - 10)
                style = "public" if subnet.public else "private"
                frames.append(Frame(subnet.key, style, box, subnet.name, subnet.told, f"zone/{zone}"))
        for lane in lanes[row]:
            left = x + gutter + lane.first * (wide + 40) + 20
            right = x + gutter + lane.last * (wide + 40) + wide - 20
            cards[lane.card.key] = Box(
                left, at + HEADER + lane.number * (CARD_HEIGHT + LANE_GAP), right - left, CARD_HEIGHT
            )
            where[lane.card.key] = "vpc" if lane.first != lane.last else f"zone/{zones[lane.first]}"
        at += tall + 30
    bottom = at - 10 if rows else below
    columns = [
        Frame(
            f"zone/{zone}",
            "zone",
            Box(x + gutter + n * (wide + 40) - 5, below + 5, wide + 10, bottom - below),
            zone,
            "",
            "vpc",
        )
        for n, zone in enumerate(zones)
    ]
    right = max([*(box.right for box in top.values()), *(one.box.right for one in columns), x + 200]) + gutter
    right += -right % 10
    vpc = Box(x + 5, y + 5, right - x - 10, bottom - y + 20)
    return [Frame("vpc", "vpc", vpc, str(scene.vpc), "", inside), *columns, *frames], cards, where


def _gutter(scene: Scene) -> int:
    """Room for half of the arrows on either side."""
    ends = {card.key for card in scene.cards if card.place == "subnets"}
    return max(GUTTER, 40 + 10 * (sum(arrow.target in ends for arrow in scene.arrows) // 2))


def _rows(subnets: Sequence[Subnet]) -> list[str]:
    """Public ones first."""
    return sorted(
        {one.row for one in subnets}, key=lambda row: (not any(s.public for s in subnets if s.row == row), row)
    )


def _lanes(scene: Scene, row: str, zones: Sequence[str]) -> list[Lane]:
    """Each card of a row in the first lane where its columns, and those to the right that arrows cross, are free."""
    columns = {one.key: zones.index(one.zone) for one in scene.subnets if one.row == row}
    ends = {end for arrow in scene.arrows for end in (arrow.source, arrow.target)}
    taken: dict[int, list[tuple[int, int]]] = {}
    lanes: list[Lane] = []
    for card in sorted(_standing_in(scene, columns), key=lambda card: _turn(card, scene)):
        spanned = sorted(columns[key] for key in card.subnets if key in columns)
        first, last = spanned[0], spanned[-1]
        reach = len(zones) - 1 if card.key in ends else last
        number = next(n for n in range(len(scene.cards)) if all(reach < a or b < first for a, b in taken.get(n, ())))
        taken.setdefault(number, []).append((first, reach))
        lanes.append(Lane(card, number, first, last))
    return lanes


def _standing_in(scene: Scene, columns: dict[str, int]) -> list[Card]:
    """A card that stands in several rows is drawn in its first one."""
    return [card for card in scene.cards if card.place == "subnets" and card.subnets and card.subnets[0] in columns]


def _turn(card: Card, scene: Scene) -> tuple[int, int, str]:
    """Balancers before what they lead to; those that are led to by others of their row after these."""
    fed = sum(arrow.target == card.key and arrow.source.startswith(("scaling-", "instance/")) for arrow in scene.arrows)
    return ORDER.index(card.family), fed, card.key


def _column(scene: Scene, lanes: dict[str, list[Lane]]) -> int:
    """Wide enough for each card that stands in one zone only, and for each caption."""
    single = [card_width(lane.card) for row in lanes.values() for lane in row if lane.first == lane.last]
    bars = [card_width(lane.card) / 2 for row in lanes.values() for lane in row if lane.first != lane.last]
    captions = [width(one.name, 12, bold=True) + width(one.told, 11) + 40 for one in scene.subnets]
    return -(-int(max([200, *(one + 40 for one in (*single, *bars)), *captions])) // 20) * 20


def _deep(lanes: Sequence[Lane]) -> int:
    deepest = max((lane.number for lane in lanes), default=-1) + 1
    return max(20, deepest * (CARD_HEIGHT + LANE_GAP) - LANE_GAP)
