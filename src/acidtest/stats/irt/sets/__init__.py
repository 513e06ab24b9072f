"""Sets of items on one scale: how their difficulties are spread, and whether one favours a family of solvers."""
