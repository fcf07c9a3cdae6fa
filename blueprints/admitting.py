"""Who may reach what keeps data: servers, instances and functions of the document, and networks."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from pydantic import Field

from blueprints.firewalls import Rule
from blueprints.part import Name, Piece
from blueprints.problem import Problem


class Admits(Piece):
    """Who may connect to a database or a cache; nobody else may."""

    servers: tuple[Name, ...] = Field(default=(), description="Names of groups of servers that are admitted.")
    instances: tuple[Name, ...] = Field(default=(), description="Names of instances that are admitted.")
    functions: tuple[Name, ...] = Field(
        default=(), description="Names of functions that are admitted; they must stand in the network (`vpc: true`)."
    )
    networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description="Networks that are admitted, such as 10.0.0.0/8."
    )

    def rules(self, port: int) -> Iterator[Rule]:
        """What is let in."""
        named = {"servers": self.servers, "instance": self.instances, "function": self.functions}
        groups = (f"security-group/{kind}-{name}" for kind, names in named.items() for name in names)
        for peer in (*self.networks, *groups):
            yield Rule(ports=(port, port), peer=peer)

    def problems(self, where: str, document: Any) -> Iterator[Problem]:
        """Those whom nobody describes, and functions that stand in no network."""
        for section in ("servers", "instances", "functions"):
            known = getattr(document, section)
            for index, name in enumerate(getattr(self, section)):
                place = f"{where}.{section}.{index}"
                if name not in known:
                    way_out = f"Name one of: {', '.join(known)}" if known else "Describe it there"
                    yield Problem(place, f"there are no {section} {name}", way_out)
                elif section == "functions" and not known[name].vpc:
                    why = f"functions.{name} stands outside of the network, and it is reached from within only"
                    yield Problem(place, why, f"Set functions.{name}.vpc: true")
