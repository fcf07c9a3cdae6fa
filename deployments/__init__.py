"""How it runs for a team."""
