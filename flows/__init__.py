"""What people run: Prefect flows, one verb a file."""
