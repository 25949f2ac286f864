"""What a contact does: estimates, their evidence, and what they promise."""
