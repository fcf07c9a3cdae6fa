"""Where everything is drawn. Pure: the same scene is always laid out in the same way."""

from dataclasses import replace

from tasks.picture.boxes import Box, Frame, Placed
from tasks.picture.lettering import width
from tasks.picture.network_layout import CARD_HEIGHT, HEADER, across, network
from tasks.picture.scene import Card, Scene

MARGIN, TITLE, ROW_GAP = 40, 70, 70
MOST_IN_A_ROW = 5


def placed(scene: Scene) -> Placed:
    """From above: those outside, what's at the edge, the region with its VPC and its services, and what's elsewhere."""
    y = TITLE
    rows: list[dict[str, Box]] = []
    for place in ("outside", "edge"):
        rows.append(across([card for card in scene.cards if card.place == place], MARGIN, y, 80))
        y += CARD_HEIGHT + ROW_GAP if rows[-1] else 0
    frames, within, inside = _region(scene, MARGIN, y)
    region = frames[0].box
    others = sorted(
        (card for card in scene.cards if card.place == "elsewhere"),
        key=lambda card: (_above(card, scene, within), card.key),
    )
    rows.append(across(others, MARGIN, region.bottom - 5 + ROW_GAP, 80))
    wide = max([region.right + 5, *(box.right for row in rows for box in row.values())])
    by = (wide - region.right - 5) // 2 // 10 * 10
    frames = [replace(frame, box=frame.box.moved(by, 0)) for frame in frames]
    cards = {key: box.moved(by, 0) for key, box in within.items()}
    for row in rows:
        cards |= _centred(row, MARGIN, wide)
    bottom = max([region.bottom, *(box.bottom for box in cards.values())])
    below = 40 + 20 * len(foot(scene, wide - MARGIN))
    return Placed(wide + MARGIN, bottom + below, tuple(frames), cards, inside, below)


def foot(scene: Scene, wide: int) -> list[str]:
    """Lines of text beneath all: what the arrows mean, and what isn't drawn."""
    told = ["Arrows: traffic that is let in, or led on."]
    told += ["Dashed: what a role may do."] if any(arrow.may for arrow in scene.arrows) else []
    counts = [f"{kind.replace('-', ' ')} ({count})" for kind, count in scene.not_drawn.items()]
    told += ["Not drawn:", *(f"{one}," for one in counts[:-1]), f"{counts[-1]}."] if counts else []
    lines: list[str] = []
    for word in told:
        if lines and word != "Not drawn:" and width(f"{lines[-1]} {word}", 11) <= wide:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _region(scene: Scene, x: int, y: int) -> tuple[list[Frame], dict[str, Box], dict[str, str]]:
    """The region, with the VPC at the left, and what's in no VPC at the right."""
    frames: list[Frame] = []
    cards: dict[str, Box] = {}
    where: dict[str, str] = {}
    left, top = x + 40, y + HEADER
    if scene.vpc is not None:
        frames, cards, where = network(scene, left, top, "region")
        left = frames[0].box.right + 5 + 90
    services = _services(scene, left, top + (HEADER if scene.vpc else 10), 3 if scene.vpc else MOST_IN_A_ROW)
    cards |= services
    where |= dict.fromkeys(services, "region")
    boxes = [*(frame.box for frame in frames), *cards.values()]
    right = max([x + 400, *(box.right for box in boxes)]) + 45
    bottom = max([y + 100, *(box.bottom for box in boxes)]) + 35
    right, bottom = right - right % 10, bottom - bottom % 10
    return (
        [Frame("region", "region", Box(x + 5, y + 5, right - x - 10, bottom - y - 10), scene.region), *frames],
        cards,
        where,
    )


def _services(scene: Scene, x: int, y: int, most: int) -> dict[str, Box]:
    """Rows from the first callers down; each row is in the order of those above that call it."""
    own = {card.key: card for card in scene.cards if card.place == "services"}
    placed: dict[str, Box] = {}
    widest = 0
    rows: list[dict[str, Box]] = []
    for layer in _layers(own, scene):
        ordered = sorted(layer, key=lambda card: (_above(card, scene, placed), card.key))
        for start in range(0, len(ordered), most):
            row = across(ordered[start : start + most], x, y, 60)
            rows.append(row)
            placed |= row
            widest = max(widest, max(box.right for box in row.values()))
            y += CARD_HEIGHT + ROW_GAP
    return {key: box for row in rows for key, box in _centred(row, x, widest).items()}


def _layers(cards: dict[str, Card], scene: Scene) -> list[list[Card]]:
    """Each card one below the lowest that calls it; a circle is cut where it would close."""
    calls = [(a.source, a.target) for a in scene.arrows if a.source in cards and a.target in cards]
    firm = {(a.source, a.target) for a in scene.arrows if not a.may}
    calls.sort(key=lambda call: (call not in firm, call))
    below: dict[str, set[str]] = {key: set() for key in cards}
    for source, target in calls:
        if not _reaches(target, source, below):
            below[source].add(target)
    depth = dict.fromkeys(cards, 0)
    for _ in cards:
        for source, targets in below.items():
            for target in targets:
                depth[target] = max(depth[target], depth[source] + 1)
    return [
        [card for key, card in cards.items() if depth[key] == n] for n in range(max(depth.values(), default=-1) + 1)
    ]


def _reaches(start: str, end: str, below: dict[str, set[str]]) -> bool:
    return start == end or any(_reaches(one, end, below) for one in below[start])


def _above(card: Card, scene: Scene, placed: dict[str, Box]) -> float:
    """The middle of those that call it, of those that are placed already."""
    callers = [placed[one.source] for one in scene.arrows if one.target == card.key and one.source in placed]
    return sum(box.x + box.width / 2 for box in callers) / len(callers) if callers else 0


def _centred(row: dict[str, Box], left: int, right: int) -> dict[str, Box]:
    """A row in the middle between two points, on the grid."""
    if not row:
        return row
    free = right - left - (max(box.right for box in row.values()) - min(box.x for box in row.values()))
    by = left + free // 2 - min(box.x for box in row.values())
    return {key: box.moved(by - by % 10, 0) for key, box in row.items()}
