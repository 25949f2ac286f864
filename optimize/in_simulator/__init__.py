"""The planner of a simulated day."""
