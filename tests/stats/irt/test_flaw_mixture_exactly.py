"""The audit of items against its model written out item by item: grids, hypotheses, EM, draws of shares, the list."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.special import betaln, expit, gammaln, logsumexp
from scipy.stats import norm

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.flaws import mixture
from acidtest.stats.irt.flaws.abilities import AbilitiesWithout, IntArray
from acidtest.stats.irt.flaws.audit import Flaws, find_flaws

S = 6 * np.sinh(np.arange(-12, 13) / 4) / np.sinh(3)
E = np.arange(-32, 33) / 4
CONCENTRATIONS = [0.5, 1.5, 4, 12, 40]
HITS = {0.1: 0.3, 0.35: 0.3, 0.65: 0.2, 1.0: 0.2}
WORKS, WRONG_KEY, AMBIGUOUS, FLAT, UPSIDE_DOWN = range(5)


@dataclass
class Story:
    """One explanation of one item: log likelihoods [slopes, easiness] along its curves, and [5] of its spread."""

    kind: int
    row: int
    option: int
    curves: FloatArray
    spread: FloatArray | None
    factor: float = 0.0


def dirichlet(votes: list[float], options: float) -> FloatArray:
    """Log probability of votes over options of equal Dirichlet shares, for each concentration."""
    if not sum(votes):
        return np.zeros(5)
    found = []
    for whole in CONCENTRATIONS:
        each = whole / max(options, 1)
        parts = [gammaln(each + v) - gammaln(each) for v in votes if v > 0]
        found.append(gammaln(whole) - gammaln(whole + sum(votes)) + sum(parts))
    return np.array(found)


def along(right: FloatArray, weight: FloatArray, theta: FloatArray, slopes: FloatArray, *, turned: bool) -> FloatArray:
    """Log likelihood for each slope and easiness, of answers in the share `right` of the curve's."""
    p = expit(slopes[:, None, None] * theta + E[:, None])
    q = expit(-slopes[:, None, None] * theta - E[:, None])
    if not turned:
        found: FloatArray = (weight * (right * np.log(p) + (1 - right) * np.log(q))).sum(-1)
        return found
    parts = [
        np.log(share) + (weight * (right * np.log(hit * q) + (1 - right) * np.log(p + (1 - hit) * q))).sum(-1)
        for hit, share in HITS.items()
    ]
    whole: FloatArray = logsumexp(parts, axis=0)
    return whole


def stories_of_key(
    right: FloatArray, seen: FloatArray, abilities: AbilitiesWithout, j: int, spread: FloatArray | None
) -> list[Story]:
    theta, weight = abilities.ability[abilities.part[j]], abilities.weight * seen
    return [
        Story(WORKS, 0, 0, along(right, weight, theta, S, turned=False), spread),
        Story(UPSIDE_DOWN, 1, 0, along(right, weight, theta, S[13:], turned=True), spread),
        Story(FLAT, 2, 0, along(right, weight, theta, np.zeros(1), turned=False), spread),
    ]


def stories(choice: IntArray, options: float, abilities: AbilitiesWithout, j: int) -> list[Story]:
    theta, weight = abilities.ability[abilities.part[j]], abilities.weight * (choice >= 0)
    votes = [float(weight[choice == k].sum()) for k in range(max(int(choice.max()), 1) + 1)]
    found = stories_of_key(
        (choice == 0).astype(float), (choice >= 0).astype(float), abilities, j, dirichlet(votes[1:], options - 1)
    )
    rivals = sorted((k for k in range(1, len(votes)) if votes[k] > 0), key=lambda k: (-votes[k], k))[:3]
    for place, rival in enumerate(rivals):
        others = [v + (k == 0) for k, v in enumerate(votes) if k != rival]  # the key's writer is one more
        curves = along((choice == rival).astype(float), weight, theta, S[13:], turned=False)
        found.append(Story(WRONG_KEY, 3 + 2 * place, rival, curves, dirichlet(others, options - 1)))
        if options > 2:
            both = ((choice == rival) | (choice == 0)).astype(float)
            others = [v for k, v in enumerate(votes) if k not in (0, rival)]
            factor = betaln(4 + votes[rival], 4 + votes[0]) - betaln(4, 4) - np.log(options - 1)
            curves = along(both, weight, theta, S[13:], turned=False)
            found.append(Story(AMBIGUOUS, 4 + 2 * place, rival, curves, dirichlet(others, options - 2), float(factor)))
    return found


def curve_prior(held: FloatArray) -> FloatArray:
    """Twenty items with slopes N(.7, .4) and easiness N(0, 2) beside those that are held."""
    n = held.sum() + 20
    middle = ((held.sum(1) * S).sum() + 20 * 0.7) / n
    spread = np.sqrt(((held.sum(1) * (S - middle) ** 2).sum() + 20 * 0.4**2) / n)
    centre = (held.sum(0) * E).sum() / n
    width = np.sqrt(((held.sum(0) * (E - centre) ** 2).sum() + 20 * 2.0**2) / n)
    room = np.r_[S[1] - S[0], (S[2:] - S[:-2]) / 2, S[-1] - S[-2]]
    slope = norm(middle, spread).pdf(S) * room
    normal = norm(centre, width).pdf(E)
    easiness = held.sum(0) + 20 * normal / normal.sum()
    return np.outer(slope / slope.sum(), easiness / easiness.sum())


class Slow:
    """Expectation and maximisation, one item and one story after the other."""

    def __init__(self, of_items: list[list[Story]], rng: np.random.Generator) -> None:
        self.items, n = of_items, len(of_items)
        kinds = sorted({s.kind for item in of_items for s in item} - {WORKS})
        imagined = max(20, n)
        self.pseudo = np.zeros(5)
        self.pseudo[kinds], self.pseudo[WORKS] = 0.05 * imagined / len(kinds), 0.95 * imagined
        self.share, self.curve, self.spread = self.pseudo / imagined, curve_prior(np.zeros((25, 65))), np.full(5, 0.2)
        before, self.converged, self.steps = -np.inf, False, 0
        while self.steps < 200:
            joint = [[np.log(self.share[s.kind]) + self.likelihood(s) for s in item] for item in of_items]
            now = sum(float(logsumexp(one)) for one in joint)
            if abs(now - before) < 1e-5 * n:
                self.converged = True
                break
            before, self.steps = now, self.steps + 1
            self.maximise([np.exp(np.array(one) - logsumexp(one)) for one in joint])
        self.draw(rng)

    def weights(self, kind: int) -> FloatArray:
        """Of a story's curves: those of the prior, cut to the slopes that it allows."""
        table = {WORKS: self.curve, FLAT: self.curve.sum(0)[None]}.get(kind, self.curve[13:])
        found: FloatArray = table / table.sum()
        return found

    def on_curves(self, s: Story) -> float:
        return float(logsumexp(s.curves + np.log(self.weights(s.kind))))

    def likelihood(self, s: Story) -> float:
        spread = 0.0 if s.spread is None else logsumexp(s.spread + np.log(self.spread))
        return float(s.factor + self.on_curves(s) + spread)

    def maximise(self, chance: list[FloatArray]) -> None:
        kinds, held, spread = np.zeros(5), np.zeros((25, 65)), np.full(5, 4.0)
        for item, own in zip(self.items, chance, strict=True):
            for s, p in zip(item, own, strict=True):
                kinds[s.kind] += p
                if s.kind == WORKS:
                    held += p * np.exp(s.curves + np.log(self.curve) - self.on_curves(s))
                if s.spread is not None:
                    part = np.exp(s.spread) * self.spread
                    spread += p * part / part.sum()
        self.share = (kinds + self.pseudo) / (kinds + self.pseudo).sum()
        self.curve, self.spread = curve_prior(held), spread / spread.sum()

    def draw(self, rng: np.random.Generator) -> None:
        n = len(self.items)
        by_kind = np.zeros((5, n))
        for j, item in enumerate(self.items):
            logs = np.array([self.likelihood(s) for s in item])
            for s, log in zip(item, logs, strict=True):
                by_kind[s.kind, j] += np.exp(log - logs.max())
        total = self.pseudo.sum()
        little, share = self.pseudo / total * min(20, n), self.pseudo / total
        for _ in range(200):  # what the items want if little is assumed
            chance = by_kind * share[:, None] / (share @ by_kind)
            share = (chance.sum(1) + little) / (n + little.sum())
        pseudo = np.minimum(self.pseudo, share * total)
        pseudo[WORKS] += total - pseudo.sum()
        there, share = self.pseudo > 0, self.share
        self.drawn, mean = [], np.zeros((5, n))
        for number in range(450):
            chance = by_kind * share[:, None] / (share @ by_kind)
            u = rng.random(n)
            which = [int(np.searchsorted(np.cumsum(chance[:, j])[:-1], u[j])) for j in range(n)]
            share = np.zeros(5)
            share[there] = rng.dirichlet((np.bincount(which, minlength=5) + pseudo)[there])
            if number >= 50:
                mean += chance / 400
                self.drawn.append(share)
        self.probability = mean.T

    def right(self, j: int) -> int:
        logs = np.array([self.likelihood(s) for s in self.items[j]])
        best, option = 0.0, 0
        for s, log in zip(self.items[j], logs, strict=True):
            within = np.exp(log) / sum(np.exp(x) for o, x in zip(self.items[j], logs, strict=True) if o.kind == s.kind)
            chance = within * self.probability[j, s.kind]
            if s.option and chance > best:
                best, option = chance, s.option
        return option

    def slope(self, by_scores: list[Story]) -> tuple[float, float]:
        """Posterior mean of the signed slope and the chance that it is not above 0, by scores alone."""
        prior = {WORKS: self.share[WORKS], FLAT: self.share[FLAT]}
        prior[UPSIDE_DOWN] = 1 - prior[WORKS] - prior[FLAT]
        mass, mean, below = 0.0, 0.0, 0.0
        top = max(s.curves.max() for s in by_scores)
        for s in by_scores:
            slopes = {WORKS: S, FLAT: np.zeros(1), UPSIDE_DOWN: -S[13:]}[s.kind]
            weight = prior[s.kind] * (self.weights(s.kind) * np.exp(s.curves - top)).sum(1)
            mass, mean = mass + weight.sum(), mean + (weight * slopes).sum()
            below += weight[slopes <= 0].sum()
        return mean / mass, below / mass


def world(seed: int, n: int, solvers: int = 12) -> tuple[FloatArray, IntArray, FloatArray, AbilitiesWithout]:
    rng = np.random.default_rng(seed)
    options = rng.integers(2, 7, n).astype(float)
    theta = rng.normal(size=(solvers, 1))
    knows = rng.random((solvers, n)) < expit(1.5 * theta + rng.normal(0.5, 1, n))
    wrong = 1 + (rng.random((solvers, n)) ** 2 * (options - 1)).astype(int)
    choice = np.where(knows, 0, wrong)
    swapped = np.arange(n) % 5 == 0
    choice = np.where(swapped & (choice <= 1), 1 - choice, choice)
    choice[:, 3] = np.where(knows[:, 3], np.arange(solvers) % 2, choice[:, 3])
    choice[rng.random(choice.shape) < 0.1] = -1
    choice[:, 7], choice[:, 8] = 0, -1
    scores = np.where(choice >= 0, (choice == 0).astype(float), np.nan)
    abilities = AbilitiesWithout(
        part=rng.permutation(n) % 4,
        ability=theta[:, 0] + rng.normal(0, 0.1, (5, solvers)),  # one part has no item
        weight=rng.uniform(0.4, 1.0, solvers),
    )
    return scores, choice, options, abilities


def agrees(found: Flaws, slow: Slow, by_scores: list[list[Story]], fdr: float, level: float) -> None:
    n = len(by_scores)
    np.testing.assert_allclose(found.probability, slow.probability, rtol=1e-4, atol=1e-9)
    works = slow.probability[:, WORKS]
    broken = slow.probability[:, 1:].sum(1)
    np.testing.assert_allclose(found.local_fdr, works, rtol=1e-4)
    np.testing.assert_allclose(found.suspicion, np.log(broken / works), rtol=1e-4, atol=1e-4)
    q = [works[works <= one].mean() for one in works]
    np.testing.assert_allclose(found.q, q, rtol=1e-4)
    assert found.flagged.tolist() == [one <= fdr for one in q]
    assert found.kind.tolist() == [1 + int(row[1:].argmax()) for row in slow.probability]
    assert found.right.tolist() == [slow.right(j) for j in range(n)]
    assert found.expected_false == pytest.approx(works[found.flagged].sum(), rel=1e-4)
    slopes = [slow.slope(one) for one in by_scores]
    np.testing.assert_allclose(found.discrimination, [one for one, _ in slopes], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.slope_not_above_0, [two for _, two in slopes], rtol=1e-4, atol=1e-6)
    broken_shares = [1 - one[WORKS] for one in slow.drawn]
    ends = np.quantile(broken_shares, [(1 - level) / 2, 0.5, (1 + level) / 2])
    assert (found.share.low, found.share.value, found.share.high) == pytest.approx(tuple(ends), rel=1e-4)
    assert (found.share.n, found.share.level, found.converged) == (n, level, slow.converged)


def of_scores(scores: FloatArray, abilities: AbilitiesWithout) -> list[list[Story]]:
    seen = np.isfinite(scores).astype(float)
    x = np.nan_to_num(scores)
    return [stories_of_key(x[:, j], seen[:, j], abilities, j, None) for j in range(scores.shape[1])]


@pytest.mark.parametrize(("seed", "n"), [(0, 15), (1, 45)])
def test_the_audit_by_answers(seed: int, n: int) -> None:
    scores, choice, options, abilities = world(seed, n)
    rng = np.random.default_rng(5)
    found = find_flaws(scores, abilities, choice=choice, options=options, fdr=0.35, rng=rng)
    slow = Slow([stories(choice[:, j], options[j], abilities, j) for j in range(n)], np.random.default_rng(5))
    agrees(found, slow, of_scores(scores, abilities), 0.35, 0.95)
    assert 0 < found.flagged.sum() < n or seed == 0


@pytest.mark.parametrize("between", [False, True])
def test_the_audit_by_scores(between: bool) -> None:  # noqa: FBT001
    scores, _, _, abilities = world(2, 24)
    if between:
        scores = np.clip(scores * 0.8 + 0.1, 0, 1)
    found = find_flaws(scores, abilities, level=0.8, rng=np.random.default_rng(6))
    own = of_scores(scores, abilities)
    agrees(found, Slow(own, np.random.default_rng(6)), own, 0.1, 0.8)


def test_imaginary_items_of_each_kind() -> None:
    """A twentieth of as many as there are items, 20 at least, is broken; kinds that nothing speaks of have none."""
    of_kind = np.array([WORKS, UPSIDE_DOWN, FLAT, UPSIDE_DOWN])
    assert mixture.prior_counts(of_kind, 5, 7) == pytest.approx([19, 0, 0, 0.5, 0.5])
    assert mixture.prior_counts(of_kind, 5, 200) == pytest.approx([190, 0, 0, 5, 5])
    assert mixture.prior_counts(np.array([WORKS, FLAT]), 5, 20) == pytest.approx([19, 0, 0, 1, 0])
    assert mixture.prior_counts(np.array([WORKS]), 5, 20) == pytest.approx([19, 0, 0, 0, 0])


def test_a_fit_that_does_not_come_to_rest_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, _, _, abilities = world(3, 20)
    quick: dict[str, Any] = {"rng": np.random.default_rng(0)}
    assert find_flaws(scores, abilities, **quick).converged
    monkeypatch.setattr(mixture, "_MOST_STEPS", 1)
    assert not find_flaws(scores, abilities, **quick).converged
