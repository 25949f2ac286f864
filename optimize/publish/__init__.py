"""Plans as files, workbooks and rows in a database; what changed, and what became of them."""
