"""Fitted models kept: files, versions, champions, drift."""
