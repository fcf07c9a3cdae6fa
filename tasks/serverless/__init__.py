"""Functions, and what they run with."""
