"""What has happened so far, in the columns that models are fitted to."""
