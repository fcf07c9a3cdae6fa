"""The rows of the standard suite: one for each kind, in a file for each area."""

from tests.tasks.rows import (
    api,
    balancing,
    caches,
    compute,
    data,
    databases,
    delivery,
    functions,
    identity,
    images,
    instances,
    network,
    people,
    serverless,
    storage,
)
from tests.tasks.rows.row import Row

AREAS = (
    network,
    identity,
    people,
    balancing,
    compute,
    images,
    instances,
    api,
    functions,
    serverless,
    storage,
    data,
    caches,
    delivery,
    databases,
)
ROWS: dict[str, Row] = {row.part.kind: row for area in AREAS for row in area.ROWS}
