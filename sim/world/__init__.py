"""The columns of a replication, and how they are laid out."""
