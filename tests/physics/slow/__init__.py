"""States that take time: what AWS says `pending` to first.

Without times in the profile each is over at once, and what's left is the tidying that moto forgets. Importing this
registers all of it.
"""

from tests.physics.slow import (
    balancers,
    database_snapshots,
    distributions,
    endpoints,
    functions,
    furnishing,
    groups,
    images,
    instances,
    nats,
    queues,
    secrets,
    statuses,
    stores,
    volumes,
)

__all__ = [
    "balancers",
    "database_snapshots",
    "distributions",
    "endpoints",
    "functions",
    "furnishing",
    "groups",
    "images",
    "instances",
    "nats",
    "queues",
    "secrets",
    "statuses",
    "stores",
    "volumes",
]
