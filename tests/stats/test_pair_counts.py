"""Pairs of solvers counted by bits: the same numbers as looking at every pair."""

import numpy as np
import pytest

from acidtest.stats import order
from acidtest.stats.estimate import FloatArray
from acidtest.stats.pair_counts import doubled_ranks, pair_counts

SOLVERS = [2, 3, 7, 63, 64, 65, 100, 130]
"""Around the number of bits of a word, too."""


def rows_of(solvers: int, values: int) -> tuple[FloatArray, FloatArray]:
    """Return two sets of scores [40, M] of that many different values: few make many ties."""
    real, synthetic = np.random.default_rng(solvers).integers(0, values, (2, 40, solvers)) / values
    return real, synthetic


def differences(real: FloatArray, synthetic: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return [40, pairs] of both sets."""
    one, other = np.triu_indices(real.shape[1], k=1)
    return real[:, other] - real[:, one], synthetic[:, other] - synthetic[:, one]


@pytest.mark.parametrize("solvers", SOLVERS)
@pytest.mark.parametrize("values", [2, 5, 30, 100_000])
@pytest.mark.parametrize("least", [0.0, 1e-6, 0.1, 0.5, 3.0])
def test_counts_by_their_definition(solvers: int, values: int, least: float) -> None:
    real, synthetic = rows_of(solvers, values)
    r, s = differences(real, synthetic)
    counts = np.abs(r) >= least
    found = pair_counts(real, synthetic, least)
    np.testing.assert_array_equal(found.counted, counts.sum(axis=1))
    np.testing.assert_array_equal(found.opposed, (counts & (r * s < 0)).sum(axis=1))
    np.testing.assert_array_equal(found.tied_real, (counts & (r == 0)).sum(axis=1))
    np.testing.assert_array_equal(found.tied_synthetic, (counts & (s == 0)).sum(axis=1))
    np.testing.assert_array_equal(found.tied_both, (counts & (r == 0) & (s == 0)).sum(axis=1))


@pytest.mark.parametrize("solvers", SOLVERS)
@pytest.mark.parametrize("values", [2, 30, 100_000])
def test_statistics_are_those_of_every_pair_to_the_last_bit(solvers: int, values: int) -> None:
    real, synthetic = rows_of(solvers, values)
    r, s = (np.sign(x) for x in differences(real, synthetic))
    with np.errstate(invalid="ignore"):
        tau = (r * s).sum(axis=1) / np.sqrt(np.abs(r).sum(axis=1) * np.abs(s).sum(axis=1))
    np.testing.assert_array_equal(order.kendall_tau(real, synthetic), tau)
    share = (1 - np.abs(r - s) / 2).sum(axis=1) / r.shape[1]
    np.testing.assert_array_equal(order.pairwise_agreement(real, synthetic), share)


@pytest.mark.parametrize("values", [2, 5, 100_000])
def test_ranks_by_their_definition(values: int) -> None:
    x, _ = rows_of(20, values)
    below = (x[:, :, None] > x[:, None, :]).sum(axis=2)
    above = (x[:, :, None] < x[:, None, :]).sum(axis=2)
    np.testing.assert_array_equal(doubled_ranks(x), below - above)
