"""What may be switched on in a run, one mechanism a file."""
