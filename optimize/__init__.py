"""Scarce hours to accounts."""
