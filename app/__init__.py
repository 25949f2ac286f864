"""The faces: command line and pages."""
