"""What keeps data: databases, caches, secrets and parameters."""
