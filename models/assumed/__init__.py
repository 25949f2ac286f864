"""What is assumed of people and contacts, with its evidence."""
