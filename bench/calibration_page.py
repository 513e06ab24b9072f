"""The page of a calibration: what held, where it did not, and everything cell by cell."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from scipy.stats import binom

from calibration_world import Cell

GOAL, MOST, DOUBT = 0.92, 0.98, 0.01
NAMES = (
    *("gap", "mspd", "mspd_excess", "srcc", "kendall_tau", "pearson", "pairwise_agreement", "top1_agreement"),
    *("regret_at_1", "worth_score", "worth_rank", "score of a solver", "combined score of a solver"),
)
BIASES = ("bias_factor 0", "bias_factor 1", "own_excess 0", "own_excess 1", "bias_ratio 0", "bias_ratio 1", "band")
IN_TABLE = ("gap", "mspd", "srcc", "kendall_tau", "pairwise_agreement", "regret_at_1", "worth_score", "worth_rank")
Row = dict[str, Any]


def page(found: Sequence[Row], repeats: int, pairs: Sequence[Row], ranks: Sequence[Row]) -> str:
    """Return the page as Markdown.

    Args:
        found: One per cell: the cell's fields, and counts of intervals, tests and verdicts.
        repeats: Studies per cell; cells of 60 solvers have fewer, their row says how many.
        pairs: Rows of `calibration_pairs.rows`.
        ranks: Rows of `calibration_pairs.rank_rows`.
    """
    cells = [(Cell(**row["cell"]), row) for row in found]
    parts = [
        _head(cells, repeats),
        _summary(cells),
        _below(cells),
        _perfect(cells),
        _bias(cells),
        _others(cells),
        _tests(cells),
        _verdicts(cells),
        _worth(cells),
        _pairs(pairs, ranks),
        _every_cell(cells),
    ]
    return "\n\n".join(parts) + "\n"


def _head(cells: Sequence[tuple[Cell, Row]], repeats: int) -> str:
    error = np.sqrt(0.95 * 0.05 / repeats)
    studies = sum(row["studies"] for _, row in cells)
    return f"""# Do the intervals hold the truth?

{studies:,} simulated studies in {len(cells)} cells, {repeats} a cell (fewer with 60 solvers), all through the tool's
own code; `make calibration` repeats them and writes this page and `calibration.json`. In each the truth is known:
solvers have an ability, items a difficulty, and a solver's true score is its mean over endless items. *Coverage* is how
often an interval that claims 95 % holds the true value. With {repeats} studies its own standard error is {error:.3f}:
among so many cells some lie below .92 by chance; "below" counts those where chance gives so little in less than 1 % of
cases.

The method was chosen with an eye on cells like these, and in part on these very studies. `--first 500000` takes others.

What differs between real and synthetic set: *none* (a perfect stand-in), *slope* (abilities count half), *uniform* (.5
easier for all), *model* (each solver by its own N(0, .3), and .3 for all), *own* (the first solver wrote the set and
gains .8 on it). Ability's spread is .1 (scores within a few points) or 1."""


def _summary(cells: Sequence[tuple[Cell, Row]]) -> str:
    rows, wide = [], []
    for name in NAMES:
        known = [(cell, one) for cell, one in _named(cells, name) if one["n"]]
        coverage = np.array([one["coverage"] for _, one in known])
        moved = np.array([one["coverage"] for cell, one in known if not cell.same_order])
        plain = [one["coverage"] for _, one in _named(cells, f"bootstrap {name}") if one["n"]]
        wide += [name] if np.median(coverage) > MOST else []
        rows.append(
            [
                name,
                str(len(known)),
                _f(coverage.min()),
                _f(np.median(coverage)),
                _f(np.median(moved)),
                str(sum(_is_below(one) for _, one in known)),
                f"{_f(min(plain))} / {_f(float(np.median(plain)))}" if plain else "",
            ]
        )
    header = ["statistic", "cells", "lowest", "median", "median, order differs", "cells below .92", "bootstrap"]
    return f"""## All intervals

The last column is the usual bootstrap over items, lowest and median coverage: it adds the items' noise a second time.
Where the true order is perfect, srcc, tau and agreement are 1, and an interval that reaches 1 while that is possible
holds them nearly always; so the median is given also for cells where the order truly differs.

The goal was a median of at most .98. Wider than that: {", ".join(wide) or "none"}.
Three things make them so: few solvers or few items often cannot rule a perfect order out, and then the interval must
reach it; orders of few solvers take few values, so an interval jumps from too short to too long; and a share of
agreeing pairs cannot be split at all where it is surely 1.

{_table(header, rows)}"""


def _below(cells: Sequence[tuple[Cell, Row]]) -> str:
    rows = []
    for name in NAMES:
        for cell, one in _named(cells, name):
            if one["n"] and _is_below(one):
                rows.append([name, *_of(cell), _f(one["coverage"]), _f(one["below"]), _f(one["above"])])
    if not rows:
        return "## Where it does not hold\n\nNo interval is below .92 in any cell by more than chance."
    header = ["statistic", *_CELL, "coverage", "truth above", "truth below"]
    return f"## Where it does not hold\n\nEvery cell that is below .92 by more than chance.\n\n{_table(header, rows)}"


def _perfect(cells: Sequence[tuple[Cell, Row]]) -> str:
    rows = []
    for solvers in sorted({cell.solvers for cell, _ in cells}):
        for bias in ("none", "slope", "uniform"):
            chosen = [(c, row) for c, row in cells if c.solvers == solvers and c.bias == bias]
            if not chosen:
                continue
            of = {
                name: [one["coverage"] for _, one in _named(chosen, name) if one["n"]] for name in ("srcc", *CEILINGS)
            }
            rejected = [row["tests"]["order"] for _, row in chosen]
            rows.append(
                [
                    str(solvers),
                    bias,
                    str(len(chosen)),
                    *(f"{_f(min(values))} / {_f(float(np.median(values)))}" for values in of.values()),
                    f"{_f(float(np.mean(rejected)))} / {_f(max(rejected))}",
                ]
            )
    header = ["solvers", "differs by", "cells", "srcc", "srcc_ceiling", "pairwise_ceiling", "order test rejects"]
    return f"""## Perfect stand-ins

Coverage of srcc (lowest / median over cells), how often what was *seen* lies within its ceiling's interval, and how
often the order test rejects (mean / most; nominal .05).

{_table(header, rows)}"""


CEILINGS = ("srcc_ceiling", "pairwise_ceiling")


def _bias(cells: Sequence[tuple[Cell, Row]]) -> str:
    rows = []
    for name in BIASES:
        known = [one for _, one in _named(cells, name) if one["n"]]
        coverage = [one["coverage"] for one in known]
        rows.append([name, str(len(known)), _f(min(coverage)), _f(float(np.median(coverage)))])
    return f"""## Bias factors

Three sets; generator 0 alone is biased, generator 1 is not. The band must hold all three at once.

{_table(["interval", "cells", "lowest", "median"], rows)}"""


def _others(cells: Sequence[tuple[Cell, Row]]) -> str:
    rows = []
    for cell, row in cells:
        names = sorted(name for name in row["intervals"] if name.startswith("others' "))
        if names:
            rows.append([*_of(cell), *(_f(row["intervals"][name]["coverage"]) for name in names)])
            header = [name.removeprefix("others' ") for name in names]
    return f"""## Other solvers like these (`--models-vary`)

How often the interval holds the statistic of another group of as many solvers from the same population.

{_table([*_CELL, *header], rows)}"""


def _tests(cells: Sequence[tuple[Cell, Row]]) -> str:
    found: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    for cell, row in cells:
        for test, share in row["tests"].items():
            null = cell.same_order if test == "order" else cell.bias == "none"
            what = "size" if (null or test.endswith("no bias")) else "power"
            found[test, what, cell.solvers].append(share)
    rows = [
        [test, what, str(solvers), str(len(shares)), _f(float(np.mean(shares))), _f(min(shares)), _f(max(shares))]
        for (test, what, solvers), shares in sorted(found.items())
    ]
    return f"""## Tests

*order*: is there no common order? *difference*: does any true score differ? (two-sided intervals ask at .025)
*permutation*: does a generator favour itself? (with fewer than 20 solvers it cannot reach .05) *Size*: share rejected
where there is nothing to find. *Power*: share rejected where there is, over cells easy and hard.

{_table(["test", "", "solvers", "cells", "mean", "least", "most"], rows)}"""


def _verdicts(cells: Sequence[tuple[Cell, Row]]) -> str:
    close = [row for cell, row in cells if cell.spread == NARROW]
    wrong = {use: sum(row["verdicts"][use]["no_go_wrong"] for row in close) for use in ("score", "rank", "choose")}
    narrow = ", ".join(f"{use} {number}" for use, number in wrong.items())
    stated = {"score": ("0 / 1079", "3 / 457"), "rank": ("1 / 628", "0 / 903"), "choose": ("1 / 344", "2 / 1192")}
    rows = []
    for use in ("score", "rank", "choose"):
        of = [row["verdicts"][use] for _, row in cells]
        total = {key: sum(one[key] for one in of) for key in of[0]}
        decided = total["go"] + total["no_go"]
        rows.append(
            [
                use,
                f"{total['go_wrong']} / {total['go']} ({total['go_wrong'] / max(total['go'], 1):.2%})",
                f"{total['no_go_wrong']} / {total['no_go']} ({total['no_go_wrong'] / max(total['no_go'], 1):.2%})",
                f"{decided / (decided + total['open']):.0%}",
                *stated[use],
            ]
        )
    header = ["use", "wrong GO", "wrong NO-GO", "decided", "design: wrong GO", "design: wrong NO-GO"]
    return f"""## Verdicts

All cells together, the hardest included. Right is what the true scores say of the limits. The last two columns are
those of the first design's own simulation, of 1,536 studies in other cells. Wrong NO-GOs in the cells of spread .1,
where solvers hardly differ and a NO-GO is rare: {narrow}.

{_table(header, rows)}"""


def _worth(cells: Sequence[tuple[Cell, Row]]) -> str:
    rows = []
    for cell, row in cells:
        if cell.solvers == WORTH_SOLVERS and cell.items >= WORTH_ITEMS and not cell.said():
            of = [row["intervals"][name] for name in ("worth_score", "worth_rank")]
            rows.append([*_of(cell), *(x for one in of for x in (_f(one["ratio"]), _f(one["coverage"])))])
    header = [*_CELL, "worth_score / truth", "coverage", "worth_rank / truth", "coverage"]
    return f"""## Worth

Median of the estimate over the truth, 20 solvers, 500 items and more. At a perfect set the truth lies at the end of
what is possible, and the median of what is plausible must lie below it.

{_table(header, rows)}"""


WORTH_SOLVERS, WORTH_ITEMS, NARROW = 20, 500, 0.1


def _pairs(pairs: Sequence[Row], ranks: Sequence[Row]) -> str:
    tests = [
        [str(r["items"]), str(r["bundle"]), f"{r['share']:g}", str(r["correlation"])]
        + [_f(r[key]) for key in ("size", "power", "coverage_null", "coverage_detectable")]
        for r in pairs
    ]
    ranges = [
        [str(r["solvers"]), str(r["number"]), str(r["items"]), _f(r["coverage"]), f"{float(r['width']):.1f}"]
        for r in ranks
    ]
    header = [
        "items",
        "bundle",
        "share right",
        "correlation",
        "size",
        "power",
        "coverage, none",
        "coverage, detectable",
    ]
    return f"""## Two solvers on one benchmark

Paired tests at .05; power at the difference that is said to be detectable in eight of ten cases.

{_table(header, tests)}

All true ranks in their ranges at once:

{_table(["solvers", "number", "items", "coverage", "mean width"], ranges)}"""


def _every_cell(cells: Sequence[tuple[Cell, Row]]) -> str:
    rows = []
    for cell, row in cells:
        of = [row["intervals"].get(name, {"n": 0}) for name in IN_TABLE]
        each = [f"{_f(one['coverage'])} ({one['width']:.2g})" if one["n"] else "" for one in of]
        plain = row["intervals"]["bootstrap srcc"]
        rows.append([*_of(cell), str(row["studies"]), *each, _f(plain["coverage"]) if plain["n"] else ""])
    header = [*_CELL, "studies", *IN_TABLE, "bootstrap srcc"]
    return f"## Every cell\n\nCoverage (median width).\n\n{_table(header, rows)}"


_CELL = ("solvers", "items", "spread", "differs by", "and")


def _of(cell: Cell) -> list[str]:
    return [str(cell.solvers), str(cell.items), f"{cell.spread:g}", cell.bias, cell.said()]


def _named(cells: Iterable[tuple[Cell, Row]], name: str) -> list[tuple[Cell, dict[str, float]]]:
    return [(cell, row["intervals"][name]) for cell, row in cells if name in row["intervals"]]


def _is_below(one: dict[str, float]) -> bool:
    """Return whether so few would be held in less than 1 % of cases, were the coverage .92."""
    held = round(one["coverage"] * one["n"])
    return bool(binom.cdf(held, one["n"], GOAL) < DOUBT)


def _f(x: float | None) -> str:
    """Return three digits behind the point; null in the file is a number that is not defined."""
    if x is None or not math.isfinite(x):
        return ""
    return f"{x:.3f}".replace("0.", ".", 1) if abs(x) < 1 else f"{x:.2f}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
