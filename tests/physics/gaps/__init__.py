"""What moto leaves out or gets wrong, and a whole environment's life needs. Importing this registers all of it."""

from tests.physics.gaps import network, priorities, scaling, templates

__all__ = ["network", "priorities", "scaling", "templates"]
