"""Object storage: buckets, and what belongs to each."""
