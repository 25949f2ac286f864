"""Planners compared inside the simulator."""
