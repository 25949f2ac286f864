"""What is read and written: folders that are whole, databases, and files that people write."""
