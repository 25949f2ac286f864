"""A call plan: steps due, what a contact is worth, and who makes it when."""
