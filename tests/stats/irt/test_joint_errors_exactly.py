"""Errors that know of each other: beside the inverse of the second derivatives of everything, taken whole."""

import math

import numpy as np
import pytest

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.engine import joint_errors as joint_module
from acidtest.stats.irt.engine.item_prior import Shared
from acidtest.stats.irt.engine.joint_errors import Errors, joint_errors
from acidtest.stats.irt.engine.sums import Answers
from irt_answers import H, first, second


def a_shared(*, one_slope: bool) -> Shared:
    covariance = np.diag([1e-8, 1.2]) if one_slope else np.array([[0.2, 0.1], [0.1, 1.4]])
    return Shared(mean=np.array([0.2, -0.3]), covariance=covariance, power=0.0 if one_slope else 0.6)


def whole_inverse(
    answers: Answers, guess: FloatArray | None, t: FloatArray, parameters: FloatArray, alone: Errors, shared: Shared
) -> FloatArray:
    """Invert the second derivatives of everything: solvers, the shared centre (and slope), items one after the other.

    Answers' second derivatives are those of the log-likelihood, its curvature about the linear predictor replaced by
    Fisher's information; a solver alone and an item alone are as wide as given.
    """
    one_slope = shared.covariance[0, 0] < 1e-6
    k, n, own = len(t), len(parameters), 1 if one_slope else 2
    globals_ = 2
    size = k + globals_ + own * n
    whole = np.zeros((size, size))
    whole[:k, :k] = np.diag(1 / alone.ability)
    precision = np.linalg.inv(shared.covariance)[2 - own :, 2 - own :]
    whole[k : k + own, k : k + own] = n * precision
    for i in range(n):
        la, d = parameters[i]
        a, at = math.exp(la), slice(k + globals_ + own * i, k + globals_ + own * (i + 1))
        c = 0.0 if guess is None else float(guess[i])
        whole[at, at] = np.linalg.inv(alone.items[i][2 - own :, 2 - own :])
        by = np.stack([(shared.levels(parameters[i] + H * e) - shared.levels(parameters[i] - H * e)) / (2 * H)
                       for e in np.eye(2)], axis=1)[2 - own :, 2 - own :]  # fmt: skip
        whole[at, k : k + own] = -by.T @ precision
        for m in range(k):
            y, u = int(answers[i, m]), a * t[m] + d
            s, f = second(y, u, c), first(y, u, c)
            # of (t, log a): u = a t + d has slopes (a, a t) and the mixed second derivative a
            cross = np.array([a * a * t[m] * s - a * f, a * s])
            whole[at, m] = cross[2 - own :]
            if one_slope:
                whole[k + 1, m] += cross[0]
                whole[k + 1, k + 1] += (a * t[m]) ** 2 * s
                whole[at, k + 1] += a * t[m] * s
    whole = np.tril(whole) + np.tril(whole, -1).T
    held = np.zeros((size, 2))
    held[:k, 0], held[:k, 1] = 1 / math.sqrt(k), t / math.sqrt(float(t @ t))
    firm = 1e6 * whole[: k + globals_, : k + globals_].max()
    return np.asarray(np.linalg.inv(whole + firm * held @ held.T))


@pytest.mark.parametrize("one_slope", [False, True])
@pytest.mark.parametrize("guessing", [False, True])
def test_joint_errors_are_the_whole_inverse(one_slope: bool, guessing: bool) -> None:  # noqa: FBT001  # pytest's
    rng = np.random.default_rng(1)
    k, n = 7, 9
    t = np.array([-1.4, -0.8, -0.3, 0.1, 0.5, 1.0, 1.6])
    la = np.full(n, 0.25) if one_slope else rng.normal(0.2, 0.4, n)
    parameters = np.stack([la, rng.normal(-0.3, 1, n)], -1)
    guess = rng.random(n) / 3 if guessing else None
    answers = rng.integers(-1, 2, (n + 1, k + 1)).astype(np.int8)
    answers[:, 2], answers[4] = 0, 0  # a solver and an item without any
    here, there = [0, 1, 3, 4, 5, 6, 7], [0, 1, 2, 3, 5, 6, 7, 8, 9]
    shared = a_shared(one_slope=one_slope)
    root = rng.normal(size=(n + 1, 2, 2)) / 8
    items = root @ root.transpose(0, 2, 1) + np.diag([0.03, 0.05])
    if one_slope:
        items[:, 0, :] = items[:, :, 0] = 0.0
    alone = Errors(ability=0.02 + rng.random(k + 1) / 50, items=items)
    ability, every = np.insert(t, 2, 0.7), np.insert(parameters, 4, [0.1, 0.2], 0)
    of_all = None if guess is None else np.insert(guess, 4, 0.1)
    found = joint_errors(
        answers, of_all, ability=ability, parameters=every, alone=alone, shared=shared, one_slope=one_slope
    )
    slow = whole_inverse(
        answers[np.ix_(there, here)],
        guess,
        t,
        parameters,
        Errors(ability=alone.ability[here], items=items[there]),
        shared,
    )
    width = np.maximum(np.diag(slow)[:k], 0.25 * alone.ability[here])
    assert found.ability[here] == pytest.approx(width, rel=1e-5)
    assert found.ability[2] == alone.ability[2]
    own = 1 if one_slope else 2
    for j, i in enumerate(there):
        at = slice(k + 2 + own * j, k + 2 + own * (j + 1))
        assert found.items[i][2 - own :, 2 - own :] == pytest.approx(slow[at, at], rel=1e-5, abs=1e-8)
        if one_slope:
            assert found.items[i, 0, 0] == pytest.approx(slow[k + 1, k + 1], rel=1e-5)
            assert found.items[i, 0, 1] == pytest.approx(slow[k + 1, k + 2 + j], rel=1e-4, abs=1e-8)
            assert found.items[i, 1, 0] == found.items[i, 0, 1]
    if not one_slope:
        assert found.items[4].tolist() == items[4].tolist()
    assert np.diag(slow)[:k].max() > 0.25 * alone.ability[here].max()


def small_errors(k: int, n: int, width: float = 0.05) -> tuple[Answers, dict[str, FloatArray], Errors]:
    rng = np.random.default_rng(2)
    answers = (2 * rng.integers(0, 2, (n, k)) - 1).astype(np.int8)
    given = {"ability": rng.normal(size=k), "parameters": rng.normal(0, 0.3, (n, 2))}
    return answers, given, Errors(ability=np.full(k, width), items=np.tile(np.diag([0.02, 0.05]), (n, 1, 1)))


def test_solvers_keep_a_quarter_of_their_own_width_and_fewer_than_five_keep_all() -> None:
    shared = a_shared(one_slope=False)
    answers, given, alone = small_errors(6, 8)
    given["ability"] = np.array([0.0, 0.0, 0.0, 0.0, 0.01, 5.0])  # held where it is by the fixed spread
    found = joint_errors(answers, None, **given, alone=alone, shared=shared, one_slope=False)
    assert found.ability[5] == 0.25 * 0.05
    for k, all_kept in ((4, True), (5, False)):
        answers, given, alone = small_errors(k, 8)
        found = joint_errors(answers, None, **given, alone=alone, shared=shared, one_slope=False)
        assert (found.ability >= alone.ability).all() == all_kept


@pytest.mark.parametrize(("solvers", "items"), [(6, 8), (9, 5)])
def test_very_large_tables_keep_errors_as_they_are(solvers: int, items: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = a_shared(one_slope=False)
    answers, given, alone = small_errors(solvers, items)
    work = 2 * items * solvers**2 + solvers**3
    for most, kept in ((work, False), (work - 1, True)):
        monkeypatch.setattr(joint_module, "MOST_WORK", float(most))
        found = joint_errors(answers, None, **given, alone=alone, shared=shared, one_slope=False)
        assert (found is alone) == kept


def test_a_direction_keeps_a_twentieth_of_its_information() -> None:
    """Two parameters, one of which the items leave nothing of: scaled to 1 they have eigenvalues, floored at .05."""
    whole = np.array([[4.0, 0.0, 0.3], [0.0, 9.0, 0.2], [0.3, 0.2, 1.0]])
    scaled = np.array([[0.0, 0.0, 0.999], [0.1, 0.2, 0.0]])
    t = np.array([0.5, -1.0])
    found = joint_module._inverse(whole, scaled, t)
    held = np.array([[1 / math.sqrt(2), 0.5 / math.sqrt(1.25)], [1 / math.sqrt(2), -1 / math.sqrt(1.25)], [0, 0]])
    left = whole - scaled.T @ scaled + 9e6 * held @ held.T
    size = np.diag(1 / np.sqrt(np.diag(whole)))
    eigenvalues, vectors = np.linalg.eigh(size @ left @ size)
    floored = vectors @ np.diag(1 / np.maximum(eigenvalues, 0.05)) @ vectors.T
    assert eigenvalues.min() < 0.05
    assert found == pytest.approx(size @ floored @ size, rel=1e-4, abs=1e-7)
    assert np.isfinite(joint_module._inverse(whole, scaled, np.zeros(2))).all()
