"""Where a run starts: a preset, or a ledger."""
