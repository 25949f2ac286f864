"""The ledger as tables: columns, money, time and places, and what they can answer."""
