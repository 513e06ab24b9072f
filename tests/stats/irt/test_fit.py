"""The fit: what it refuses, what must not matter to it, and its two limits beside general optimizers."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize
from scipy.special import logsumexp

from acidtest.errors import DataError
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.ability import ability
from acidtest.stats.irt.fit import Fit, Model, fit_irt
from acidtest.stats.irt.items import Items
from irt_worlds import parameters, world

TABLES = st.tuples(st.integers(2, 6), st.integers(2, 9)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.sampled_from([0.0, 1.0, np.nan]))
)


def numbers(fit: Fit) -> list[FloatArray]:
    return [
        *(fit.items.discrimination, fit.items.difficulty, fit.discrimination_se, fit.difficulty_se, fit.covariance),
        *(fit.ability, fit.ability_se, fit.answers, np.array(dataclasses.astuple(fit.prior))),
        np.array(fit.log_likelihood),
    ]


@settings(max_examples=25, deadline=None)
@given(scores=TABLES, model=st.sampled_from(["rasch", "2pl", "3pl"]))
def test_no_table_gives_nan_or_infinity(scores: FloatArray, model: Model) -> None:
    if np.isnan(scores).all():
        return
    fit = fit_irt(scores, model=model, guess=0.25 if model == "3pl" else 0.0, most_sweeps=60)
    assert all(np.isfinite(values).all() for values in numbers(fit))
    assert (fit.ability_se > 0).all()
    assert (fit.discrimination_se > 0).all()


@pytest.mark.parametrize("model", ["rasch", "2pl", "3pl"])
@pytest.mark.parametrize(
    "scores",
    [
        np.ones((4, 6)),
        np.zeros((4, 6)),
        np.repeat(np.array([[1.0], [0.0], [1.0]]), 5, 1),
        np.tri(6, 7),
        np.repeat(np.array([[1.0, 0.0, 1.0]]), 5, 0),
    ],
    ids=["all right", "all wrong", "rows alike", "ladder", "solvers alike"],
)
def test_tables_that_say_little_end_somewhere(scores: FloatArray, model: Model) -> None:
    fit = fit_irt(scores, model=model, guess=0.2 if model == "3pl" else 0.0)
    assert fit.converged
    assert all(np.isfinite(values).all() for values in numbers(fit))
    assert abs(fit.items.discrimination).max() < 1e3
    assert fit.warnings


@pytest.mark.parametrize("model", ["rasch", "2pl", "3pl"])
def test_order_of_solvers_and_items_does_not_matter(model: Model) -> None:
    scores, _, _ = world(9, 14, 3, missing=0.2)
    rng = np.random.default_rng(0)
    solvers, items = rng.permutation(9), rng.permutation(14)
    guess = np.linspace(0.1, 0.3, 14) if model == "3pl" else np.zeros(14)
    one = fit_irt(scores, model=model, guess=guess, tolerance=1e-7)
    other = fit_irt(scores[solvers][:, items], model=model, guess=guess[items], tolerance=1e-7)
    assert other.ability == pytest.approx(one.ability[solvers], abs=1e-5)
    assert other.ability_se == pytest.approx(one.ability_se[solvers], abs=1e-5)
    assert other.covariance == pytest.approx(one.covariance[items], abs=1e-5)
    assert other.items.difficulty == pytest.approx(one.items.difficulty[items], abs=1e-4)


def test_solvers_and_items_without_scores_change_nothing_else() -> None:
    scores, _, _ = world(9, 14, 3, missing=0.2)
    more = np.full((11, 16), np.nan)
    more[1:10, 1:15] = scores
    one, other = fit_irt(scores), fit_irt(more)
    assert other.ability[1:10] == pytest.approx(one.ability, abs=1e-6)
    assert other.ability_se[1:10] == pytest.approx(one.ability_se, abs=1e-6)
    assert parameters(other.items)[1:15] == pytest.approx(parameters(one.items), abs=1e-6)
    assert other.ability[[0, 10]] == pytest.approx([0, 0], abs=1e-12)
    assert other.ability_se[[0, 10]] == pytest.approx([1, 1])
    # An item that nobody answered is as the prior says
    unseen = parameters(other.items)[0]
    # ... whose mean of easiness is E[level exp(power x off)], (off, level) normal: Stein's lemma
    prior = other.prior
    sd = prior.log_discrimination_sd
    shift = prior.power * sd * (prior.power * sd * prior.easiness / 2 + prior.correlation * prior.easiness_sd)
    assert unseen == pytest.approx([prior.log_discrimination, prior.easiness + shift], abs=0.01)
    assert np.sqrt(other.covariance[0, 1, 1]) >= other.prior.easiness_sd - 1e-3
    assert any("2 items without any score" in line for line in other.warnings)


@pytest.mark.parametrize("shape", [(12, 30), (60, 12), (40, 400)])
def test_abilities_have_mean_0_and_spread_1(shape: tuple[int, int]) -> None:
    fit = fit_irt(world(*shape, 1)[0])
    assert fit.converged
    assert fit.ability.mean() == pytest.approx(0, abs=1e-3)
    # Their own variance and that of their errors together, as the docstring says
    assert fit.ability.var() + np.mean(fit.ability_se**2) == pytest.approx(1, abs=0.05)


def test_a_sweep_from_where_it_ended_moves_nothing() -> None:
    scores = world(15, 40, 4)[0]
    close, closer = fit_irt(scores, tolerance=1e-4), fit_irt(scores, tolerance=1e-8)
    assert close.converged
    assert closer.converged
    assert close.sweeps < closer.sweeps
    assert close.ability == pytest.approx(closer.ability, abs=1e-3)
    assert parameters(close.items) == pytest.approx(parameters(closer.items), abs=3e-3)
    stopped = fit_irt(scores, most_sweeps=2)
    assert not stopped.converged
    assert any("still moved" in line for line in stopped.warnings)


def test_rasch_gives_all_items_one_discrimination() -> None:
    fit = fit_irt(world(30, 20, 0, slopes=0)[0], model="rasch")
    assert np.ptp(fit.items.discrimination) < 1e-6
    right = np.nanmean(world(30, 20, 0, slopes=0)[0], axis=0)
    # Where all answered all, a Rasch item's share of right answers is all that counts
    assert (np.argsort(fit.items.difficulty) == np.lexsort((fit.items.difficulty, -right))).all()


def test_many_solvers_are_fitted_like_the_usual_marginal_likelihood() -> None:
    # Origin: abilities integrated over a dense grid, items' posterior climbed by scipy, at the prior that was learnt
    scores, _, _ = world(300, 6, 7)
    fit = fit_irt(scores)
    grid = np.linspace(-6, 6, 121)
    prior = fit.prior
    off = prior.correlation * prior.log_discrimination_sd * prior.easiness_sd
    precision = np.linalg.inv([[prior.log_discrimination_sd**2, off], [off, prior.easiness_sd**2]])

    def minus_log_posterior(x: FloatArray) -> float:
        la, d = x.reshape(2, 6)
        u = np.exp(la) * grid[:, None] + d
        log = scores @ -np.logaddexp(0, -u).T + (1 - scores) @ -np.logaddexp(0, u).T - grid**2 / 2
        level = d * np.exp(-prior.power * (la - prior.log_discrimination))
        away = np.stack([la - prior.log_discrimination, level - prior.easiness], -1)
        return float(-logsumexp(log, axis=1).sum() + 0.5 * np.einsum("ni,ij,nj->", away, precision, away))

    best = minimize(minus_log_posterior, parameters(fit.items).T.ravel(), method="BFGS").x.reshape(2, 6).T
    width = np.sqrt(np.diagonal(fit.covariance, axis1=1, axis2=2))
    assert np.abs((parameters(fit.items) - best) / width).max() < 0.35
    assert np.abs((parameters(fit.items) - best) / width).mean() < 0.15


def test_few_solvers_are_fitted_like_the_marginal_likelihood_over_items() -> None:
    # Origin: each item integrated over a dense grid of its prior, abilities climbed by scipy, at the prior learnt
    scores, _, _ = world(6, 150, 11)
    fit = fit_irt(scores)
    prior = fit.prior
    nodes = np.linspace(-4, 4, 25)
    la = prior.log_discrimination + prior.log_discrimination_sd * nodes[:, None]
    slope = prior.correlation * nodes[:, None] + np.sqrt(1 - prior.correlation**2) * nodes
    wide = np.exp(prior.power * (la - prior.log_discrimination))
    d = ((prior.easiness + prior.easiness_sd * slope) * wide).ravel()
    a = np.exp(la + 0 * slope).ravel()
    weight = (-0.5 * (nodes[:, None] ** 2 + nodes**2)).ravel()

    def minus_log_likelihood(theta: FloatArray) -> float:
        u = a[:, None] * theta + d[:, None]
        log = -np.logaddexp(0, -u) @ scores - np.logaddexp(0, u) @ (1 - scores) + weight[:, None]
        return float(-logsumexp(log, axis=0).sum() + 0.5 * theta @ theta)

    best = minimize(minus_log_likelihood, fit.ability, method="BFGS").x
    best = (best - best.mean()) / best.std() * fit.ability.std()
    assert np.abs((fit.ability - best) / fit.ability_se).max() < 0.2


@pytest.mark.parametrize(
    ("scores", "match"),
    [
        (np.array([[1.0, 0.0]]), "two solvers"),
        (np.full((3, 3), np.nan), "two solvers"),
        (np.array([[1.0, 0.5], [0.0, 1.0]]), "between 0 and 1"),
        (np.array([[1.0, 50.0], [0.0, 100.0]]), "0 to 100"),
        (np.array([[1.0, -np.inf], [0.0, 1.0]]), "-inf to 1"),
    ],
)
def test_scores_that_no_scale_takes_are_refused(scores: FloatArray, match: str) -> None:
    with pytest.raises(DataError, match=match):
        fit_irt(scores)


def test_a_guess_must_be_a_chance() -> None:
    with pytest.raises(DataError, match="chance of guessing"):
        fit_irt(np.eye(3), model="3pl", guess=1.0)


def test_warnings_say_what_the_table_lacks() -> None:
    scores, _, _ = world(6, 40, 2)
    scores[:, 0], scores[:, 1] = 1, 0
    text = " ".join(fit_irt(scores).warnings)
    assert "Only 6 solvers" in text
    assert "every solver got right" in text
    assert "every solver got wrong" in text
    assert not fit_irt(world(80, 60, 2)[0]).warnings
    alike = fit_irt(np.repeat(world(2, 30, 0)[0][:1], 12, 0))
    assert any("hardly be told apart" in line for line in alike.warnings)


def test_items_that_were_fitted_hold_the_guess() -> None:
    scores, _, _ = world(30, 20, 0, guess=0.25)
    fit = fit_irt(scores, model="3pl", guess=0.25)
    assert isinstance(fit.items, Items)
    assert fit.items.guess.tolist() == [0.25] * 20
    assert fit_irt(scores, model="2pl", guess=0.25).items.guess.tolist() == [0] * 20


def test_groups_that_share_no_items_are_said() -> None:
    scores, _, _ = world(24, 40, 2)
    scores[:12, 20:], scores[12:, :20] = np.nan, np.nan
    assert any("2 groups that share no items" in line for line in fit_irt(scores).warnings)
    scores[0, 30] = 1.0
    assert not any("share no items" in line for line in fit_irt(scores).warnings)


def test_a_solver_that_alone_stands_out_is_not_known_exactly() -> None:
    # Mean 0 and spread 1 fix the only ability that differs; what its 30 answers leave open is more than nothing
    scores = np.zeros((11, 8))
    scores[3, :4] = 1
    fit = fit_irt(scores)
    alone = ability(scores, fit.items, method="eap").se[3]
    assert fit.ability_se[3] > 0.3 * alone


@pytest.mark.parametrize(("power", "easiness"), [(0.0, 1.0), (1.0, None)])
def test_what_steep_items_have_in_common_is_learnt(power: float, easiness: float | None) -> None:
    # Simulated: easiness of one spread whatever the slope (power 0), or difficulty of one spread (power 1)
    rng = np.random.default_rng(5)
    theta, la, z = rng.normal(size=120), rng.normal(0, 0.5, 1200), rng.normal(size=1200)
    d = z if easiness else z * np.exp(la)
    scores = (rng.random((120, 1200)) < 1 / (1 + np.exp(-np.exp(la) * theta[:, None] - d))).astype(float)
    fit = fit_irt(scores)
    assert fit.prior.power == pytest.approx(power, abs=0.2)
    # A scale that is bent by a wrong power has errors that go with ability cubed
    true = (theta - theta.mean()) / theta.std()
    cube = np.polyfit(true, fit.ability - true, 3)
    assert abs(cube[0]) < 0.006


def test_right_and_wrong_exchanged_turn_the_scale_around() -> None:
    scores, _, _ = world(15, 40, 3, missing=0.1)
    one, other = fit_irt(scores, tolerance=1e-8), fit_irt(1 - scores, tolerance=1e-8)
    assert other.ability == pytest.approx(-one.ability, abs=1e-5)
    assert other.ability_se == pytest.approx(one.ability_se, abs=1e-5)
    assert other.items.discrimination == pytest.approx(one.items.discrimination, abs=1e-5)
    assert other.items.difficulty == pytest.approx(-one.items.difficulty, abs=1e-4)


def test_a_table_whose_modes_leapt_for_ever_ends() -> None:
    # Rows drawn again from coin tosses, which no ability explains: discriminations spread by 2 in logarithms
    rng = np.random.default_rng(17)
    for _ in range(6):
        shape = rng.integers(5, 12), rng.integers(8, 18)
        scores = (rng.random(shape) < 0.5).astype(float)[rng.integers(0, shape[0], shape[0])]
        assert fit_irt(scores).converged


def test_no_item_of_few_runs_away_with_the_scale() -> None:
    """The likelihood of this table has a second peak, where one item is right exactly above some ability."""
    rng = np.random.default_rng(50018)
    able, difficulty = rng.normal(size=400), rng.normal(size=20)
    known = Items(discrimination=np.exp(rng.normal(0, 0.3, 20)), difficulty=difficulty, guess=np.zeros(20))
    scores = (rng.random((400, 20)) < known.expected(able)).astype(float)
    fit = fit_irt(scores)
    assert fit.converged
    off = np.log(fit.items.discrimination / (known.discrimination * able.std()))
    assert np.abs(off).max() < 0.6
    assert np.sqrt((off**2).mean()) < 0.25  # the fit states errors of .17
