"""Cells as people write them: dates, amounts, currencies and terms."""
