"""Small tests: which items to ask, and the score on the whole benchmark that their answers foretell.

score_model      what a solver of some ability scores on every item, learnt from solvers that answered all
predicted_score  the whole score from answers to some items, with its error
small_test       items at random, by layers, by information; anchors: items that stand for others
parallel_forms   sets of items that ask the same
"""
