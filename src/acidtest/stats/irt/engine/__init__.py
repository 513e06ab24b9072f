"""The fit for scores of 0 and 1: abilities and items integrated in turn, sums over the table in compiled code."""
