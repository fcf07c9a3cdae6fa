"""What AWS refuses and moto lets pass, one file per field. Importing this registers all of it."""

from tests.physics.refusals import (
    balancing,
    compute,
    copies,
    data,
    delivery,
    endpoints,
    http_apis,
    identity,
    instances,
    network,
    people,
    scaling,
    secrets,
    serverless,
    snapshots,
    storage,
)

__all__ = [
    "balancing",
    "compute",
    "copies",
    "data",
    "delivery",
    "endpoints",
    "http_apis",
    "identity",
    "instances",
    "network",
    "people",
    "scaling",
    "secrets",
    "serverless",
    "snapshots",
    "storage",
]
