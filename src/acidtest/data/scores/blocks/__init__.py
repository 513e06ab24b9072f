"""Tables of scores that do not fit into memory, summed up in blocks of items by DuckDB."""
