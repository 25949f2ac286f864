"""The discrete-event simulator: customers, invoices, specialists."""
