"""Two solvers on the same items: our paired tests beside those of evalstats, which were written from the same papers.

Its Tango interval is the closed form by the roots of a quartic (Chang et al. 2024); ours halves an interval.
"""

import numpy as np
import pytest
from evalstats.core import resampling  # type: ignore[import-untyped] # it has no stubs
from evalstats.core.paired import pairwise_differences  # type: ignore[import-untyped] # it has no stubs
from hypothesis import given, settings
from hypothesis import strategies as st

from acidtest.stats.paired import paired_test
from acidtest.stats.paired_proportions import tango_interval

quick = settings(max_examples=60, deadline=None)
counts = st.integers(0, 30)


@quick
@given(wins=counts, losses=counts, ties=st.integers(0, 60), level=st.sampled_from([0.8, 0.95, 0.99]))
def test_tango_interval_is_the_closed_form(wins: int, losses: int, ties: int, level: float) -> None:
    n = wins + losses + ties
    if n == 0:
        return
    one, other = np.repeat([1.0, 0.0, 1.0], [wins, losses, ties]), np.repeat([0.0, 1.0, 1.0], [wins, losses, ties])
    expected = resampling.tango_scc_paired_ci(one, other, 1 - level, c=0.0)
    # Where both roots fall together (nothing but ties), a quartic's roots are known to the root of the rounding only.
    np.testing.assert_allclose(tango_interval(wins, losses, n, level), expected, atol=2e-5)


@quick
@given(wins=counts, losses=counts, ties=st.integers(1, 60))
def test_mcnemar_mid_p(wins: int, losses: int, ties: int) -> None:
    one, other = np.repeat([1.0, 0.0, 1.0], [wins, losses, ties]), np.repeat([0.0, 1.0, 1.0], [wins, losses, ties])
    if wins + losses + ties < 15:  # fewer are refused there
        return
    theirs = pairwise_differences(np.stack([one, other]), 0, 1, method="tango")
    ours = paired_test(one, other)
    assert ours.estimate.value == pytest.approx(theirs.point_diff, abs=1e-12)
    assert ours.p == pytest.approx(theirs.p_value, rel=1e-9)


@quick
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(15, 80), shift=st.floats(-1, 1))
def test_paired_t(seed: int, n: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    one = rng.normal(size=n)
    other = one + shift + rng.normal(size=n) * 10.0 ** rng.integers(-3, 4)
    theirs = pairwise_differences(np.stack([one, other]), 0, 1, method="t_interval")
    ours = paired_test(one, other, unit=False)
    assert ours.p == pytest.approx(theirs.p_value, rel=1e-6)
    found = (ours.estimate.low, ours.estimate.high)
    np.testing.assert_allclose(found, (theirs.ci_low, theirs.ci_high), rtol=1e-9, atol=1e-12)
