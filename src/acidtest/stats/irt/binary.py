"""The fit for scores of 0 and 1."""

import numpy as np
from scipy.special import expit

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.fit import Fit, Model, Prior
from acidtest.stats.irt.items import Items


def fit_binary(scores: FloatArray, *, model: Model, guess: FloatArray, most_sweeps: int, tolerance: float) -> Fit:
    """First version: joint maximum a posteriori with priors learnt from all items (empirical Bayes)."""
    seen = np.isfinite(scores)
    x = np.where(seen, scores, 0.0)
    solvers, n = scores.shape
    share = (x.sum(1) + 0.5) / (seen.sum(1) + 1)
    theta = np.log(share / (1 - share))
    theta = (theta - theta.mean()) / max(theta.std(), 1e-3)
    p = (x.sum(0) + 0.5) / (seen.sum(0) + 1)
    d, la = np.log(p / (1 - p)), np.zeros(n)
    prior = Prior(log_discrimination=0.0, log_discrimination_sd=0.3, easiness=0.0, easiness_sd=1.5)
    converged, sweep = False, 0
    for sweep in range(1, most_sweeps + 1):
        va, vd = prior.log_discrimination_sd**2, prior.easiness_sd**2
        a = np.exp(la)
        r = expit(a * theta[:, None] + d)
        w = np.where(seen, r * (1 - r), 0.0)
        e = np.where(seen, x - r, 0.0)
        gl = a * (theta @ e) - (la - prior.log_discrimination) / va
        gd = e.sum(0) - (d - prior.easiness) / vd
        h11 = a * a * (theta**2 @ w) + 1 / va
        h12 = a * (theta @ w)
        h22 = w.sum(0) + 1 / vd
        det = h11 * h22 - h12**2
        la = la + np.clip((h22 * gl - h12 * gd) / det, -0.7, 0.7)
        d = d + np.clip((h11 * gd - h12 * gl) / det, -1.5, 1.5)
        if model == "rasch":
            la[:] = la.mean()
        a = np.exp(la)
        r = expit(a * theta[:, None] + d)
        w = np.where(seen, r * (1 - r), 0.0)
        info = w @ a**2 + 1
        new = theta + np.clip((np.where(seen, x - r, 0.0) @ a - theta) / info, -1, 1)
        s, c = max(new.std(), 1e-3), new.mean()
        new = (new - c) / s
        d, la = d + a * c, la + np.log(s)
        moved = float(np.abs(new - theta).max())
        theta = new
        prior = Prior(
            log_discrimination=float(la.mean()),
            log_discrimination_sd=float(np.sqrt(max(((la - la.mean()) ** 2 + h22 / det).mean(), 1e-3))),
            easiness=float(d.mean()),
            easiness_sd=float(np.sqrt(((d - d.mean()) ** 2 + h11 / det).mean())),
        )
        if moved < tolerance:
            converged = True
            break
    a = np.exp(la)
    cov = np.stack([np.stack([h22, -h12], -1), np.stack([-h12, h11], -1)], -2) / det[:, None, None]
    b = -d / a
    b_var = cov[:, 1, 1] / a**2 + 2 * b / a * cov[:, 0, 1] + b**2 * cov[:, 0, 0]
    r = expit(a * theta[:, None] + d)
    return Fit(
        model=model,
        items=Items(discrimination=a, difficulty=b, guess=np.array(guess, float)),
        discrimination_se=a * np.sqrt(cov[:, 0, 0]),
        difficulty_se=np.sqrt(np.maximum(b_var, 0)),
        covariance=cov,
        ability=theta,
        ability_se=1 / np.sqrt(info),
        prior=prior,
        answers=seen.sum(0).astype(float),
        converged=converged,
        sweeps=sweep,
        log_likelihood=float(np.log(np.where(x > 0.5, r, 1 - r))[seen].sum()),
    )
