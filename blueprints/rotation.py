"""Rotation: how a group of servers gets a new image without a minute below its capacity."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from blueprints.part import Piece
from blueprints.problem import Problem

Share = Annotated[str, Field(pattern=r"^([1-9][0-9]?|100)%$")]


class Probe(Piece):
    """A question over HTTP that each new server must answer before it counts. Plain text is its path."""

    path: str = Field(default="/", pattern=r"^/", description="What is asked for.")
    port: int | None = Field(
        default=None, ge=1, le=65535, description="Left out: where the servers listen; through a balancer, 80 or 443."
    )
    protocol: Literal["http", "https"] = Field(
        default="http", description="How it's asked; a server's certificate is not looked at."
    )
    codes: str = Field(default="200", pattern=r"^[0-9]{3}([,-][0-9]{3})*$", description="As in a health check.")
    within: int = Field(default=5, ge=1, le=120, description="Seconds that an answer may take.")
    through: Literal["instance", "public", "balancer"] = Field(
        default="instance",
        description="Which address is asked: the server's private one, its public one, or the balancer's.",
    )

    def accepts(self, code: int) -> bool:
        """Whether an answer with this code is a good one."""
        for one in self.codes.split(","):
            first, _, last = one.partition("-")
            if int(first) <= code <= int(last or first):
                return True
        return False


def _path(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


class Rotation(Piece):
    """How instances are replaced by those of a new image: a few first, then the rest in batches."""

    canary: int = Field(default=1, ge=1, le=1000, description="So many new servers prove the image before others go.")
    batch: Annotated[int, Field(ge=1, le=1000)] | Share = Field(
        default="25%",
        description="So many servers more at once, beside those that serve: a number, or a share of them.",
    )
    probe: Annotated[Probe | None, BeforeValidator(_path, json_schema_input_type=str | Probe | None)] = Field(
        default=None, description="A path, or all the settings of a question that new servers must answer."
    )
    settle: int = Field(
        default=60,
        ge=0,
        le=3600,
        description="Seconds that new servers must stay well: the first ones, and all at the end.",
    )
    within: int = Field(default=900, ge=1, le=7200, description="Seconds in which a new server must be well.")
    protected: Literal["leave", "replace"] = Field(
        default="leave", description="What becomes of servers that are protected from scale-in."
    )

    def at_once(self, capacity: int) -> int:
        """How many servers a batch has, of a group with this many."""
        if isinstance(self.batch, int):
            return self.batch
        return max(1, capacity * int(self.batch.removesuffix("%")) // 100)

    def problems(self, where: str, port: int | None, balanced: bool) -> Iterator[Problem]:
        """What doesn't fit with the servers: where they listen, and whether a balancer stands before them."""
        if self.probe is None:
            return
        if self.probe.through == "balancer" and not balanced:
            yield Problem(f"{where}.probe.through", "no balancer sends to these servers", "Say instance or public")
        if self.probe.through != "balancer" and self.probe.port is None and port is None:
            yield Problem(f"{where}.probe.port", "is missing, as these servers say no port", "Name it")
