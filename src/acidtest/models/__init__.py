"""One file per provider, and what all providers share."""
