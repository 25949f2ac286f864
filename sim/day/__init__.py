"""The stages of a simulated day."""
