"""What stands in front: which of API Gateway's three kinds of API, or an application load balancer, and why. Pure.

Each rule says what one of them can't do, with the page of AWS that says so. What is left is ordered by price, or by
latency where that's asked for.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import Field

from blueprints.part import Piece

Option = Literal["http", "rest", "websocket", "balancer"]
OPTIONS: tuple[Option, ...] = get_args(Option)
NAMES: Mapping[Option, str] = {
    "http": "an HTTP API",
    "rest": "a REST API",
    "websocket": "a WebSocket API",
    "balancer": "an application load balancer",
}
MONTH = 730 * 3600  # seconds


class Needs(Piece):
    """What must be possible."""

    websockets: bool = Field(default=False, description="Whether visitors stay connected, and both sides send.")
    rate_limit: bool = Field(default=False, description="Whether what is too much is turned away, without WAF.")
    authentication: Literal["none", "login", "jwt", "cognito", "iam", "function", "api_key"] = Field(
        default="none",
        description="Who is let in: all, who logs in (OIDC, Cognito), who brings a token (jwt, cognito), signs (iam), "
        "whom a function lets in, or who has an API key.",
    )
    templates: bool = Field(default=False, description="Whether requests or answers are changed by templates.")
    validation: bool = Field(default=False, description="Whether requests are held against a model.")
    caching: bool = Field(default=False, description="Whether answers are kept.")
    payload: float = Field(default=0.1, gt=0, description="MB of the largest request or answer.")
    timeout: float = Field(default=10, gt=0, description="Seconds that the longest answer takes.")
    requests: float = Field(default=1, gt=0, description="Requests a second, over a month.")
    latency: Literal["usual", "low"] = Field(default="usual", description="Whether each millisecond counts.")
    addresses: bool = Field(default=False, description="Whether it's reached within the VPC only.")


Behind = Literal["function", "servers"]


# ---------------------------------------------------------------------- what can't be


def _rate_limit(needs: Needs, behind: Behind, option: Option) -> str:
    """An ALB has no limit of its own, but with WAF; each kind of API has.

    https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
    """
    return "it has no rate limit without WAF" if needs.rate_limit and option == "balancer" else ""


def _websockets(needs: Needs, behind: Behind, option: Option) -> str:
    """WebSocket APIs and ALBs carry them; an ALB not to functions.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html#websocket
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    """
    if needs.websockets and option in ("http", "rest"):
        return "it carries no WebSockets"
    if needs.websockets and option == "balancer" and behind == "function":
        return "it carries no WebSockets to functions"
    return "it serves nothing but WebSockets" if option == "websocket" and not needs.websockets else ""


AUTHENTICATES: Mapping[str, tuple[Option, ...]] = {
    "none": OPTIONS,
    "login": ("balancer",),
    "jwt": ("http", "balancer"),
    "cognito": ("http", "rest", "balancer"),
    "iam": ("http", "rest", "websocket"),
    "function": ("http", "rest", "websocket"),
    "api_key": ("rest", "websocket"),
}


def _authentication(needs: Needs, behind: Behind, option: Option) -> str:
    """An ALB sends people to log in, and checks tokens; an API checks tokens, signatures, keys, or asks a function.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-verify-jwt.html
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html
    """
    if option in AUTHENTICATES[needs.authentication]:
        return ""
    words = {
        "login": "it sends nobody to log in",
        "jwt": "it checks no tokens but Cognito's" if option == "rest" else "it checks no tokens",
        "cognito": "it checks no tokens",
        "iam": "it checks no signatures",
        "function": "it asks no function who may come in",
        "api_key": "it knows no API keys",
    }
    return words[needs.authentication]


def _rest_only(needs: Needs, behind: Behind, option: Option) -> str:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html"""
    asked = {"templates": "has no templates", "validation": "validates nothing", "caching": "keeps no answers"}
    if option != "rest" and (lacks := [words for field, words in asked.items() if getattr(needs, field)]):
        return f"it {' and '.join(lacks)}"
    return ""


PAYLOADS: Mapping[tuple[Behind, Option], float] = {
    ("function", "http"): 6,
    ("function", "rest"): 6,
    ("function", "balancer"): 1,
    ("servers", "http"): 10,
    ("servers", "rest"): 10,
    ("function", "websocket"): 0.125,
    ("servers", "websocket"): 0.125,
}


def _payload(needs: Needs, behind: Behind, option: Option) -> str:
    """MB. API Gateway takes 10, Lambda 6; an ALB sends 1 to functions; a WebSocket API's message has 128 KB.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    """
    most = PAYLOADS.get((behind, option))
    return f"it takes {most:g} MB at most" if most is not None and needs.payload > most else ""


TIMEOUTS: Mapping[Option, float] = {"http": 30, "rest": 29, "websocket": 29, "balancer": 4000}


def _timeout(needs: Needs, behind: Behind, option: Option) -> str:
    """Seconds. An ALB's is how long a connection may be idle; a function runs for 900 at most, whoever calls it.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    most = min(TIMEOUTS[option], 900) if behind == "function" else TIMEOUTS[option]
    return f"it waits {most:g} s at most" if needs.timeout > most else ""


def _addresses(needs: Needs, behind: Behind, option: Option) -> str:
    """HTTP and WebSocket APIs have no private endpoints; a REST API's takes an interface endpoint, an ALB is internal.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html
    """
    return "it's always reached from the internet" if needs.addresses and option in ("http", "websocket") else ""


RULES: tuple[Callable[[Needs, Behind, Option], str], ...] = (
    *(_websockets, _authentication, _rate_limit, _rest_only),
    *(_payload, _timeout, _addresses),
)


def objections(needs: Needs, behind: Behind, option: Option) -> tuple[str, ...]:
    """Why this one can't do what's needed; nothing if it can."""
    return tuple(said for rule in RULES if (said := rule(needs, behind, option)))


# ---------------------------------------------------------------------- what is better


PER_MILLION: Mapping[Option, float] = {"http": 1.00, "rest": 3.50, "websocket": 1.00}
HOURLY, UNIT = 0.0225, 0.008


def cost(needs: Needs, option: Option) -> float:
    """USD a month, by the prices of us-east-1, without traffic and WAF: to compare by, not to plan by.

    An ALB costs by the hour, and by units of 25 new connections a second (each request is counted as one).
    https://aws.amazon.com/api-gateway/pricing/
    https://aws.amazon.com/elasticloadbalancing/pricing/
    """
    if option == "balancer":
        return 730 * (HOURLY + UNIT * max(needs.requests / 25, needs.requests * needs.payload * 3.6 / 1000))
    metered = {"http": 512 / 1024, "websocket": 32 / 1024}  # MB of which each counts as a request
    pieces = max(1.0, -(-needs.payload // metered[option])) if option in metered else 1.0
    return PER_MILLION[option] * needs.requests * pieces * MONTH / 1e6


QUICKEST: tuple[Option, ...] = ("balancer", "http", "websocket", "rest")
"""AWS names no figures. An ALB forwards; HTTP APIs are made for less latency than REST APIs, which do more on the way.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html
"""


@dataclass(frozen=True)
class Choice:
    """What was chosen, None where nothing will do; why, and what can't be of the others."""

    option: Option | None
    reasons: tuple[str, ...]
    ruled_out: Mapping[Option, tuple[str, ...]]

    @property
    def sentence(self) -> str:
        """In words, for a plan."""
        name = NAMES[self.option] if self.option else "nothing"
        return f"{name}: {'; '.join(self.reasons)}"


def choose(needs: Needs, behind: Behind, among: Iterable[Option] = OPTIONS) -> Choice:
    """The cheapest of those that can do what's needed, or the quickest where that is asked for."""
    among = tuple(among)
    ruled_out = {option: said for option in among if (said := objections(needs, behind, option))}
    left = [option for option in OPTIONS if option in among and option not in ruled_out]
    why_not = tuple(f"not {NAMES[option]}, as {' and '.join(said)}" for option, said in ruled_out.items())
    if not left:
        return Choice(None, why_not, ruled_out)
    low = needs.latency == "low"
    best = min(left, key=QUICKEST.index if low else lambda option: (cost(needs, option), QUICKEST.index(option)))
    reasons = [_compared(needs, best, left)] if len(left) > 1 else ["it alone can do what's needed"]
    return Choice(best, (*reasons, *why_not), ruled_out)


def _compared(needs: Needs, best: Option, left: Iterable[Option]) -> str:
    others = [option for option in left if option != best]
    if needs.latency == "low":
        return f"quicker than {' and '.join(NAMES[option] for option in others)}"
    prices = " and ".join(f"{cost(needs, option):,.2f} of {NAMES[option]}" for option in others)
    return f"about {cost(needs, best):,.2f} USD a month for {needs.requests:g} requests a second, against {prices}"
