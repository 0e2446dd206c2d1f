"""What each command answers: a post, and what it changes. `flow.converse` gives them their commands."""
