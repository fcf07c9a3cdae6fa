"""A team's server as processes of this machine: PostgreSQL, Redis, two API servers, services, a front door, workers."""
