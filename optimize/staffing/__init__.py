"""How many hours pay, and which shifts."""
