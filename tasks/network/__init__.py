"""Networks and what guards them."""
