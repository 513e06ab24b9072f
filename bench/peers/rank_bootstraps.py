"""One way to bootstrap a rank statistic over items: `python bench/peers/rank_bootstraps.py WAY STATISTIC ROUNDS`.

`real.npy` and `synthetic.npy` [M, n] are looked for in the current folder. Prints CPU seconds of the bootstrap alone, a
small one before it not counted, and the ends of its 95 % interval.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Rows = Callable[[Scores, Scores], Scores]
"""(real [R, M], synthetic [R, M]) -> [R]."""

AT_ONCE = 10
PRODUCT_AT_ONCE = 500


def acidtest(real: Scores, synthetic: Scores, statistic: str, rounds: int) -> Scores:
    from acidtest.stats.rank_bootstrap import rank_bootstrap

    return rank_bootstrap(real, synthetic, np.random.default_rng(1), rounds, statistic)  # type: ignore[arg-type]  # a name


def loop(real: Scores, synthetic: Scores, statistic: str, rounds: int) -> Scores:
    """Draw, take means, correlate: as most papers' code does it."""
    rng, n, m = np.random.default_rng(1), real.shape[1], synthetic.shape[1]
    rows = ROWS[statistic]
    draws = [
        rows(
            real[:, rng.integers(0, n, n)].mean(axis=1)[None],
            synthetic[:, rng.integers(0, m, m)].mean(axis=1)[None],
        )[0]
        for _ in range(rounds)
    ]
    return np.array(draws)


def scipy(real: Scores, synthetic: Scores, statistic: str, rounds: int) -> Scores:
    from scipy.stats import bootstrap

    rows = ROWS[statistic]
    found = bootstrap(
        (real, synthetic),
        lambda r, s, axis: rows(r.mean(axis=axis).T, s.mean(axis=axis).T),
        n_resamples=rounds,
        batch=AT_ONCE,
        vectorized=True,
        axis=-1,
        method="percentile",
        rng=np.random.default_rng(1),
    )
    return np.asarray(found.bootstrap_distribution)


def arch(real: Scores, synthetic: Scores, statistic: str, rounds: int) -> Scores:
    from arch.bootstrap import IndependentSamplesBootstrap

    rows = ROWS[statistic]
    items, items_too = np.ascontiguousarray(real.T), np.ascontiguousarray(synthetic.T)
    both = IndependentSamplesBootstrap(items, items_too, seed=1)
    return np.asarray(both.apply(lambda r, s: rows(r.mean(axis=0)[None], s.mean(axis=0)[None]), rounds)).ravel()


def product(real: Scores, synthetic: Scores, statistic: str, rounds: int) -> Scores:
    """Count how often each item is drawn, and multiply counts and scores: the quickest way in a few lines of NumPy."""
    rng, rows, draws = np.random.default_rng(1), ROWS[statistic], []
    items, items_too = (np.ascontiguousarray(x.T.astype(np.float32)) for x in (real, synthetic))

    def counts(size: int, n: int) -> NDArray[np.float32]:
        weights = np.empty((size, n), np.float32)
        for row in weights:
            row[:] = np.bincount(rng.integers(0, n, n, dtype=np.int32), minlength=n)
        return weights

    for start in range(0, rounds, PRODUCT_AT_ONCE):
        size = min(PRODUCT_AT_ONCE, rounds - start)
        draws.append(rows(counts(size, len(items)) @ items, counts(size, len(items_too)) @ items_too))
    return np.concatenate(draws)


def spearman(real: Scores, synthetic: Scores) -> Scores:
    from scipy.stats import rankdata

    r, s = (rankdata(x, axis=1) for x in (real, synthetic))
    r, s = r - r.mean(axis=1, keepdims=True), s - s.mean(axis=1, keepdims=True)
    return np.asarray((r * s).sum(axis=1) / np.sqrt((r * r).sum(axis=1) * (s * s).sum(axis=1)))


def kendall(real: Scores, synthetic: Scores) -> Scores:
    from scipy.stats import kendalltau

    return np.array([kendalltau(r, s).statistic for r, s in zip(real, synthetic, strict=True)])


def agreement(real: Scores, synthetic: Scores) -> Scores:
    one, other = np.triu_indices(real.shape[1], k=1)
    signs = (np.sign(x[:, other] - x[:, one]) for x in (real, synthetic))
    return np.asarray((1 - np.abs(np.subtract(*signs)) / 2).mean(axis=1))


ROWS: dict[str, Rows] = {"srcc": spearman, "kendall_tau": kendall, "pairwise_agreement": agreement}
WAYS = {way.__name__: way for way in (acidtest, loop, scipy, arch, product)}


def main() -> None:
    way, statistic, rounds = WAYS[sys.argv[1]], sys.argv[2], int(sys.argv[3])
    real, synthetic = (np.load(f"{name}.npy", allow_pickle=False) for name in ("real", "synthetic"))
    way(real, synthetic, statistic, rounds if way is acidtest else AT_ONCE)
    began = time.process_time()
    draws = way(real, synthetic, statistic, rounds)
    cpu = time.process_time() - began
    low, high = np.quantile(draws, [0.025, 0.975])
    print(cpu, low, high)


if __name__ == "__main__":
    main()
