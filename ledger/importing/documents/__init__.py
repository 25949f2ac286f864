"""What the rows mean together: invoices, credits, payments, and who settles what."""
