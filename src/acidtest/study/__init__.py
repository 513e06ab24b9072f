"""The study file, and the stages in their order."""
