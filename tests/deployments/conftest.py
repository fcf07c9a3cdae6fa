"""Prefect's home for these tests: the one of the tests of flows."""

from tests.flows.conftest import prefect_home

__all__ = ["prefect_home"]
