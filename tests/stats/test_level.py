"""Level: plain formulas, and a noise floor that is right on average."""

import json
from pathlib import Path

import numpy as np
import pytest

from acidtest.stats.level import gap, mspd, mspd_excess, mspd_noise_floor


def test_gap_and_mspd_by_their_definitions() -> None:
    real, synthetic = np.array([0.5, 0.75, 0.25]), np.array([0.75, 0.75, 0.125])
    assert gap(real, synthetic) == pytest.approx((0.25 + 0 - 0.125) / 3, abs=1e-15)
    assert mspd(real, synthetic) == pytest.approx((0.0625 + 0 + 0.015625) / 3, abs=1e-15)
    assert gap(np.stack([real, real]), synthetic).shape == (2,)


def test_unscored_solvers_do_not_count() -> None:
    assert gap(np.array([0.5, np.nan]), np.array([0.6, 0.9])) == pytest.approx(0.1)
    assert np.isnan(mspd(np.array([np.nan]), np.array([0.9])))


def test_published_mspd(real_data: Path) -> None:
    # The squared differences of the authors' notebook, recomputed in the data's own check file.
    data = json.loads((real_data / "sg4nlp_crossner_politics_enttype_k5" / "scores.json").read_text("utf-8"))
    solvers = list(data["scores"]["original"])
    real = np.array([data["scores"]["original"][m] for m in solvers])
    for name, expected in data["recomputed"].items():
        synthetic = np.array([data["scores"][name][m] for m in solvers])
        assert round(float(mspd(real, synthetic)), 6) == expected["mspd"]


@pytest.mark.parametrize("same_items", [False, True])
def test_excess_is_unbiased(same_items: bool) -> None:  # noqa: FBT001 - a case of the test
    # 4,000 studies of 30 items with true differences (0, .3): the mean excess is mean d^2 = .045.
    rng = np.random.default_rng(3)
    excess = []
    for _ in range(4000):
        easy = rng.normal(0, 1, 30)
        other = easy if same_items else rng.normal(0, 1, 30)
        real = easy + rng.normal(0, 1, (2, 30))
        synthetic = other + rng.normal(0, 1, (2, 30)) + np.array([[0.0], [0.3]])
        floor = mspd_noise_floor(real, synthetic, same_items=same_items)
        excess.append(float(mspd_excess(real.mean(axis=1), synthetic.mean(axis=1), floor)))
    error = np.std(excess) / np.sqrt(len(excess))
    assert abs(np.mean(excess) - 0.045) < 3.3 * error
    assert error < 0.004
    assert min(excess) < 0  # not cut off


def test_noise_floor_by_its_definition() -> None:
    rng = np.random.default_rng(4)
    real, synthetic = rng.random((3, 10)), rng.random((3, 10))
    apart = np.mean([np.var(r, ddof=1) / 10 + np.var(s, ddof=1) / 10 for r, s in zip(real, synthetic, strict=True)])
    paired = np.mean([np.var(s - r, ddof=1) / 10 for r, s in zip(real, synthetic, strict=True)])
    assert mspd_noise_floor(real, synthetic, same_items=False) == pytest.approx(float(apart), abs=1e-15)
    assert mspd_noise_floor(real, synthetic, same_items=True) == pytest.approx(float(paired), abs=1e-15)
    with pytest.raises(ValueError, match="same items"):
        mspd_noise_floor(real, synthetic[:, :5], same_items=True)
    assert np.isnan(mspd_noise_floor(real[:, :1], synthetic[:, :1], same_items=False))
