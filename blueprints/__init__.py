"""What people write: pydantic models, without AWS and without Prefect."""
