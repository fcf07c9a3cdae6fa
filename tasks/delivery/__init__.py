"""What stands between visitors and an origin: distributions, certificates, names."""
