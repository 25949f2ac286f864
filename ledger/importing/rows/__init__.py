"""One table on its way in: each row read, or rejected by the first rule that it breaks."""
