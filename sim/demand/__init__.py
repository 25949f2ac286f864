"""Orders to come: who still orders, how much, and how sure that is."""
