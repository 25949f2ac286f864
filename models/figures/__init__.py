"""Figures and pages of models."""
