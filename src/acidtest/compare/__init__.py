"""Scores on a real and on synthetic benchmarks become a fidelity report."""
