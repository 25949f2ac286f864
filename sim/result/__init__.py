"""What a run leaves: its columns, and the ledger that they are."""
