"""Studies: strategies compared on the same receivables and random numbers."""
