"""Other tools' logs, read as scores: one file per tool."""
