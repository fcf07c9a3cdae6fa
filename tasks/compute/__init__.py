"""Servers and the groups that scale them."""
