"""Which items are broken: likelihoods against their definitions, rates of false alarms against simulated truth."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from acidtest.stats.irt.ability import ability
from acidtest.stats.irt.fit import fit_irt
from acidtest.stats.irt.flaws.abilities import AbilitiesWithout, abilities_without, solver_weights
from acidtest.stats.irt.flaws.audit import KINDS, Flaws, find_flaws, q_values
from acidtest.stats.irt.flaws.curves import CONCENTRATIONS, EASINESS, HITS, HITS_PRIOR, SLOPES, along_curves, log_spread

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def world(
    rng: np.random.Generator, solvers: int, items: int, *, wrong: float = 0.05
) -> tuple[FloatArray, IntArray, IntArray]:
    """Return scores, choices (0 the key's, of 4) and the right choice: not 0 where the key is wrong."""
    theta = rng.normal(size=(solvers, 1))
    knows = rng.random((solvers, items)) < expit(
        np.exp(rng.normal(0, 0.3, items)) * theta + rng.normal(0.8, 1.5, items)
    )
    favour = np.cumsum(rng.dirichlet(np.full(3, 0.7), items), -1)[:, :-1]
    answer = np.where(knows, 0, 1 + (rng.random((solvers, items))[..., None] > favour).sum(-1))
    broken = rng.random(items) < wrong
    key = np.where(broken, 1 + (rng.random(items)[:, None] > favour).sum(-1), 0)
    choice = np.where(answer == key, 0, np.where(answer == 0, key, answer))
    return (choice == 0).astype(float), choice, key


def audited(scores: FloatArray, choice: IntArray | None, seed: int = 0) -> Flaws:
    rng = np.random.default_rng(seed)
    abilities = abilities_without(scores, fit_irt(scores), rng=rng)
    options = None if choice is None else np.full(scores.shape[1], 4.0)
    return find_flaws(scores, abilities, choice=choice, options=options, rng=rng)


def three_solvers() -> AbilitiesWithout:
    return AbilitiesWithout(
        part=np.array([1, 0]), ability=np.array([[-1.0, 0.2, 0.9], [-1.1, 0.1, 1.0]]), weight=np.array([1.0, 1.0, 0.5])
    )


def test_curves_are_products_over_solvers() -> None:
    right = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    counts = np.array([[1.0, 1.0], [1.0, 0.0], [0.5, 0.5]])
    some, abilities = np.array([5, 20]), three_solvers()
    found = along_curves(right, counts, abilities, slopes=some)
    turned = along_curves(right, counts, abilities, slopes=some, upside_down=True)
    for item in range(2):
        theta = abilities.ability[abilities.part[item]]
        for number, (slope, easiness) in enumerate((s, d) for s in SLOPES[some] for d in EASINESS):
            if number % 13:
                continue
            p = expit(slope * theta + easiness)
            slow = np.prod(np.where(right[:, item] == 1, p, 1 - p) ** counts[:, item])
            hits = (1 - p)[:, None] * HITS
            other = np.prod(np.where(right[:, [item]] == 1, hits, 1 - hits) ** counts[:, [item]], axis=0) @ HITS_PRIOR
            scale = np.exp(found.log_largest[item]), np.exp(turned.log_largest[item])
            assert found.relative[item, number] * scale[0] == pytest.approx(slow, rel=1e-4, abs=1e-9)
            assert turned.relative[item, number] * scale[1] == pytest.approx(other, rel=1e-4, abs=1e-9)


def test_spread_is_polyas_urn() -> None:
    """Each vote is drawn from the shares so far: (each + votes before) / (whole + all before)."""
    found = log_spread(np.array([[2.0, 1.0, 0.0]]), np.array([3.0]))[0]
    for k, whole in enumerate(CONCENTRATIONS):
        each = whole / 3
        slow = (each / whole) * ((each + 1) / (whole + 1)) * (each / (whole + 2))
        assert found[k] == pytest.approx(np.log(slow))


def test_abilities_owe_nothing_to_the_item() -> None:
    scores, _, _ = world(np.random.default_rng(1), 30, 200)
    fit = fit_irt(scores)
    found = abilities_without(scores, fit, rng=np.random.default_rng(0), parts=10)
    for part in range(10):
        others = found.part != part
        slow = ability(scores[:, others], fit.items.take(others)).value
        whole = ability(scores, fit.items).value
        assert found.ability[part] - fit.ability == pytest.approx(slow - whole, abs=0.03)


def test_solvers_that_answer_alike_count_once() -> None:
    scores, _, _ = world(np.random.default_rng(2), 20, 400)
    weight = solver_weights(np.concatenate([scores, scores[:1]]))
    assert weight[[0, -1]] == pytest.approx([0.5, 0.5], abs=0.02)
    assert weight[1:-1] == pytest.approx(np.ones(19), abs=0.2)


@pytest.mark.parametrize(("families", "size"), [(2, 4), (4, 4), (12, 2)])
def test_few_families_are_seen_through_the_items_means(families: int, size: int) -> None:
    """Answers alike with correlation r: the variance of a family's mean is (1 + (size - 1) r) / size (Kish)."""
    rng = np.random.default_rng(3)
    n, r = 3000, 0.6
    shared = rng.random((families, n)).repeat(size, axis=0)
    own = rng.random((families * size, n))
    drawn = np.where(rng.random(shared.shape) < np.sqrt(r), shared, own)
    weight = solver_weights((drawn < rng.uniform(0.2, 0.9, n)).astype(float))
    assert weight == pytest.approx(np.full(families * size, 1 / (1 + (size - 1) * r)), abs=0.05)


def test_q_is_the_mean_of_the_list_up_to_an_item() -> None:
    rates = np.array([0.4, 0.0, 0.1, 0.1, 1.0])
    assert q_values(rates) == pytest.approx([0.6 / 4, 0.0, 0.2 / 3, 0.2 / 3, 1.6 / 5])


@pytest.mark.long
@pytest.mark.parametrize("by_answers", [True, False])
def test_the_rate_holds_and_wrong_keys_are_found(by_answers: bool) -> None:  # noqa: FBT001
    shares, found, broken_items = [], 0, 0
    for seed in range(6):
        scores, choice, truth = world(np.random.default_rng(seed), 40, 250)
        broken = truth > 0
        listed = audited(scores, choice if by_answers else None).flagged
        shares.append((listed & ~broken).sum() / max(listed.sum(), 1))
        found, broken_items = found + int((listed & broken).sum()), broken_items + int(broken.sum())
    assert np.mean(shares) <= 0.1 + 2 * np.std(shares) / np.sqrt(len(shares))
    assert found / broken_items > (0.5 if by_answers else 0.35)


def test_the_kind_and_the_right_answer_of_a_wrong_key() -> None:
    scores, choice, truth = world(np.random.default_rng(3), 60, 250)
    found = audited(scores, choice)
    sure = found.flagged & (truth > 0)
    assert sure.sum() > 5
    assert (found.kind[sure] == KINDS.index("wrong_key")).mean() > 0.8
    assert (found.right[sure] == truth[sure]).mean() > 0.9
    assert (found.discrimination[sure] < 0).mean() > 0.8
    assert (found.slope_not_above_0[sure] > 0.5).mean() > 0.8


def test_items_that_two_answers_split_are_ambiguous() -> None:
    rng = np.random.default_rng(4)
    scores, choice, _ = world(rng, 200, 150, wrong=0.0)
    knows = choice[:, :6] == 0
    choice[:, :6] = np.where(knows & (rng.random(knows.shape) < 0.5), 1, choice[:, :6])
    found = audited((choice == 0).astype(float), choice)
    easy = np.isin(np.arange(150), range(6)) & (scores.mean(0) > 0.5)
    assert (found.kind[easy] == KINDS.index("ambiguous")).all()
    assert found.probability[easy, KINDS.index("ambiguous")].mean() > 10 * found.probability[6:, 2].mean()


def test_items_that_everybody_guesses_part_nobody() -> None:
    rng = np.random.default_rng(5)
    scores, _, _ = world(rng, 200, 200, wrong=0.0)
    scores[:, :8] = rng.random((200, 8)) < 0.4
    found = audited(scores, None)
    assert set(np.argsort(-found.suspicion)[:8].tolist()) == set(range(8))
    assert (found.kind[:8] == KINDS.index("no_discrimination")).all()
    assert found.discrimination[:8].max() < found.discrimination[8:].min()


def test_few_solvers_call_nothing_broken_but_rank_better_than_chance() -> None:
    areas = []
    for seed in range(4):
        scores, choice, truth = world(np.random.default_rng(seed), 8, 200)
        broken = truth > 0
        found = audited(scores, choice)
        assert not found.flagged.any()
        ranks = found.suspicion.argsort().argsort()
        n = broken.sum()
        areas.append((ranks[broken].sum() - n * (n - 1) / 2) / (n * (200 - n)))
    assert np.mean(areas) > 0.7


def test_nothing_is_ever_nan() -> None:
    """Holes, items nobody answered, a single item, solvers that are all right."""
    rng = np.random.default_rng(6)
    scores, choice, _ = world(rng, 6, 30)
    scores[rng.random(scores.shape) < 0.3] = np.nan
    scores[:, 0], scores[:, 1], scores[:, 2] = np.nan, 1.0, 0.0
    choice[np.isnan(scores)] = -1
    whole = audited(scores, choice)
    alone = find_flaws(
        scores[:, :1],
        abilities_without(scores, fit_irt(scores), rng=rng).take(np.array([0])),
        choice=choice[:, :1],
        options=np.array([2.0]),
        rng=rng,
    )
    for found in (whole, alone):
        for numbers in (found.suspicion, found.q, found.local_fdr, found.discrimination, found.slope_not_above_0):
            assert np.isfinite(numbers).all()
        assert found.probability.sum(1) == pytest.approx(np.ones(len(found.q)))
        assert found.share.low <= found.share.value <= found.share.high


def test_a_longer_list_has_a_higher_rate() -> None:
    scores, choice, _ = world(np.random.default_rng(7), 40, 250)
    abilities = abilities_without(scores, fit_irt(scores), rng=np.random.default_rng(0))
    lists = [
        find_flaws(scores, abilities, choice=choice, options=np.full(250, 4.0), fdr=fdr, rng=np.random.default_rng(0))
        for fdr in (0.02, 0.1, 0.3)
    ]
    for short, long in pairwise(lists):
        assert not (short.flagged & ~long.flagged).any()
        assert short.flagged.sum() < long.flagged.sum()
        assert short.expected_false <= long.expected_false
    assert all(one.local_fdr[one.flagged].mean() <= fdr for one, fdr in zip(lists, (0.02, 0.1, 0.3), strict=True))


def test_what_makes_no_sense_is_refused() -> None:
    scores, choice, _ = world(np.random.default_rng(8), 6, 30)
    abilities = abilities_without(scores, fit_irt(scores), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="go together"):
        find_flaws(scores, abilities, choice=choice, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="between 0 and 1"):
        find_flaws(scores, abilities, fdr=1.0, rng=np.random.default_rng(0))
