"""Accounts to actions and resources: prices, plans, and proofs of how good they are."""
