"""Pictures: nothing lies on anything else, everything is in what it's in, arrows lead where traffic goes."""

import re
from itertools import combinations
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from blueprints.environment import Environment
from blueprints.reading import build, load
from tasks.picture.boxes import Box, Placed
from tasks.picture.drawing import svg
from tasks.picture.labels import labels
from tasks.picture.layout import placed
from tasks.picture.lettering import shortened, width
from tasks.picture.raster import png
from tasks.picture.routes import Way, ways
from tasks.picture.scene import Scene
from tasks.picture.staging import scene_of, staged
from tasks.picture.things import things_of
from tasks.registry import KINDS
from tests.tasks.rows import ROWS
from tests.tasks.rows.row import Row

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("examples/*.yaml"), *ROOT.glob("blueprints/catalog/*.yaml")])


def many(servers: int, functions: int) -> Environment:
    """Servers behind three balancers that admit each other, and functions in a chain of queues: as much as one has."""
    ssm = {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}
    names = [f"group-with-a-long-name-{number:02}" for number in range(servers)]
    fleet = {
        name: {
            "image": ssm,
            "port": 8000 + number,
            "health_check": "/",
            "admits": [{"port": 22, "servers": [names[number - 1]]}],
        }
        for number, name in enumerate(names)
    }
    fronts = {
        f"front-{number}": {
            "public": number < 2,
            "listeners": [{"port": 80 + at, "to": name} for at, name in enumerate(names[number::3])],
        }
        for number in range(3)
    }
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/work:1"
    work = {
        f"work-{number}": {
            "image": image,
            "timeout": 5,
            "on": [{"queue": f"queue-{number}"}],
            "can": [{"send": f"queue/queue-{(number + 1) % functions}"}, {"write": "bucket/store"}],
        }
        for number in range(functions)
    }
    return build(
        {
            "name": "many",
            "region": "eu-west-1",
            "network": {"cidr": "10.0.0.0/16", "zones": 3, "nat": "each", "endpoints": ["s3", "ssm", "logs"]},
            "balancers": fronts if servers else {},
            "servers": fleet,
            "functions": work,
            "queues": {f"queue-{number}": {"dead_letters": 3} for number in range(functions)},
            "buckets": {"store": {}},
        }
    )


SCENES = [pytest.param(load(path), id=str(path.relative_to(ROOT))) for path in DOCUMENTS]
SCENES += [pytest.param(many(*size), id=f"{size[0]}-servers-{size[1]}-functions") for size in ((3, 1), (6, 4))]
every_scene = pytest.mark.parametrize("environment", SCENES)


_DRAWN: dict[int, tuple[Scene, Placed, tuple[Way, ...]]] = {}


def drawn(environment: Environment) -> tuple[Scene, Placed, tuple[Way, ...]]:
    """Each once, for all tests."""
    if id(environment) not in _DRAWN:
        scene = scene_of(environment)
        where = placed(scene)
        _DRAWN[id(environment)] = scene, where, ways(where, scene.arrows)
    return _DRAWN[id(environment)]


def touches(point: tuple[int, int], box: Box) -> bool:
    """Whether a point is on a box's edge."""
    x, y = point
    within = box.x <= x <= box.right and box.y <= y <= box.bottom
    return within and (x in (box.x, box.right) or y in (box.y, box.bottom))


@every_scene
def test_nothing_lies_on_anything_else_and_all_is_in_what_it_is_in(environment: Environment) -> None:
    scene, where, _ = drawn(environment)
    assert sorted(where.cards) == sorted(card.key for card in scene.cards)
    whole, frames = Box(0, 0, where.width, where.height), {frame.key: frame for frame in where.frames}
    for (one, box), (other, beside) in combinations(where.cards.items(), 2):
        assert not box.grown(10).overlaps(beside), f"{one} and {other}"
    for key, box in where.cards.items():
        assert box.within(frames[where.inside[key]].box if key in where.inside else whole), key
    for frame in where.frames:
        assert frame.box.within(frames[frame.inside].box if frame.inside else whole), frame.key
    for one, other in combinations(where.frames, 2):
        if one.inside == other.inside:
            assert not one.box.overlaps(other.box), f"{one.key} and {other.key}"


@every_scene
def test_a_card_reaches_over_the_subnets_that_it_stands_in(environment: Environment) -> None:
    scene, where, _ = drawn(environment)
    frames = {frame.key: frame.box for frame in where.frames}
    for card in scene.cards:
        if card.place == "subnets":
            rows = [frames[key] for key in card.subnets if frames[key].y == frames[card.subnets[0]].y]
            box = where.cards[card.key]
            assert all(box.overlaps(row) and row.y < box.y and box.bottom < row.bottom for row in rows), card.key


@every_scene
def test_every_arrow_leads_from_card_to_card_and_through_none(environment: Environment) -> None:
    scene, where, found = drawn(environment)
    assert {way.arrow for way in found} == set(scene.arrows)
    for way in found:
        assert way.corners, way.arrow
        assert touches(way.corners[0], where.cards[way.arrow.source])
        assert touches(way.corners[-1], where.cards[way.arrow.target])
        for (ax, ay), (bx, by) in zip(way.corners, way.corners[1:], strict=False):
            assert ax == bx or ay == by
            line = Box(min(ax, bx), min(ay, by), abs(ax - bx), abs(ay - by))
            assert [key for key, box in where.cards.items() if _crosses(line, box)] == [], way.arrow


def _crosses(line: Box, box: Box) -> bool:
    """Whether a level or upright line goes through the inside of a box."""
    across = line.x < box.right and box.x < line.right if line.width else box.x < line.x < box.right
    return across and (line.y < box.bottom and box.y < line.bottom if line.height else box.y < line.y < box.bottom)


@every_scene
def test_no_words_lie_on_a_card_or_on_other_words(environment: Environment) -> None:
    scene, where, found = drawn(environment)
    told = labels(found, where)
    assert len(told) == sum(bool(arrow.label) for arrow in scene.arrows)
    for label in told:
        assert not any(label.box.overlaps(box) for box in where.cards.values()), label
        assert label.box.within(Box(0, 0, where.width, where.height)), label
    assert not [(one, other) for one, other in combinations(told, 2) if one.box.overlaps(other.box)]


@every_scene
def test_the_same_blueprint_is_the_same_picture(environment: Environment) -> None:
    text = svg(scene_of(environment))
    turned = environment.model_copy(
        update={name: dict(reversed(getattr(environment, name).items())) for name in ("servers", "functions", "queues")}
    )
    assert text == svg(scene_of(turned))
    assert fromstring(text).tag.endswith("svg")
    assert not re.search(r"<script|<style|href|url\(", text)


def test_a_picture_says_who_speaks_to_whom() -> None:
    scene = scene_of(load(ROOT / "examples" / "web.yaml"))
    assert {(arrow.source, arrow.target, arrow.label) for arrow in scene.arrows} == {
        ("outside/internet", "load-balancer/front", "HTTP 80"),
        ("load-balancer/front", "scaling-group/app", "8080"),
        ("load-balancer/front", "scaling-group/api", "9000 for /api/*"),
        ("scaling-group/app", "scaling-group/api", "9000"),
    }
    assert [card.told for card in scene.cards if card.key == "scaling-group/app"] == ["2–6 × t3.small"]


def test_it_says_what_calls_functions_and_what_they_may_do() -> None:
    scene = scene_of(load(ROOT / "blueprints" / "catalog" / "batch.yaml"))
    assert {(arrow.source, arrow.target, arrow.label, arrow.may) for arrow in scene.arrows} == {
        ("bucket/inbox", "queue/jobs", "created", False),
        ("queue/jobs", "function/work", "5 at once", False),
        ("queue/jobs", "queue/jobs-dead", "after 3 tries", False),
        ("function/work", "bucket/inbox", "reads", True),
        ("function/work", "bucket/results", "writes", True),
    }


def test_what_isnt_drawn_is_counted_so_that_every_part_is_accounted_for() -> None:
    environment = load(ROOT / "examples" / "web.yaml")
    scene = scene_of(environment)
    as_arrows = ("firewall", "listener", "listener-rule", "target-group")
    kinds = [part.kind for part in environment.parts() if part.kind not in (*as_arrows, "vpc", "subnet")]
    cards = [card for card in scene.cards if not card.key.startswith("outside/")]
    assert len(cards) + sum(scene.not_drawn.values()) == len(kinds)
    assert "route table (4)" in svg(scene)


def test_a_long_text_is_cut_where_it_no_longer_fits() -> None:
    assert shortened("short", 100, 11) == "short"
    cut = shortened("a text that is much too long for its box", 100, 11)
    assert cut.endswith("…")
    assert width(cut, 11) <= 100


def test_as_png_it_is_a_picture_and_the_same_each_time() -> None:
    text = svg(scene_of(load(ROOT / "examples" / "jamstack.yaml")))
    picture = png(text)
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000  # words and lines, not a white sheet
    assert picture == png(text)


@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_a_part_of_any_kind_can_be_drawn_or_is_counted(row: Row) -> None:
    """Whatever stands beside it."""
    scene = staged("any", "eu-west-1", things_of((*row.needs, row.part), KINDS))
    assert fromstring(svg(scene)).tag.endswith("svg")
