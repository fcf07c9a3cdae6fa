"""What AWS can do: one file a kind of resource, and the engine that decides."""
