"""Runs that are killed, that lose an answer, or that race each other: at each write, on an emulated AWS."""
