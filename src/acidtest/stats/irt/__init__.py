"""Item response theory: scores [solvers, items] in; what each item asks and what each solver can, on one scale, out.

    items           parameters of items, and their curves: expected score and information at an ability
    fit             calibrates items and solvers together from scores (engine: how, for scores of 0 and 1;
                    continuous: for scores between)
    ability         places solvers on the scale of items that are calibrated already
    several         more than one ability; one scale for each topic
    check           does the model hold?
    sets            sets of items compared on one scale
    flaws           which items are broken
    small           few items that tell the score on all
    adaptive        items chosen one after another for each solver
    latent_regression  parameters of items foretold from what is known of their texts

The scale: a solver's ability is 0 on average over the solvers that were fitted, with standard deviation 1. An item's
difficulty is the ability at which it is answered right half the time (guessing aside); its discrimination is how
sharply it parts solvers there. NaN in scores: not asked, or not scored; it is skipped, never a 0.
"""
