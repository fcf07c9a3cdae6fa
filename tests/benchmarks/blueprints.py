"""Environments to measure with."""

from pathlib import Path

from blueprints.environment import Environment
from blueprints.reading import build, load

WEB = Path(__file__).parents[2] / "examples" / "web.yaml"


def web(name: str = "web") -> Environment:
    """examples/web.yaml under another name."""
    return load(WEB).model_copy(update={"name": name})


def fleet(groups: int, name: str = "fleet") -> Environment:
    """So many groups of servers over three zones, five parts each, and a network of twelve; no instance runs."""
    server = {"image": {"id": "ami-12c6146b"}, "count": {"min": 0, "max": 4}, "scaling": {"target_cpu": 50}}
    document = {
        "name": name,
        "region": "eu-west-1",
        "network": {"cidr": "10.0.0.0/16", "zones": 3},
        "servers": {f"s{number}": server for number in range(groups)},
    }
    return build(document)
