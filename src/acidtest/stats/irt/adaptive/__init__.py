"""Adaptive tests: the items that say most about a solver, asked one after another.

test        what to ask next, and when to stop
score       the score on the whole benchmark that the answers foretell
simulation  tests of solvers whose answers are all known already
trust       items whose parameters are vague say less
"""
