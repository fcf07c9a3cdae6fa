"""Who speaks to whom: read from firewalls, listeners, routes, triggers and roles. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any
from urllib.parse import urlsplit

from tasks.picture.scene import INTERNET, Arrow, Card
from tasks.picture.things import Thing, document, keys_in

ANYWHERE = ("0.0.0.0/0", "::/0")
BALANCERS = ("load-balancer", "classic-balancer")
DOES = {"s3:GetObject": "reads", "s3:PutObject": "writes", "sqs:SendMessage": "sends", "lambda:InvokeFunction": "calls"}


def arrows_between(things: Sequence[Thing], cards: Iterable[Card]) -> tuple[list[Arrow], list[Card]]:
    """The arrows, and cards for those outside who are at one end of them. Between two cards there is one."""
    by_key = {thing.key: thing for thing in things}
    found = [*_admitted(things, by_key), *_apis(things), *_events(things), *_pages(things), *_allowed(things, by_key)]
    drawn = {card.key for card in cards}
    together: dict[tuple[str, str, bool], list[str]] = {}
    for arrow in found:
        ends = {arrow.source, arrow.target}
        if (
            all(end in drawn or end.startswith(("outside/", "within/", "elsewhere/")) for end in ends)
            and len(ends) == 2
        ):
            labels = together.setdefault((arrow.source, arrow.target, arrow.may), [])
            labels += [arrow.label] if arrow.label and arrow.label not in labels else []
    arrows = [
        Arrow(source, target, ", ".join(labels) if len(labels) < 4 else f"{labels[0]} and {len(labels) - 1} more", may)
        for (source, target, may), labels in sorted(together.items())
    ]
    others = dict.fromkeys(end for arrow in arrows for end in (arrow.source, arrow.target) if end not in drawn)
    return arrows, [_outsider(end) for end in sorted(others)]


def _outsider(end: str) -> Card:
    kind, _, name = end.partition("/")
    if end == INTERNET:
        return Card(end, "internet", "Internet", "everybody", "outside")
    if kind == "within":
        return Card(end, "network", name, "within the VPC", "vpc")
    if kind == "elsewhere":
        return Card(end, "internet", name, "elsewhere", "elsewhere")
    return Card(end, "network", name, "a network", "outside")


# ---------------------------------------------------------------------- firewalls


def _admitted(things: Sequence[Thing], by_key: Mapping[str, Thing]) -> Iterator[Arrow]:
    """What firewalls admit, to what is in their group; of an endpoint's, nothing."""
    members = _members(things)
    network = next((thing.state["cidr"] for thing in things if thing.kind == "vpc"), None)
    for wall in (thing for thing in things if thing.kind == "firewall"):
        for target in members.get(f"security-group/{wall.name}", ()):
            for rule in wall.state["inbound"]:
                for source in _peers(rule["peer"], members, network):
                    yield Arrow(source, target, _label(rule, source, target, things, by_key))


def _members(things: Sequence[Thing]) -> dict[str, list[str]]:
    """Each group to what is in it; launch templates stand for their scaling groups."""
    groups = [thing for thing in things if thing.kind == "scaling-group"]
    launched = {key: thing.key for thing in groups for key in keys_in(thing.state["template"])}
    members: dict[str, list[str]] = {}
    for thing in things:
        if thing.kind not in ("interface-endpoint", "firewall", "security-group"):
            for group in keys_in(thing.state.get("groups") or ()):
                members.setdefault(group, []).append(launched.get(thing.key, thing.key))
    return members


def _peers(peer: str, members: Mapping[str, Sequence[str]], network: str | None) -> Iterator[str]:
    if groups := keys_in(peer):
        yield from members.get(groups[0], ())
    elif peer in ANYWHERE:
        yield INTERNET
    else:
        inside = network is not None and ":" not in peer and IPv4Network(peer).subnet_of(IPv4Network(network))
        yield f"{'within' if inside else 'outside'}/{peer}"


def _label(
    rule: Mapping[str, Any], source: str, target: str, things: Sequence[Thing], by_key: Mapping[str, Thing]
) -> str:
    """The ports, with what is spoken there, or which paths lead there."""
    first, last = rule["ports"] or (None, None)
    ports = "all" if first is None else str(first) if first == last else f"{first}–{last}"
    if target.startswith(BALANCERS):
        return f"{_spoken(target, first, things, by_key)} {ports}".strip()
    over = "" if rule["protocol"] in ("tcp", "all") else f"{rule['protocol']} "
    paths = _paths(source, target, things, by_key) if source.startswith(BALANCERS) else []
    return " for ".join([f"{over}{ports}", *([", ".join(paths[:2])] if paths else [])])


def _spoken(balancer: str, port: int | None, things: Sequence[Thing], by_key: Mapping[str, Thing]) -> str:
    """What a balancer's listener speaks on a port."""
    own = list(by_key[balancer].state.get("listeners", ()))
    own += [one.state for one in things if one.kind == "listener" and balancer in keys_in(one.state["load_balancer"])]
    return next((str(one["protocol"]) for one in own if one["port"] == port), "")


def _paths(balancer: str, target: str, things: Sequence[Thing], by_key: Mapping[str, Thing]) -> list[str]:
    """The paths and hosts by which a balancer's rules lead to servers."""
    groups = set(keys_in(by_key[target].state.get("target_groups") or ())) if target in by_key else set()
    listeners = {one.key for one in things if one.kind == "listener" and balancer in keys_in(one.state)}
    found: list[str] = []
    for rule in (one for one in things if one.kind == "listener-rule"):
        if listeners & set(keys_in(rule.state["listener"])) and groups & set(keys_in(rule.state["actions"])):
            conditions = rule.state["conditions"]
            found += [*conditions["paths"], *conditions["hosts"]]
    return list(dict.fromkeys(found))


# ---------------------------------------------------------------------- services


def _apis(things: Sequence[Thing]) -> Iterator[Arrow]:
    """Everybody may ask an API; its routes lead on."""
    for api in (thing for thing in things if thing.kind in ("http-api", "rest-api")):
        yield Arrow(INTERNET, api.key, "WSS" if api.state.get("protocol") == "WEBSOCKET" else "HTTPS")
        routes = api.state.get("routes") or api.state.get("methods") or {}
        led: dict[str, list[str]] = {}
        for route, settings in routes.items():
            for target in _led_to(settings):
                led.setdefault(target, []).append(route)
        for target, named in led.items():
            yield Arrow(api.key, target, named[0] if len(named) == 1 else f"{len(named)} routes")
        for target in keys_in(api.state):
            if target not in led and target.startswith("function/"):
                yield Arrow(api.key, target)


def _led_to(settings: Mapping[str, Any]) -> list[str]:
    """A function, or a host elsewhere."""
    uri = str((settings.get("to") or settings).get("uri", ""))
    functions = [key for key in keys_in(uri) if key.startswith("function/")]
    host = urlsplit(uri).hostname if uri.startswith(("http://", "https://")) else None
    return functions or ([f"elsewhere/{host}"] if host else [])


def _events(things: Sequence[Thing]) -> Iterator[Arrow]:
    """What calls functions, and where messages go on to."""
    for thing in things:
        state = thing.state
        match thing.kind:
            case "event-rule":
                yield from (Arrow(thing.key, target) for target in keys_in(state["function"]))
            case "event-source":
                (queue,), (function,) = keys_in(state["queue"]), keys_in(state["function"])
                yield Arrow(queue, function, f"{state['batch']} at once")
            case "bucket-notification":
                (bucket,) = keys_in(state["bucket"])
                for notice in state["notices"]:
                    what = sorted({event.split(":")[1].removeprefix("Object").lower() for event in notice["events"]})
                    yield from (Arrow(bucket, to, " and ".join(what)) for to in keys_in(notice["to"]))
            case "function-url":
                (function,) = keys_in(state["function"])
                yield Arrow(INTERNET, function, "HTTPS" if state["open"] else "HTTPS, by IAM")
            case "queue" | "function" if state.get("dead_letters"):
                label = f"after {state['tries']} tries" if state.get("tries") else "what failed"
                yield from (Arrow(thing.key, dead, label) for dead in keys_in(state["dead_letters"]))


def _pages(things: Sequence[Thing]) -> Iterator[Arrow]:
    """Who reads pages: everybody, by CloudFront or from S3, or the VPC by its endpoint."""
    for thing in things:
        if thing.kind == "distribution":
            yield Arrow(INTERNET, thing.key, "HTTPS")
            yield from (Arrow(thing.key, bucket) for bucket in keys_in(thing.state["bucket"]))
        elif thing.kind == "bucket" and thing.state["website"] and thing.state["public_policy"] != "blocked":
            yield Arrow(INTERNET, thing.key, "HTTP")
        elif thing.kind == "bucket-policy" and any(key.startswith("vpc/") for key in keys_in(thing.state)):
            yield from (Arrow("gateway-endpoint/s3", bucket) for bucket in keys_in(thing.state["bucket"]))


def _allowed(things: Sequence[Thing], by_key: Mapping[str, Thing]) -> Iterator[Arrow]:
    """What roles may do with parts of the environment."""
    for thing in things:
        if thing.kind not in ("function", "scaling-group", "instance"):
            continue
        for role in _roles(thing, by_key):
            for policy in role.state["policies"].values():
                yield from _statements(thing.key, document(policy))


def _roles(thing: Thing, by_key: Mapping[str, Thing]) -> Iterator[Thing]:
    """A function's own; servers have theirs by a template and a profile."""
    for key in keys_in(thing.state):
        if key.startswith("role/") and key in by_key:
            yield by_key[key]
        elif key.startswith(("launch-template/", "instance-profile/")) and key in by_key:
            yield from _roles(by_key[key], by_key)


def _statements(source: str, policy: Any) -> Iterator[Arrow]:
    for statement in policy.get("Statement", ()):
        does = [word for action, word in DOES.items() if action in statement.get("Action", ())]
        if statement.get("Effect") == "Allow" and does:
            for target in keys_in(statement.get("Resource", ())):
                yield Arrow(source, target, " and ".join(does), may=True)
