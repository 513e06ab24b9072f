"""Solvers answer the items of a benchmark; answers become scores."""
