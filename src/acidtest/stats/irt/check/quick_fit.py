"""A quick fit for checks that need hundreds of them: abilities and items by turns, only solvers with their doubt.

It is no scale to report: `fit_irt` knows both sides' doubt. A check applies it to the scores and to every simulated
table alike, so what it gets wrong it gets wrong in both.
"""

import numpy as np
from scipy.special import expit

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.continuous import fit_continuous
from acidtest.stats.irt.fit import Fit, Model
from acidtest.stats.irt.items import Items
from acidtest.stats.irt.several.item_step import FIRST_PRIOR, ItemStep, ItemSums, item_step, learnt_prior

FLATTEST = 1e-4


def quick_fit(
    scores: FloatArray, like: Fit, *, most_sweeps: int = 60, tolerance: float = 2e-3
) -> tuple[Items, FloatArray]:
    """Return items [n] and abilities [M] of scores [M, n] by the model of `like`."""
    if like.model == "continuous":
        found = fit_continuous(scores, most_sweeps=most_sweeps, tolerance=tolerance)
        return found.items, found.ability
    seen = np.isfinite(scores).astype(float)
    x = np.where(seen > 0, scores, 0.0)
    p = (x.sum(0) + 0.5) / (seen.sum(0) + 1)
    theta = (x - seen * p).sum(1) / np.maximum(seen.sum(1), 1)
    theta = (theta - theta.mean()) / max(float(theta.std()), 1e-6)
    guess = like.items.guess
    step = _first(p, guess)
    variance, prior = np.zeros(len(x)), FIRST_PRIOR
    answered, scored = seen.any(0).astype(float), seen.any(1)
    moved, sweep = np.inf, 0
    while moved > tolerance and sweep < most_sweeps:
        sweep += 1
        w, answer = _curve(x, seen, theta, variance, step, guess)
        sums = ItemSums(
            weight=w.sum(0),
            first=theta @ w,
            second=(theta**2 + variance) @ w,
            score=answer.sum(0),
            score_first=theta @ answer,
        )
        step = _one_model(item_step(sums, prior, step.log_discrimination, step.easiness), like.model)
        prior = learnt_prior(step, answered)
        w, answer = _curve(x, seen, theta, variance, step, guess)
        a = np.exp(step.log_discrimination)
        new_variance = 1 / (1 + w @ a**2)
        new = new_variance * ((answer - w * step.easiness) @ a)
        c = float(new[scored].mean())
        s = float(np.sqrt(((new[scored] - c) ** 2 + new_variance[scored]).mean()))
        new, variance = (new - c) / s, new_variance / s**2
        step = ItemStep(
            log_discrimination=step.log_discrimination + np.log(s),
            easiness=step.easiness + a * c,
            covariance=step.covariance,
        )
        moved = float(np.abs(new - theta).max())
        theta = new
    a = np.exp(step.log_discrimination)
    return Items(discrimination=a, difficulty=-step.easiness / a, guess=guess), theta


def _first(p: FloatArray, guess: FloatArray) -> ItemStep:
    beyond = np.clip((p - guess) / (1 - guess), 0.05, 0.99)
    n = len(p)
    return ItemStep(
        log_discrimination=np.zeros(n), easiness=np.log(beyond / (1 - beyond)), covariance=np.zeros((n, 2, 2))
    )


def _one_model(step: ItemStep, model: Model) -> ItemStep:
    if model != "rasch":
        return step
    flat = np.full(len(step.easiness), step.log_discrimination.mean())
    return ItemStep(log_discrimination=flat, easiness=step.easiness, covariance=step.covariance)


def _curve(
    x: FloatArray, seen: FloatArray, theta: FloatArray, variance: FloatArray, step: ItemStep, guess: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return [M, n] weights and working answers; an answer that was right is a guess as often as the model says."""
    a = np.exp(step.log_discrimination)
    linear = np.multiply.outer(theta, a) + step.easiness
    k = 1 / np.sqrt(1 + np.pi / 8 * np.multiply.outer(variance, a**2))
    right = expit(k * linear)
    if guess.any():
        x = x * right / (guess + (1 - guess) * right)
    w = seen * np.maximum(k * right * (1 - right), FLATTEST)
    return w, w * linear + x - seen * right
