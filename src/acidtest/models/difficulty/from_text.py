"""Difficulty from text: learnt from items that solvers have answered, a prior for those that nobody has.

    told = fit_text_difficulty(texts, fit, seed=0)
    mean, sd = told.predict(new_texts)

Whether the text tells anything is asked first: parts of the items are predicted from the others, bundles and near
copies kept together. Where the interval of what is explained reaches 0, every new item gets the plain prior: mean and
spread of the items that are known. Nothing is stored: the same texts and difficulties give the same predictions again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from acidtest.errors import DataError
from acidtest.models.difficulty.features import Counted, Embed, TextColumns, TextReader, lengths
from acidtest.models.difficulty.groups import groups_of
from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.check.explained import Explained, explained
from acidtest.stats.irt.fit import Fit
from acidtest.stats.irt.latent_regression import (
    FEWEST,
    LatentRegression,
    Observed,
    kept_share,
    latent_regression,
    without_shrinkage,
)

FOLDS = 5
_NORMAL_90 = 1.6448536269514722
"""Half the width of a normal distribution's middle 90 %, in standard deviations."""

FEWEST_ITEMS = 20
"""Items of known difficulty that it takes to learn from texts, and to set an interval's width."""


@dataclass(frozen=True, kw_only=True)
class TextItems:
    """What is known of n items beside their scores.

    Attributes:
        texts: [n] what they ask.
        choices: [n] how many choices each has; None: no item has any.
        ratings: [n, k] ratings on demand scales, NaN where not rated; None: none.
        groups: [n] items with one number are kept in one part; made from the texts where None.
        embed: A sentence encoder, used beside words and letters.
    """

    texts: Sequence[str]
    choices: Sequence[int] | None = None
    ratings: FloatArray | None = None
    groups: NDArray[np.int64] | None = None
    embed: Embed | None = None


@dataclass(frozen=True, kw_only=True)
class Check:
    """How well texts predict items that they were not learnt from.

    Attributes:
        text, length, plain: What is explained by all columns, by length alone, by the mean of the other items.
        coverage: Share of items whose estimate the 90 % interval holds, before it is widened or narrowed.
        adjusted: The same after; each part's width is set by the other parts.
        width: By how much intervals are multiplied, so that they hold 90 %.
        predicted: [n] what is predicted of each item's estimate, from the other parts.
    """

    text: Explained
    length: Explained
    plain: Explained
    coverage: float
    adjusted: float
    width: float
    predicted: FloatArray


@dataclass(frozen=True, kw_only=True)
class TextDifficulty:
    """A prior for items from their texts.

    Attributes:
        known: Mean and spread of the items it was learnt from, as they would be without their errors.
        check: How well it predicts.
        shares: block of columns -> share of the spread that it accounts for.
        warnings: What a reader must know.
    """

    known: Observed
    check: Check
    shares: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    reader: TextReader
    columns: TextColumns
    regression: LatentRegression

    @property
    def useful(self) -> bool:
        """Whether the text tells anything: the interval of the share that it explains lies above 0."""
        return self.check.text.r2.low > 0

    def predict(
        self, texts: Sequence[str], *, choices: Sequence[int] | None = None, ratings: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return [m] means and [m] standard deviations of difficulties; the plain prior where texts tell nothing.

        Raises:
            DataError: Ratings are given and it was learnt without, or the other way round.
        """
        blocks = self.columns.blocks(self.reader.count(texts, choices, ratings))
        if not self.useful:
            return np.full(len(texts), self.known.mean), np.full(len(texts), np.sqrt(self.known.spread))
        mean, sd = self.regression.predict(np.hstack([block.columns for block in blocks]))
        return mean, sd * self.check.width


def fit_text_difficulty(
    items: TextItems | Sequence[str], fit: Fit | tuple[FloatArray, FloatArray], *, seed: int = 0
) -> TextDifficulty:
    """Learn difficulties from texts, and check how well.

    Args:
        items: [n] texts, or what is known of n items.
        fit: What scores say of the same items; or [n] difficulties with their [n] standard errors, NaN where not known.
        seed: For parts, decomposition and intervals.

    Raises:
        DataError: Fewer than 20 difficulties are known, or all are equal.
    """
    known = items if isinstance(items, TextItems) else TextItems(texts=items)
    value, se = (fit.items.difficulty, fit.difficulty_se) if isinstance(fit, Fit) else fit
    return _learnt(known, np.asarray(value, np.float64), np.asarray(se, np.float64), seed)


def fit_text_discrimination(items: TextItems | Sequence[str], fit: Fit, *, seed: int = 0) -> TextDifficulty:
    """Learn the logs of discriminations from texts; `predict` gives logs.

    Raises:
        DataError: As `fit_text_difficulty`; a `rasch` fit has one discrimination for all.
    """
    known = items if isinstance(items, TextItems) else TextItems(texts=items)
    a = fit.items.discrimination
    return _learnt(known, np.log(a), fit.discrimination_se / a, seed)


def _learnt(items: TextItems, value: FloatArray, se: FloatArray, seed: int) -> TextDifficulty:
    if not len(items.texts) == len(value) == len(se):
        raise DataError(
            f"{len(items.texts)} texts, {len(value)} difficulties and {len(se)} errors are not of the same items",
            way_out="Give one of each per item.",
        )
    known = int((np.isfinite(value) & np.isfinite(se)).sum())
    if known < FEWEST_ITEMS:
        raise DataError(
            f"{known} items of known difficulty are too few to learn from their texts",
            way_out=f"Give {FEWEST_ITEMS} or more.",
        )
    reader = TextReader(items.texts, items.embed)
    counted = reader.count(items.texts, items.choices, items.ratings)
    groups = groups_of(items.texts) if items.groups is None else items.groups
    seen = without_shrinkage(value, se)
    check = _check(_Asked(counted, lengths(items.texts), groups, value, se), seed)
    columns, regression, blocks = _fitted(counted, seen, seed)
    shares, start = {}, 0
    for name, x in blocks.items():
        told = x @ regression.weights[start : start + x.shape[1]]
        shares[name] = float(told.var() / seen.spread)
        start += x.shape[1]
    warnings = [] if regression.converged else ["The search for the best regression did not end; look at the check."]
    return TextDifficulty(
        known=seen,
        check=check,
        shares=shares,
        warnings=tuple(warnings),
        reader=reader,
        columns=columns,
        regression=regression,
    )


def _fitted(items: Counted, seen: Observed, seed: int) -> tuple[TextColumns, LatentRegression, dict[str, FloatArray]]:
    columns = TextColumns(items, seed)
    blocks = {block.name: block.columns for block in columns.blocks(items)}
    regression = latent_regression(np.hstack(list(blocks.values())), [x.shape[1] for x in blocks.values()], seen)
    return columns, regression, blocks


@dataclass(frozen=True)
class _Asked:
    """All that the check needs of n items."""

    counted: Counted
    lengths: FloatArray
    groups: NDArray[np.int64]
    value: FloatArray
    se: FloatArray


@dataclass
class _Folds:
    """What each part was predicted to be from the others: of the estimates, and of the truth with its spread."""

    text: FloatArray
    length: FloatArray
    plain: FloatArray
    mean: FloatArray
    sd: FloatArray
    prior_mean: FloatArray
    spread: FloatArray


def _check(asked: _Asked, seed: int) -> Check:
    value, se, groups = asked.value, asked.se, asked.groups
    fold = _parts(groups, seed)
    out = _Folds(*(np.full(len(value), np.nan) for _ in range(7)))
    for part in range(int(fold.max()) + 1):
        _predict_part(asked, fold == part, out, seed)
    known = np.isfinite(value) & np.isfinite(se)
    rng = np.random.default_rng(seed)
    quality = [
        explained(predicted, out.plain, value, groups=groups, rng=rng)
        for predicted in (out.text, out.length, out.plain)
    ]
    away = _away(value, se, out)
    coverage = float((np.abs(away[known]) <= _NORMAL_90).mean())
    widths = {part: _width(away[known & (fold != part)]) for part in range(int(fold.max()) + 1)}
    inside = np.abs(away) <= _NORMAL_90 * np.array([widths[part] for part in fold])
    return Check(
        text=quality[0],
        length=quality[1],
        plain=quality[2],
        coverage=coverage,
        adjusted=float(inside[known].mean()),
        width=_width(away[known]),
        predicted=out.text,
    )


def _parts(groups: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return [n] the part of each item: groups whole, the largest dealt first, each to the smallest part so far."""
    names, of_item, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < FEWEST:
        raise DataError(
            f"the items are {len(names)} groups of bundles or near copies, too few to predict one from the others",
            way_out=f"Give {FEWEST} items or more that differ.",
        )
    rng = np.random.default_rng(seed)
    part = np.zeros(len(names), np.int64)
    load = np.zeros(FOLDS)
    for group in sorted(rng.permutation(len(names)).tolist(), key=lambda group: -int(sizes[group])):
        part[group] = int(load.argmin())
        load[part[group]] += sizes[group]
    return part[of_item]


def _predict_part(asked: _Asked, held: NDArray[np.bool_], out: _Folds, seed: int) -> None:
    """Predict one part of the items from all others; nothing of the part is used, not even its words."""
    rest, part = np.flatnonzero(~held), np.flatnonzero(held)
    seen = without_shrinkage(asked.value[rest], asked.se[rest])
    columns, regression, _ = _fitted(asked.counted.take(rest), seen, seed)
    blocks = columns.blocks(asked.counted.take(part))
    mean, sd = regression.predict(np.hstack([block.columns for block in blocks]))
    centre, size = asked.lengths[rest].mean(), asked.lengths[rest].std() or 1.0
    scaled = (asked.lengths - centre) / size
    length = latent_regression(scaled[rest], [1], seen).predict(scaled[part])[0]
    out.mean[part], out.sd[part] = mean, sd
    out.prior_mean[part], out.spread[part] = seen.mean, seen.spread
    out.plain[part] = seen.mean
    out.text[part] = seen.mean + seen.ceiling**2 * (mean - seen.mean)
    out.length[part] = seen.mean + seen.ceiling**2 * (length - seen.mean)


def _away(value: FloatArray, se: FloatArray, out: _Folds) -> FloatArray:
    """Return [n]: how far each estimate is from what was predicted of it, in standard deviations of that.

    An estimate keeps a share of a true difference, and has the error that is left.
    """
    kept = kept_share(value, se, out.prior_mean, out.spread)
    expected = out.prior_mean + kept * (out.mean - out.prior_mean)
    away: FloatArray = (value - expected) / np.sqrt(kept**2 * out.sd**2 + kept * se**2 + 1e-12)
    return away


def _width(away: FloatArray) -> float:
    """Return by how much intervals must be multiplied to hold 90 % of these; 1 where there are too few to say."""
    if len(away) < FEWEST_ITEMS:
        return 1.0
    rank = min(1.0, 0.9 * (len(away) + 1) / len(away))  # split conformal prediction's finite-sample correction
    return float(np.quantile(np.abs(away), rank, method="higher") / _NORMAL_90)
