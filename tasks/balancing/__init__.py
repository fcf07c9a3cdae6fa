"""Load balancers, their listeners and targets."""
