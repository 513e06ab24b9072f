"""Item response theory: scores [solvers, items] in; what each item asks and what each solver can, on one scale, out.

    items           parameters of items, and their curves: expected score and information at an ability
    fit             calibrates items and solvers together from scores
    ability         places solvers on the scale of items that are calibrated already

The scale: a solver's ability is 0 on average over the solvers that were fitted, with standard deviation 1. An item's
difficulty is the ability at which it is answered right half the time (guessing aside); its discrimination is how
sharply it parts solvers there. NaN in scores: not asked, or not scored; it is skipped, never a 0.
"""
