"""What stands, as a blueprint again: an inverse for each section, and a plan that proves the whole."""
