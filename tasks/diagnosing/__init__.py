"""Why an environment is unhealthy: what is read in bulk, and pure checks over it, a family of causes a file."""
