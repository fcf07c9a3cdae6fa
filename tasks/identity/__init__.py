"""Roles and the profiles that carry them."""
