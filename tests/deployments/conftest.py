"""What the tests of flows have, too: Prefect's home and server, and a name for an environment."""

from tests.flows.conftest import name, prefect, prefect_home

__all__ = ["name", "prefect", "prefect_home"]
