"""What moto leaves out or gets wrong, and a whole environment's life needs. Importing this registers all of it."""

from tests.physics.gaps import (
    alarms,
    attachments,
    boundaries,
    classic,
    endpoints,
    images,
    listeners,
    mixed,
    net_balancers,
    network,
    pages,
    policies,
    priorities,
    scaling,
    stores,
    templates,
)

__all__ = [
    "alarms",
    "attachments",
    "boundaries",
    "classic",
    "endpoints",
    "images",
    "listeners",
    "mixed",
    "net_balancers",
    "network",
    "pages",
    "policies",
    "priorities",
    "scaling",
    "stores",
    "templates",
]
