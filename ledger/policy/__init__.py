"""What a house decides: strategies, and the people who carry them out."""
