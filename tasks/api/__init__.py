"""API Gateway: APIs, their stages, and what stands before them."""
