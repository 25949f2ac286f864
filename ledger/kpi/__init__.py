"""Key figures: sums over a window, formulas of them, and what they say."""
