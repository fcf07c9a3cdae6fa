"""What whoever runs Castra must be allowed, for exactly what its blueprints are made of."""
