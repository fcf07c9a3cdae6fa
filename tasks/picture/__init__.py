"""An environment as a picture: what stands where, and who speaks to whom."""
