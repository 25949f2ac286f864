"""Figures, reports and records of studies."""
