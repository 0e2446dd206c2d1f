"""The ledger: the only truth."""
