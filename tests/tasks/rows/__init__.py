"""The rows of the standard suite: one for each kind, in a file for each area."""

from tests.tasks.rows import balancing, compute, functions, identity, network, serverless
from tests.tasks.rows.row import Row

ROWS: dict[str, Row] = {
    row.part.kind: row
    for row in (*balancing.ROWS, *compute.ROWS, *identity.ROWS, *network.ROWS, *functions.ROWS, *serverless.ROWS)
}
