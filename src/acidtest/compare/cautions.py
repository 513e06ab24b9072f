"""What a reader must know before leaning on any number of a comparison."""

from collections.abc import Mapping, Sequence

import numpy as np

from acidtest.compare.pair import FEW_SOLVERS, Pair
from acidtest.compare.sets import ScoredSet, same_columns, shared_items
from acidtest.errors import counted
from acidtest.stats.jackknife import observed

FAILURES_DIFFER = 0.05
"""Two solvers whose failure rates are closer than this are not told apart by them."""


def cautions(
    real: ScoredSet, sets: Sequence[ScoredSet], pairs: Sequence[Pair], families: Mapping[str, str]
) -> tuple[str, ...]:
    """Return warnings about a whole comparison, in plain sentences."""
    found = [_few(pairs), _no_items([real, *sets])]
    found += [_overlap(real, one) for one in sets] if len(sets) > 1 else []
    for one in (real, *sets):
        found += [
            _predicted(one),
            _missing(one),
            _failures_decide(one, pairs[0].settings.thresholds.differ if pairs else 0.0),
        ]
    found += [_units([real, *sets], pairs), _related(pairs, families)]
    return tuple(text for text in found if text)


def _few(pairs: Sequence[Pair]) -> str:
    few = [pair for pair in pairs if len(pair.models) <= FEW_SOLVERS]
    if not few:
        return ""
    fewest = min(len(pair.models) for pair in few)
    return (
        f"{counted(fewest, 'solver')} answered both sets of {_listed([p.name for p in few])}: with {FEW_SOLVERS} or "
        "fewer, little can be said about an order."
    )


def _no_items(sets: Sequence[ScoredSet]) -> str:
    without = [one.name for one in sets if not one.n_items and one.scores.predicted is None]
    if not without:
        return ""
    return (
        f"No items are known of {_listed(without)}: intervals are over solvers like these and say nothing of the "
        "items' noise, and no verdict is possible."
    )


def _predicted(one: ScoredSet) -> str:
    told = one.scores.predicted
    if told is None:
        return ""
    some = told.asked < told.items
    if not some.any():
        return ""
    fewest, most = int(told.asked[some].min()), int(told.asked[some].max())
    number = f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"
    return (
        f"On '{one.name}' {counted(int(some.sum()), 'solver')} answered {number} of {told.items:,} items, those that "
        "an adaptive test chose: their scores are predicted, and whatever compares item by item is left out."
    )


def _overlap(real: ScoredSet, one: ScoredSet) -> str:
    both = shared_items(real, one)
    if not both or same_columns(real, one) is not None:
        return ""
    stand = f"{counted(both, 'item')} {'stands' if both == 1 else 'stand'}"
    return (
        f"{stand} in '{real.name}' and in '{one.name}', others in only one of them: for ensembles "
        "their noise is taken as independent, and intervals may be too wide."
    )


def _missing(one: ScoredSet) -> str:
    if one.scores.stats is None or not one.n_items:
        return ""
    blocks = one.scores.blocks
    scored = np.isfinite(one.scores.stats).all(axis=-1).sum(axis=1) if blocks is None else blocks.scored
    lacks = one.n_items - scored
    worst = min(range(len(lacks)), key=lambda row: (-lacks[row], one.scores.models[row]), default=0)
    some = int(np.sum(lacks > 0))
    if not some:
        return ""
    return (
        f"On '{one.name}' {counted(some, 'solver')} {'has' if some == 1 else 'have'} no score for some items (most: '"
        f"{one.scores.models[worst]}', {int(lacks[worst])} of {one.n_items}): scored on the others alone."
    )


def _failures_decide(one: ScoredSet, differ: float) -> str:
    """Compare the order of solvers with the order that readable answers alone would give."""
    stats, failures, blocks = one.scores.stats, one.scores.failures, one.scores.blocks
    if stats is None or (failures is None and blocks is None):
        return ""
    rate = one.scores.failure_rate()
    seen = one.scores.observed
    if blocks is not None:
        read = blocks.readable
    else:
        read = observed(np.where((np.asarray(failures) > 0)[..., None], np.nan, stats), one.metric)
    first, second = np.triu_indices(len(seen), 1)
    d_seen, d_read = seen[first] - seen[second], read[first] - read[second]
    with np.errstate(invalid="ignore"):
        turned = (np.sign(d_seen) * np.sign(d_read) < 0) & (np.maximum(abs(d_seen), abs(d_read)) >= differ)
        turned &= abs(rate[first] - rate[second]) >= FAILURES_DIFFER
    if not turned.any():
        return ""
    names = one.scores.models
    turned_pairs = [sorted((int(first[p]), int(second[p])), key=names.__getitem__) for p in np.flatnonzero(turned)]
    i, j = min(turned_pairs, key=lambda pair: (-abs(rate[pair[0]] - rate[pair[1]]), names[pair[0]], names[pair[1]]))
    return (
        f"On '{one.name}' unreadable answers decide the order of {counted(int(turned.sum()), 'solver pair')}, such as "
        f"'{one.scores.models[i]}' ({rate[i]:.0%} unreadable) and '{one.scores.models[j]}' ({rate[j]:.0%})."
    )


def _units(sets: Sequence[ScoredSet], pairs: Sequence[Pair]) -> str:
    largest = max((abs(score) for one in sets for score in one.observed.values() if np.isfinite(score)), default=0.0)
    if largest <= 1 or not any(pair.has_items for pair in pairs):
        return ""
    limits = pairs[0].settings.thresholds
    return (
        f"Scores go up to {largest:.3g}, and the limits of the verdict ({limits.score:g}, {limits.differ:g}, "
        f"{limits.regret:g}) are in the same units: if these are percentages, say --percent."
    )


def _related(pairs: Sequence[Pair], families: Mapping[str, str]) -> str:
    solvers = dict.fromkeys(model for pair in pairs for model in pair.models)
    members: dict[str, list[str]] = {}
    for model in solvers:
        if model in families:
            members.setdefault(families[model], []).append(model)
    large = {family: names for family, names in members.items() if len(names) > 1}
    if not large:
        return ""
    return (
        f"Some solvers are of one family ({', '.join(sorted(large)[:5])}): they may err alike, and intervals may then "
        "be too narrow."
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""  # noqa: PLR2004 - three names fit a line
    return ", ".join(f"'{name}'" for name in names[:3]) + more
