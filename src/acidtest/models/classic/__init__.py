"""Solvers without a language model, trained on the pool of examples."""
