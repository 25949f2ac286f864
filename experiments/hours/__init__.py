"""What hours do to DSO, CEI and cash."""
