"""Paired tests of two solvers, and ranges of ranks of several, in studies whose truth is known.

Items are right or wrong by a latent normal: what is common to both solvers on an item, what is a solver's own, and,
where items come in bundles, a part of both that the bundle's items share.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from acidtest.stats.detectable import detectable_difference, detectable_share
from acidtest.stats.estimate import FloatArray
from acidtest.stats.interval import rng_for
from acidtest.stats.jackknife import linearised
from acidtest.stats.metric import ACCURACY
from acidtest.stats.paired import all_pairs
from acidtest.stats.rank_groups import rank_groups

ITEMS = (30, 200, 1000)
SHARES = (0.5, 0.8, 0.95)
CORRELATIONS = {"low": 0.2, "high": 0.8}
BUNDLES = (1, 3)
IN_BUNDLE = 0.5
"""Part of every latent variance that the items of a bundle share."""

POPULATION = 100_000
"""Items from which a cell's true variance of differences is told."""

LEAST_SHARE = 0.02
ABILITIES: dict[str, Sequence[float]] = {
    "all equal": (0.0,) * 8,
    "ties": (1.0, 1.0, 0.5, 0.5, 0.0, 0.0),
    "spread": tuple(np.linspace(-1, 1, 12)),
    "twenty, narrow": tuple(np.linspace(-0.3, 0.3, 20)),
}


def rows(repeats: int, seed: int) -> list[dict[str, float | str]]:
    """Return one row per cell: size at .05, power at the detectable difference, and coverage at both.

    Keys: items, bundle, share (right answers of the first solver), correlation, size, detectable (the true difference
    at which power is taken), power, coverage_null, coverage_detectable, width (mean of the interval's, at no
    difference). NaN: no difference that the scale has room for is detectable.
    """
    found: list[dict[str, float | str]] = []
    for n in ITEMS:
        for bundle in BUNDLES:
            for share in SHARES:
                for name, correlation in CORRELATIONS.items():
                    rng = rng_for(seed, "pairs", str(n), str(bundle), str(share), name)
                    found.append(
                        {
                            "items": n,
                            "bundle": bundle,
                            "share": share,
                            "correlation": name,
                            **_cell(n // bundle, bundle, share, correlation, rng, repeats),
                        }
                    )
    return found


def rank_rows(repeats: int, seed: int) -> list[dict[str, float | str]]:
    """Return one row per cell of solvers: how often all true ranks lie in their ranges, and the ranges' mean width.

    Keys: solvers (what their abilities are), number, items, coverage, width (mean over solvers of high - low).
    """
    found: list[dict[str, float | str]] = []
    for name, abilities in ABILITIES.items():
        ability = np.array(abilities)
        best = 1 + (ability[None, :] > ability[:, None]).sum(axis=1)
        worst = (ability[None, :] >= ability[:, None]).sum(axis=1)
        for n in ITEMS:
            rng, held, width = rng_for(seed, "ranks", name, str(n)), 0, 0.0
            for _ in range(repeats):
                easy = rng.normal(0, 1, n)
                right = (rng.random((len(ability), n)) < 1 / (1 + np.exp(-easy - ability[:, None]))).astype(np.float64)
                told = rank_groups(right.mean(axis=1), all_pairs(right).better)
                held += bool(((told.low <= best) & (told.high >= worst)).all())
                width += float((told.high - told.low).mean())
            found.append(
                {
                    "solvers": name,
                    "number": len(ability),
                    "items": n,
                    "coverage": held / repeats,
                    "width": width / repeats,
                }
            )
    return found


def _cell(
    groups: int, bundle: int, share: float, correlation: float, rng: np.random.Generator, repeats: int
) -> dict[str, float]:
    difference = _detectable(groups, bundle, share, correlation, rng)
    nothing = _studies(groups, bundle, (share, share), correlation, rng, repeats)
    if math.isnan(difference):
        something = dict.fromkeys(nothing, math.nan)
    else:
        something = _studies(groups, bundle, (share, share - difference), correlation, rng, repeats)
    return {
        "size": nothing["rejected"],
        "detectable": difference,
        "power": something["rejected"],
        "coverage_null": nothing["held"],
        "coverage_detectable": something["held"],
        "width": nothing["width"],
    }


def _studies(
    groups: int,
    bundle: int,
    shares: tuple[float, float],
    correlation: float,
    rng: np.random.Generator,
    repeats: int,
) -> dict[str, float]:
    truth, rejected, held, width = shares[0] - shares[1], 0, 0, 0.0
    for _ in range(repeats):
        found = all_pairs(_values(groups, bundle, shares, correlation, rng)).test(0, 1)
        rejected += found.p <= 0.05  # noqa: PLR2004 - the level
        held += found.estimate.low <= truth <= found.estimate.high
        width += found.estimate.high - found.estimate.low
    return {"rejected": rejected / repeats, "held": held / repeats, "width": width / repeats}


def _detectable(groups: int, bundle: int, share: float, correlation: float, rng: np.random.Generator) -> float:
    """Return the difference d that is detectable between `share` and `share` - d: its own variance counts."""
    difference = 0.0
    for _ in range(5):
        if share - difference < LEAST_SHARE:
            return math.nan
        one, other = _values(POPULATION // bundle, bundle, (share, share - difference), correlation, rng)
        if bundle == 1:
            difference = detectable_share(groups, float((one != other).mean()))
        else:
            difference = detectable_difference(groups, float(np.var(one - other, ddof=1)))
    return difference if share - difference >= LEAST_SHARE else math.nan


def _values(
    groups: int, bundle: int, shares: tuple[float, float], correlation: float, rng: np.random.Generator
) -> FloatArray:
    """Return [2, groups]: right or wrong, or the share of a bundle that is right."""
    common, own = (_normal(lead, groups, bundle, rng) for lead in (1, 2))
    edge = np.array([NormalDist().inv_cdf(share) for share in shares])[:, None]
    right = (math.sqrt(correlation) * common + math.sqrt(1 - correlation) * own < edge).astype(np.float64)
    if bundle == 1:
        return right
    return linearised(right[..., None], ACCURACY, np.arange(groups * bundle) // bundle)


def _normal(solvers: int, groups: int, bundle: int, rng: np.random.Generator) -> FloatArray:
    if bundle == 1:
        return rng.normal(0, 1, (solvers, groups))
    shared = rng.normal(0, math.sqrt(IN_BUNDLE), (solvers, groups)).repeat(bundle, axis=1)
    return shared + rng.normal(0, math.sqrt(1 - IN_BUNDLE), (solvers, groups * bundle))
