"""Tells what it knows of its database. A driver, to connect with, would be in a layer."""

import os
from typing import Any


def handler(event: Any, context: Any) -> dict[str, str]:
    """Where the database is, and where its password is kept."""
    return {"address": os.environ["DATABASE"], "secret": os.environ["DATABASE_SECRET"]}
