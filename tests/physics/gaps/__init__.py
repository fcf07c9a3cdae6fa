"""What moto leaves out or gets wrong, and a whole environment's life needs. Importing this registers all of it."""

from tests.physics.gaps import (
    endpoints,
    images,
    listeners,
    net_balancers,
    network,
    priorities,
    scaling,
    stores,
    templates,
)

__all__ = [
    "endpoints",
    "images",
    "listeners",
    "net_balancers",
    "network",
    "priorities",
    "scaling",
    "stores",
    "templates",
]
