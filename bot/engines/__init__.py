"""Who runs a verb, and never two at once per key."""
