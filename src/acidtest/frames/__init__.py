"""Runs, comparisons and scores as data frames: pandas, polars or Arrow."""
