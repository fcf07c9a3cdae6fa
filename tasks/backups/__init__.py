"""Backups: what is kept of instances and volumes, for how long, and how it comes about."""
