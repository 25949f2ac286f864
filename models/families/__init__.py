"""The payment-timing models, one family a file."""
