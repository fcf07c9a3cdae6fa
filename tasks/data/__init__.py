"""What keeps data: secrets and parameters."""
