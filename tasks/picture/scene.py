"""What is drawn: cards in their places, and arrows between them. Pure: from things to a scene."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tasks.picture.things import Thing, keys_in

Place = Literal["outside", "edge", "vpc", "subnets", "services", "elsewhere"]
INTERNET = "outside/internet"


@dataclass(frozen=True)
class Card:
    """A box with a glyph, a title and a line beneath. `subnets` are the keys of those that it stands in."""

    key: str
    family: str
    title: str
    told: str
    place: Place
    subnets: tuple[str, ...] = ()
    phase: str = "standing"


@dataclass(frozen=True)
class Arrow:
    """Traffic from one card to another; `may` for what is only allowed, not set up."""

    source: str
    target: str
    label: str = ""
    may: bool = False


@dataclass(frozen=True)
class Subnet:
    """A subnet. `row` is what it shares with its like in other zones: `public`, say."""

    key: str
    name: str
    row: str
    zone: str
    told: str
    public: bool


@dataclass(frozen=True)
class Scene:
    """All that is drawn, and a count of what isn't, by kind."""

    name: str
    region: str
    vpc: str | None
    subnets: tuple[Subnet, ...]
    cards: tuple[Card, ...]
    arrows: tuple[Arrow, ...] = ()
    not_drawn: Mapping[str, int] = field(default_factory=dict)


FAMILIES: dict[str, tuple[str, Place]] = {
    "api": ("api", "services"),
    "http-api": ("api", "services"),
    "rest-api": ("api", "services"),
    "bucket": ("bucket", "services"),
    "classic-balancer": ("balancer", "subnets"),
    "distribution": ("distribution", "edge"),
    "event-rule": ("clock", "services"),
    "function": ("function", "services"),
    "gateway-endpoint": ("endpoint", "vpc"),
    "instance": ("instance", "subnets"),
    "internet-gateway": ("gateway", "vpc"),
    "load-balancer": ("balancer", "subnets"),
    "nat-gateway": ("gateway", "subnets"),
    "queue": ("queue", "services"),
    "scaling-group": ("servers", "subnets"),
}
"""How each kind that is a card of its own is drawn, and where."""
AS_ARROWS = {"firewall", "listener", "listener-rule", "target-group", "event-source", "bucket-notification"}
AS_BOXES = {"vpc", "subnet", "interface-endpoint", "site"}


def cards_of(things: Sequence[Thing]) -> tuple[list[Card], tuple[Subnet, ...]]:
    """A card for each thing that is one, and the subnets that they stand in."""
    by_key = {thing.key: thing for thing in things}
    cards = [_card(thing, by_key) for thing in things if thing.kind in FAMILIES]
    cards += _interface_endpoints(things)
    subnets = [_subnet(thing, things) for thing in things if thing.kind == "subnet"]
    known = {one.key for one in subnets}
    others = dict.fromkeys(key for card in cards for key in card.subnets if key not in known)
    subnets += [_default_subnet(key) for key in sorted(others)]
    return cards, tuple(subnets)


def left_out(things: Iterable[Thing]) -> dict[str, int]:
    """How many there are of each kind that is neither card, box nor arrow."""
    counts = Counter(thing.kind for thing in things if thing.kind not in {*FAMILIES, *AS_ARROWS, *AS_BOXES})
    return dict(sorted(counts.items()))


def _card(thing: Thing, things: Mapping[str, Thing]) -> Card:
    family, place = FAMILIES[thing.kind]
    subnets = _subnets(thing.state)
    if thing.kind == "function" and subnets:
        place = "subnets"
    return Card(thing.key, family, thing.name, told_of(thing, things), place, subnets, thing.phase)


def _subnets(state: Mapping[str, Any]) -> tuple[str, ...]:
    asked = state.get("subnets") or ([state["subnet"]] if state.get("subnet") else [])
    return tuple(keys_in(asked)) or tuple(sorted(asked))


def told_of(thing: Thing, things: Mapping[str, Thing]) -> str:
    """What is said of a thing beneath its name."""
    state = thing.state
    match thing.kind:
        case "scaling-group":
            (key, *_) = keys_in(state["template"]) or [""]
            type = things[key].state["instance_type"] if key in things else "servers"
            count = str(state["min"]) if state["min"] == state["max"] else f"{state['min']}–{state['max']}"
            return f"{count} × {type}{', spot too' if state.get('mixed') else ''}"
        case "load-balancer":
            return f"{state['type']}, {'public' if state['scheme'] == 'internet-facing' else 'internal'}"
        case "classic-balancer":
            return f"classic, {'public' if state['scheme'] == 'internet-facing' else 'internal'}"
        case "function":
            return f"{state.get('runtime') or 'image'}, {state['memory']} MB"
        case "instance":
            volumes = len(state.get("volumes") or ())
            return (
                f"{state['instance_type']}{f', {volumes} volumes' if volumes > 1 else ', 1 volume' if volumes else ''}"
            )
        case "event-rule":
            return str(state["schedule"])
        case "http-api":
            return "WebSocket API" if state["protocol"] == "WEBSOCKET" else "HTTP API"
        case "bucket":
            return "bucket of a site" if f"site/{thing.name}" in things else "bucket"
        case "distribution":
            return ", ".join(state.get("aliases") or ()) or "CloudFront"
        case kind:
            return {"rest-api": "REST API", "nat-gateway": "NAT gateway"}.get(kind, kind.replace("-", " "))


def _interface_endpoints(things: Sequence[Thing]) -> list[Card]:
    """One card for those that stand in the same subnets."""
    together: dict[tuple[str, ...], list[Thing]] = {}
    for thing in things:
        if thing.kind == "interface-endpoint":
            together.setdefault(_subnets(thing.state), []).append(thing)
    return [
        Card(ones[0].key, "endpoint", ", ".join(one.name for one in ones), "interface endpoints", "subnets", subnets)
        for subnets, ones in together.items()
    ]


def _subnet(thing: Thing, things: Sequence[Thing]) -> Subnet:
    zone, public = str(thing.state["zone"]), bool(thing.state["public_addresses"])
    row = thing.name.removesuffix(f"-{zone[-1]}")
    way = "" if public or _way_out(thing, things) else " · no way out"
    return Subnet(thing.key, thing.name, row, zone, f"{thing.state['cidr']}{way}", public)


def _way_out(subnet: Thing, things: Sequence[Thing]) -> bool:
    """Whether a route leads from it to anywhere."""
    tables = [one for one in things if one.kind == "route-table" and subnet.key in keys_in(one.state["subnets"])]
    return any(route["destination"] == "0.0.0.0/0" for table in tables for route in table.state["routes"])


def _default_subnet(key: str) -> Subnet:
    """One that isn't Castra's: of the default VPC."""
    name = key.partition(":")[2] or key
    return Subnet(key, name, "default", name, "", True)
