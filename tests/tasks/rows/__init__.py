"""The rows of the standard suite: one for each kind, in a file for each area."""

from tests.tasks.rows import balancing, compute, identity, network, serverless
from tests.tasks.rows.row import Row

ROWS: dict[str, Row] = {
    row.part.kind: row for row in (*network.ROWS, *identity.ROWS, *balancing.ROWS, *compute.ROWS, *serverless.ROWS)
}
