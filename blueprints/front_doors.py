"""Front doors: the section where Castra chooses what stands in front, and what it unfolds into."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from blueprints.apis import Api, Authorizer
from blueprints.balancing import Balancer
from blueprints.behind_apis import OWN_FUNCTION, unknown_function
from blueprints.front_door import NAMES, Behind, Choice, Needs, Option, choose, objections
from blueprints.http_apis import Throttle
from blueprints.listening import Certificate
from blueprints.part import NAME, Part, Piece
from blueprints.problem import Problem
from blueprints.rest import Rest

MADE: dict[Behind, tuple[Option, ...]] = {"function": ("http", "rest", "websocket"), "servers": ("balancer",)}
"""What Castra makes in front of what. APIs reach servers by address only: see docs/front-doors.md."""


OTHER: dict[Behind, Behind] = {"function": "servers", "servers": "function"}
IN_FRONT_OF: dict[Behind, str] = {"function": "functions", "servers": "servers"}


class FrontDoor(Piece):
    """What stands in front of a function or of servers. Castra chooses it by what is needed, and says why."""

    to: Annotated[str, Field(pattern=rf"({OWN_FUNCTION})|({NAME})")] = Field(
        description="function/<name>, or the name of servers."
    )
    needs: Needs = Field(default=Needs(), description="What must be possible.")
    use: Option | None = Field(default=None, description="What to use, chosen by hand. Left out: Castra chooses.")
    authorizer: Authorizer | None = Field(default=None, description="HTTP and WebSocket APIs: who decides.")
    throttle: Throttle = Field(default=Throttle(rate=1000, burst=500), description="APIs: what is let through.")
    certificate: Certificate | None = Field(default=None, description="Load balancers: then HTTPS is spoken.")
    public: bool = Field(default=True, description="Load balancers: whether it can be reached from the internet.")

    @property
    def behind(self) -> Behind:
        """What is behind it."""
        return "function" if self.to.startswith("function/") else "servers"

    @property
    def choice(self) -> Choice:
        """By hand, if there's a hand; else of all that Castra makes in front of this."""
        if self.use is not None:
            said = objections(self.needs, self.behind, self.use)
            return Choice(self.use, ("chosen by hand",), {self.use: said} if said else {})
        made, best = choose(self.needs, self.behind, MADE[self.behind]), choose(self.needs, self.behind).option
        if made.option is None or best is None or best == made.option:
            return made
        better = "quicker" if self.needs.latency == "low" else "cheaper"
        aside = f"{NAMES[best]} would be {better}, and Castra makes none in front of {IN_FRONT_OF[self.behind]}"
        return replace(made, reasons=(*made.reasons, aside))

    # ------------------------------------------------------------------ what's wrong

    def problems(self, name: str, document: Any) -> Iterator[Problem]:
        """What can't be."""
        where = f"front_doors.{name}"
        if name in (*document.apis, *document.balancers):
            yield Problem(where, "an API or a load balancer has this name", "Choose another one")
        yield from unknown_function(f"{where}.to", self.to, document.functions)
        if self.behind == "servers" and self.to not in document.servers:
            yield Problem(f"{where}.to", f"there are no servers {self.to!r}", "Name servers, or function/<name>")
        choice, advice = self.choice, self._advice()
        if self.use and (said := choice.ruled_out.get(self.use)):
            yield Problem(f"{where}.use", f"{NAMES[self.use]} can't do what's needed: {' and '.join(said)}", advice)
        elif self.use and self.use not in MADE[self.behind]:
            why = f"Castra makes {NAMES[self.use]} in front of {IN_FRONT_OF[OTHER[self.behind]]} only"
            yield Problem(f"{where}.use", why, advice)
        elif choice.option is None:
            yield Problem(f"{where}.needs", f"nothing will do: {'; '.join(choice.reasons)}", advice)
        else:
            yield from self._settings_problems(where, choice.option)

    def _advice(self) -> str:
        if made := choose(self.needs, self.behind, MADE[self.behind]).option:
            return f"Use {NAMES[made]}"
        if best := choose(self.needs, self.behind).option:
            name = NAMES[best]
            return f"{name[0].upper()}{name[1:]} could do it, and Castra makes none in front of this: ask for less"
        return "Ask for less"

    def _settings_problems(self, where: str, option: Option) -> Iterator[Problem]:
        asked = self.needs.authentication
        kinds = {"jwt": "jwt", "cognito": "cognito", "function": "lambda"}
        given = self.authorizer.kind if self.authorizer else None
        if option == "balancer" and asked != "none":
            why = "Castra's load balancers ask nobody who they are"
            yield Problem(f"{where}.needs.authentication", why, "Do it in the servers, or take it out")
        if option == "rest" and (asked not in ("none", "iam") or self._more()):
            why = "a REST API is what can do it, and that takes settings which a front door hasn't"
            yield Problem(f"{where}.needs", why, "Write it under apis with kind: rest")
        if option in ("http", "websocket") and given != kinds.get(asked):
            why = f"authentication is {asked}, and the authorizer is {given or 'missing'}"
            way_out = f"Add one of kind {kinds[asked]}" if asked in kinds else "Take it out"
            yield Problem(f"{where}.authorizer", why, way_out)
        if option in ("http", "websocket") and asked == "api_key":
            yield Problem(f"{where}.needs.authentication", "takes plans and keys", "Write it under apis, kind: rest")

    def _more(self) -> bool:
        return self.needs.templates or self.needs.validation or self.needs.caching or self.needs.addresses

    # ------------------------------------------------------------------ what it unfolds into

    @property
    def api(self) -> Api | Rest | None:
        """The API that it is, if it's one."""
        by = {"none": "none", "iam": "iam"}.get(self.needs.authentication, "door")
        guards = {"door": self.authorizer} if self.authorizer else {}
        match self.choice.option:
            case "http" | "websocket" as kind:
                keys = ("$default",) if kind == "http" else ("$connect", "$disconnect", "$default")
                routes = {key: {"to": self.to} for key in keys}
                given: dict[str, Any] = {"kind": kind, "routes": routes, "authorizers": guards, "authorizer": by}
                return Api.model_validate(given | {"throttle": self.throttle})
            case "rest":
                routes = {key: {"to": self.to} for key in ("ANY /", "ANY /{all+}")}
                given = {"kind": "rest", "routes": routes, "authorizer": by, "throttle": self.throttle}
                return Rest.model_validate(given)
            case _:
                return None

    @property
    def balancer(self) -> Balancer | None:
        """The load balancer that it is, if it's one."""
        if self.choice.option != "balancer" or self.behind != "servers":
            return None
        port = {"port": 443, "certificate": self.certificate} if self.certificate else {"port": 80}
        idle = min(4000, max(60, round(self.needs.timeout)))
        given = {
            "public": self.public and not self.needs.addresses,
            "listeners": [port | {"to": self.to}],
            "idle_timeout": idle,
        }
        return Balancer.model_validate(given)


def opened(doors: Mapping[str, FrontDoor]) -> tuple[dict[str, Api | Rest], dict[str, Balancer]]:
    """The APIs and the load balancers that front doors are, by name."""
    apis = {name: api for name, door in doors.items() if (api := door.api)}
    return apis, {name: balancer for name, door in doors.items() if (balancer := door.balancer)}


def renamed(problems: Iterable[Problem], doors: Collection[str]) -> Iterator[Problem]:
    """The same problems, at the front doors that they are of."""
    for problem in problems:
        section, _, rest = problem.path.partition(".")
        name = rest.partition(".")[0]
        here = section in ("apis", "balancers") and name in doors
        yield replace(problem, path=f"front_doors.{name}") if here else problem


def told_why(part: Part, doors: Mapping[str, FrontDoor]) -> Part:
    """A part that is a front door's, with why it is what it is."""
    section, _, rest = part.where.partition(".")
    name = rest.partition(".")[0]
    if section not in ("apis", "balancers") or name not in doors:
        return part
    why = doors[name].choice.sentence if part.kind in ("http-api", "rest-api", "load-balancer") else ""
    return part.model_copy(update={"where": f"front_doors.{name}", "chosen": why})
