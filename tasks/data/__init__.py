"""What keeps data: databases, secrets and parameters."""
