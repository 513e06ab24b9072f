"""What the audit of items stands on: abilities without an item, solvers that err alike, curves, spreads, refusals."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, gamma

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Fit, fit_irt
from acidtest.stats.irt.flaws import curves
from acidtest.stats.irt.flaws.abilities import AbilitiesWithout, abilities_without, solver_weights
from acidtest.stats.irt.flaws.audit import find_flaws
from acidtest.stats.irt.flaws.curves import along_curves, log_spread
from acidtest.stats.irt.flaws.hypotheses import votes_of
from acidtest.stats.irt.items import Items


def scores_of(seed: int, solvers: int = 8, n: int = 30, *, alike: float = 0.0) -> FloatArray:
    rng = np.random.default_rng(seed)
    chance = expit(rng.normal(size=(solvers, 1)) + rng.normal(0, 1, n))
    scores: FloatArray = (rng.random((solvers, n)) < chance).astype(float)
    scores[1] = np.where(rng.random(n) < alike, scores[0], scores[1])
    scores[5] = np.where(rng.random(n) < alike, 1 - scores[4], scores[5])
    scores[rng.random(scores.shape) < 0.1] = np.nan
    return scores


def bank(n: int, *, residual: bool) -> Items:
    rng = np.random.default_rng(9)
    return Items(
        discrimination=rng.lognormal(0, 0.4, n),
        difficulty=rng.normal(0, 1, n),
        guess=np.zeros(n) if residual else rng.uniform(0, 0.3, n),
        residual=rng.uniform(0.3, 1, n) if residual else None,
    )


@pytest.mark.parametrize(("parts", "residual"), [(4, False), (20, True), (50, False)])
def test_leaving_a_part_out_is_one_newton_step(parts: int, residual: bool) -> None:  # noqa: FBT001
    """Gradient and information by a quotient of differences of the expected score, item by item."""
    scores = scores_of(0)
    if residual:
        scores = np.clip(scores * 0.7 + 0.2, 0, 1)
    items = bank(30, residual=residual)
    fit: Fit = fit_irt(scores_of(0))
    fit = Fit(**{**vars(fit), "items": items})
    found = abilities_without(scores, fit, rng=np.random.default_rng(3), parts=parts)
    count = min(parts, 30)
    assert found.part.tolist() == (np.random.default_rng(3).permutation(30) % count).tolist()
    assert found.ability.shape == (count, 8)
    np.testing.assert_array_equal(found.weight, solver_weights(scores))
    for m, theta in enumerate(fit.ability):
        p, step = items.expected(theta), 1e-4
        slope = (items.expected(theta + step) - items.expected(theta - step)) / (2 * step)
        for part in range(count):
            pull, known = 0.0, 1.0  # the prior's
            for j in range(30):
                if np.isnan(scores[m, j]):
                    continue
                if found.part[j] == part:
                    pull += slope[j] * (scores[m, j] - p[j]) / (p[j] * (1 - p[j]))
                else:
                    known += slope[j] ** 2 / (p[j] * (1 - p[j]))
            assert found.ability[part, m] == pytest.approx(theta - pull / known, rel=1e-5, abs=1e-6)
    some = found.take(np.array([4, 2]))
    assert some.part.tolist() == found.part[[4, 2]].tolist()
    assert some.ability is found.ability


def test_twenty_parts_unless_asked_otherwise() -> None:
    scores = scores_of(1)
    found = abilities_without(scores, fit_irt(scores), rng=np.random.default_rng(0))
    assert sorted(set(found.part.tolist())) == list(range(20))


@pytest.mark.parametrize(("seed", "solvers", "n"), [(2, 8, 60), (3, 7, 200), (4, 14, 90)])
def test_solvers_that_err_alike_count_together(seed: int, solvers: int, n: int) -> None:
    """Rasch's model with normal priors of standard deviation 3 by scipy; correlations pair by pair."""
    x = scores_of(seed, solvers, n, alike=0.9)
    seen = np.isfinite(x)

    def loss(both: FloatArray) -> tuple[float, FloatArray]:
        linear = both[:solvers, None] + both[solvers:]
        each = np.where(seen, np.logaddexp(0, linear) - np.nan_to_num(x) * linear, 0.0)
        slope = np.where(seen, expit(linear) - np.nan_to_num(x), 0.0)
        return float(each.sum() + (both**2).sum() / 18), np.r_[slope.sum(1), slope.sum(0)] + both / 9

    best = minimize(loss, np.zeros(solvers + n), jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-9}).x
    rest = np.where(seen, x - expit(best[:solvers, None] + best[solvers:]), 0.0)
    alike = np.zeros((solvers, solvers))
    for i in range(solvers):
        for k in range(solvers):
            both = seen[i] & seen[k]
            alike[i, k] = (rest[i] @ rest[k]) / np.sqrt((rest[i, both] ** 2).sum() * (rest[k, both] ** 2).sum())
    back = max(-float(np.median([alike[i, k] for i in range(solvers) for k in range(i)])), 0.0)
    slow = []
    for i in range(solvers):
        total = 0.0
        for k in range(solvers):
            r = (alike[i, k] + back) / (1 + back)
            if k != i and r > 3 / np.sqrt((seen[i] & seen[k]).sum()):
                total += min(r, 1.0)
        slow.append(1 / (1 + total))
    found = solver_weights(x)
    assert found == pytest.approx(slow, rel=2e-4)
    assert found[:2].max() < 0.8 < found[2]


def test_copies_count_as_one_and_solvers_that_share_no_item_as_themselves() -> None:
    rng = np.random.default_rng(5)
    one = (rng.random(40) < 0.6).astype(float)
    assert solver_weights([one, one, 1 - one]).tolist()[:2] == pytest.approx([0.5, 0.5], rel=1e-6)
    apart = np.full((2, 40), np.nan)
    apart[0, :20], apart[1, 20:] = one[:20], one[20:]
    assert solver_weights(apart).tolist() == [1.0, 1.0]


def test_the_grid() -> None:
    """25 slopes from -6 to 6, closer together near 0: evenly spaced as their inverse hyperbolic sines are."""
    assert np.arcsinh(curves.SLOPES * np.sinh(3) / 6) == pytest.approx(np.linspace(-3, 3, 25), abs=1e-12)
    assert curves.SLOPES[curves.FLAT].tolist() == [0.0]
    assert curves.ABOVE.tolist() == list(range(13, 25))
    assert pytest.approx(np.arange(-8, 8.25, 0.25)) == curves.EASINESS
    assert curves.HITS_PRIOR.sum() == pytest.approx(1)


@pytest.mark.parametrize("turned", [False, True])
def test_curves_of_scores_in_between(turned: bool) -> None:  # noqa: FBT001
    """The product over solvers, right answers to the power of their share; hits of the printed key mixed as stated."""
    rng = np.random.default_rng(6)
    right, counts = rng.random((5, 3)), rng.random((5, 3)) * (rng.random((5, 3)) < 0.8)
    abilities = AbilitiesWithout(part=np.array([2, 0, 2]), ability=rng.normal(size=(3, 5)), weight=np.ones(5))
    some = np.array([0, 7, 12, 20])
    found = along_curves(right, counts, abilities, slopes=some, upside_down=turned)
    assert found.relative.max(1) == pytest.approx(np.ones(3))
    for item in range(3):
        p = expit(
            curves.SLOPES[some][:, None, None] * abilities.ability[abilities.part[item]] + curves.EASINESS[:, None]
        )
        slow = np.zeros(p.shape[:2])
        for hit, share in ((0.1, 0.3), (0.35, 0.3), (0.65, 0.2), (1.0, 0.2)) if turned else ((1.0, 1.0),):
            yes = hit * (1 - p) if turned else p
            slow += share * np.prod((yes ** right[:, item] * (1 - yes) ** (1 - right[:, item])) ** counts[:, item], -1)
        whole = found.relative[item] * np.exp(found.log_largest[item])
        np.testing.assert_allclose(whole, slow.ravel(), rtol=1e-5, atol=1e-6 * slow.max())


def test_spread_of_votes_that_count_in_part() -> None:
    """Dirichlet and multinomial with gamma functions as they stand; an item without votes has no spread."""
    votes = np.array([[0.5, 2.25, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    options = np.array([4.0, 3.0, 0.0])
    found = log_spread(votes, options)
    for k, whole in enumerate((0.5, 1.5, 4.0, 12.0, 40.0)):
        each = whole / 4
        parts = gamma(each + 0.5) / gamma(each) * gamma(each + 2.25) / gamma(each)
        assert found[0, k] == pytest.approx(np.log(gamma(whole) / gamma(whole + 2.75) * parts), rel=1e-9)
        assert found[2, k] == pytest.approx(0)  # one option: it has every vote
    assert (found[1] == 0).all()


def test_votes_are_counted_by_weight() -> None:
    choice = np.array([[0, -1, 2], [1, -1, 2], [1, 0, -1]])
    votes = votes_of(choice, np.array([1.0, 0.5, 0.25]))
    assert votes.tolist() == [[1.0, 0.75, 0.0], [0.25, 0.0, 0.0], [0.0, 0.0, 1.5]]
    assert votes_of(np.full((2, 3), -1), np.ones(2)).tolist() == [[0.0, 0.0]] * 3


def test_rates_and_answers_without_options_are_refused() -> None:
    scores = scores_of(7)
    abilities = abilities_without(scores, fit_irt(scores), rng=np.random.default_rng(0))
    for rate in (0.0, 1.0, -0.1, 1.2):
        with pytest.raises(ValueError, match="between 0 and 1"):
            find_flaws(scores, abilities, fdr=rate, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="go together"):
        find_flaws(scores, abilities, options=np.full(30, 4.0), rng=np.random.default_rng(0))
