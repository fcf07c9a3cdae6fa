"""A whole life of an environment on a bad day, on which one call in ten goes wrong."""
