"""Studies: compare, track, report."""
