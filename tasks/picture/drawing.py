"""A scene as SVG: the same scene is always the same text. No script, no style sheet, nothing from elsewhere."""

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tasks.picture.boxes import Box, Frame, Placed
from tasks.picture.glyphs import COLOURS, GLYPHS
from tasks.picture.labels import SIZE, Label, labels
from tasks.picture.layout import foot, placed
from tasks.picture.lettering import shortened, width
from tasks.picture.routes import Way, ways
from tasks.picture.scene import Card, Scene

FONT = "Geist, Helvetica, Arial, 'DejaVu Sans', sans-serif"
INK, FAINT, LINE, MAY = "#1d2733", "#5b6b7b", "#33475b", "#8797a8"
FRAMES: Mapping[str, Mapping[str, str]] = {
    "region": {"fill": "#fbfcfd", "stroke": "#9fb0c0", "stroke-dasharray": "2 3"},
    "vpc": {"fill": "#f6f3fc", "stroke": "#7b4fc9"},
    "zone": {"fill": "none", "stroke": "#8797a8", "stroke-dasharray": "6 4"},
    "public": {"fill": "#eaf5e4", "stroke": "#9cc48a"},
    "private": {"fill": "#e8f0f9", "stroke": "#9ab8d6"},
}


def svg(scene: Scene) -> str:
    """The picture."""
    where = placed(scene)
    found = ways(where, scene.arrows)
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            **_numbers(width=where.width, height=where.height),
            "viewBox": f"0 0 {where.width} {where.height}",
            "font-family": FONT,
            "role": "img",
        },
    )
    SubElement(root, "title").text = f"{scene.name} in {scene.region}"
    SubElement(root, "rect", {**_numbers(width=where.width, height=where.height), "fill": "#ffffff"})
    _text(root, scene.name, 40, 38, 20, bold=True)
    for frame in where.frames:
        _frame(root, frame)
    for way in found:
        _arrow(root, way)
    for card in scene.cards:
        _card(root, card, where.cards[card.key])
    for label in labels(found, where):
        _label(root, label)
    _foot(root, scene, where)
    indent(root, " ")
    return tostring(root, encoding="unicode") + "\n"


def _frame(root: Element, frame: Frame) -> None:
    box = {**_box(frame.box), "rx": "6", **FRAMES[frame.style]}
    SubElement(root, "rect", box)
    title = shortened(frame.title, frame.box.width - 20, 12, bold=True)
    text = _text(root, title, frame.box.x + 10, frame.box.y + 18, 12, bold=True, colour=FAINT)
    if frame.told:
        SubElement(text, "tspan", {"font-weight": "normal", "font-size": "11", "dx": "8"}).text = frame.told


def _card(root: Element, card: Card, box: Box) -> None:
    group, colour = SubElement(root, "g"), COLOURS[card.family]
    SubElement(group, "title").text = f"{card.key}" if card.phase == "standing" else f"{card.key} ({card.phase})"
    edge = {"stroke": colour, "stroke-width": "1.5"}
    if card.phase != "standing":
        edge["stroke-dasharray"] = "4 3"
    SubElement(group, "rect", {**_box(box), "rx": "8", "fill": "#ffffff", **edge})
    room = box.width - 62
    title = shortened(card.title, room, 13, bold=True)
    told = card.told if card.phase == "standing" else f"{card.phase}: {card.told}"
    told = shortened(told, room, 11)
    words = max(width(title, 13, bold=True), width(told, 11))
    left = box.x + 10 + max(0, int(room - words) // 2)
    glyph = {"d": GLYPHS[card.family], "transform": f"translate({left} {box.y + 14})", "fill": "none"}
    SubElement(group, "path", {**glyph, "stroke": colour, "stroke-width": "2", "stroke-linejoin": "round"})
    _text(group, title, left + 42, box.y + 27, 13, bold=True)
    _text(group, told, left + 42, box.y + 44, 11, colour=FAINT)


def _arrow(root: Element, way: Way) -> None:
    if not way.corners:
        return
    colour = MAY if way.arrow.may else LINE
    line = "M" + "L".join(f"{x} {y}" for x, y in way.corners)
    style = {"fill": "none", "stroke": colour, "stroke-width": "1.5", "stroke-linejoin": "round"}
    dashed = {"stroke-dasharray": "5 4"} if way.arrow.may else {}
    SubElement(root, "path", {"d": line, **style, **dashed})
    (bx, by), (x, y) = way.corners[-2], way.corners[-1]
    dx, dy = (x > bx) - (x < bx), (y > by) - (y < by)
    head = f"M{x} {y}l{-9 * dx - 4 * dy} {-9 * dy - 4 * dx}l{8 * dy} {8 * dx}z"
    SubElement(root, "path", {"d": head, "fill": colour})


def _label(root: Element, label: Label) -> None:
    """White behind each letter, where it stands on a line."""
    text = _text(root, label.text, label.box.x + label.box.width // 2, label.box.y + 12, SIZE)
    halo = {"stroke": "#ffffff", "stroke-width": "3", "stroke-linejoin": "round", "paint-order": "stroke"}
    text.attrib |= {"text-anchor": "middle", **halo}


def _foot(root: Element, scene: Scene, where: Placed) -> None:
    """What the lines mean, and what isn't drawn."""
    for number, line in enumerate(foot(scene, where.width - 80)):
        _text(root, line, 40, where.height - where.foot + 30 + 18 * number, 11, colour=FAINT)


def _text(parent: Element, text: str, x: int, y: int, size: int, *, bold: bool = False, colour: str = INK) -> Element:
    weight = {"font-weight": "bold"} if bold else {}
    element = SubElement(parent, "text", {**_numbers(x=x, y=y), "font-size": str(size), "fill": colour, **weight})
    element.text = text
    return element


def _box(box: Box) -> dict[str, str]:
    return _numbers(x=box.x, y=box.y, width=box.width, height=box.height)


def _numbers(**values: int) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}
