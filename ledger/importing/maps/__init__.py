"""Maps: which column of a source means what; those of known systems, and those that people write."""
