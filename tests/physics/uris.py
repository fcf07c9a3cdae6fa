"""From a REST call's method and address to the operation's name, by botocore's own service models."""

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl

from botocore.exceptions import UnknownServiceError
from botocore.session import get_session

WIDE = ("resource_arn", "routeKey")  # slashes are within these
LABEL = re.compile(r"\{([\w-]+)(\+?)\}")


@dataclass(frozen=True)
class Route:
    """One operation's address. `literals` are query arguments that must be there; `needs` are arguments and headers."""

    operation: str
    method: str
    path: re.Pattern[str]
    literals: tuple[tuple[str, str], ...]
    arguments: frozenset[str]
    headers: frozenset[str]

    def weight(self) -> tuple[int, int, int]:
        """The more a route demands, the more it means itself."""
        plain = len(re.sub(r"\(\?P<.*?\)", "", self.path.pattern))
        return len(self.literals), len(self.arguments) + len(self.headers), plain


def operation_at(
    service: str, method: str, path: str, arguments: dict[str, str], headers: set[str]
) -> tuple[str, dict[str, str]]:
    """The operation's name and the labels of its path. Unknown addresses are named `PUT /path`."""
    for route in routes(service):
        if (
            route.method == method
            and (match := route.path.fullmatch(path))
            and all(name in arguments and value in ("", arguments[name]) for name, value in route.literals)
            and route.arguments <= arguments.keys()
            and route.headers <= headers
        ):
            return route.operation, match.groupdict()
    return f"{method} {path}", {}


@cache
def routes(service: str) -> tuple[Route, ...]:
    """A service's routes, the most demanding first."""
    try:
        model = get_session().get_service_model(service)
    except UnknownServiceError:
        return ()
    found = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        uri, _, query = operation.http.get("requestUri", "/").partition("?")
        shape = operation.input_shape
        required = set(shape.required_members) if shape else set()
        places = {
            member: (one.serialization.get("location", ""), one.serialization.get("name", member))
            for member, one in (shape.members.items() if shape else ())
            if member in required
        }
        found.append(
            Route(
                operation=name,
                method=operation.http["method"],
                path=pattern(uri),
                literals=tuple(parse_qsl(query, keep_blank_values=True)),
                arguments=frozenset(wire for place, wire in places.values() if place == "querystring"),
                headers=frozenset(wire.lower() for place, wire in places.values() if place == "header"),
            )
        )
    return tuple(sorted(found, key=Route.weight, reverse=True))


def pattern(uri: str) -> re.Pattern[str]:
    """`/{Bucket}/{Key+}` as a regular expression with named groups."""
    parts, last = [], 0
    for match in LABEL.finditer(uri):
        name = match[1].replace("-", "_")  # as in `resource-arn`
        wide = match[2] or name in WIDE
        parts += [re.escape(uri[last : match.start()]), f"(?P<{name}>{'.+' if wide else '[^/]+'})"]
        last = match.end()
    return re.compile("".join(parts) + re.escape(uri[last:]).rstrip("/") + "/?")
