"""The verbs, one file each. Each may be repeated and leaves the ledger right if killed at any line."""
