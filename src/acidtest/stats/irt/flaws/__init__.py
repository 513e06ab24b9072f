"""Which items are broken: hypotheses about each item, weighed by the scores and answers of solvers.

flaws       the audit: kinds of flaw, their probabilities, a list held to a false discovery rate
signals     classical signals of single items, to measure beside
"""
