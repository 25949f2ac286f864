"""Sources and their layouts: files, workbooks and databases become plain tables."""
