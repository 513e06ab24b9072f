"""A fidelity report becomes a page, a table, a JSON file."""
