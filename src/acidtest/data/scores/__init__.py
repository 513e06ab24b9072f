"""Tables of scores: read, put in order, and written."""
