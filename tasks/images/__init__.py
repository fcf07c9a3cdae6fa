"""Machine images: building them, and retiring those that nothing reaches any more."""
