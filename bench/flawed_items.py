"""Are the items that look broken broken? Simulated worlds whose truth is known, and items that people marked.

    ACIDTEST_DATA=folder python bench/flawed_items.py [--worlds 8] [--items 400] [--only real|simulated]
    ACIDTEST_DATA=folder python bench/flawed_items.py --table scores.csv

prints sections and writes them into docs/psychometrics.md. With --table it only writes MMLU-Redux's table of scores,
which `acidtest irt scores.csv --flaws` reads.
"""

import argparse
import csv
import gzip
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acidtest.compare.irt.flaws import audit_items
from acidtest.data.scores.answers import read_answers
from acidtest.data.scores.matrix import read_matrix
from acidtest.stats.estimate import Estimate, FloatArray
from acidtest.stats.irt.fit import fit_irt
from acidtest.stats.irt.flaws.abilities import abilities_without
from acidtest.stats.irt.flaws.audit import find_flaws
from acidtest.stats.irt.flaws.signals import item_rest_correlation, loevinger_h, mean_tetrachoric, outfit, share_wrong
from acidtest.stats.roc import areas_under_roc
from acidtest.stats.validity_rate import share
from benchmark_page import PSYCHOMETRICS, write_section
from flawed_worlds import KINDS, OPTIONS, WORKS, WRONG_KEY, Kind, flawed_world

SOLVERS = (8, 14, 40, 200)
FDR = 0.1
TOP = 100
DATA = "mmlu_redux_helm"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=8)
    parser.add_argument("--items", type=int, default=400)
    parser.add_argument("--only", choices=("real", "simulated"))
    parser.add_argument("--table", type=Path)
    given = parser.parse_args()
    folder = Path(os.environ.get("ACIDTEST_DATA", "")) / DATA
    if given.table or given.only == "real" or (given.only is None and folder.is_dir()):
        if not folder.is_dir():
            sys.exit("no real data sets here: set ACIDTEST_DATA to a folder that holds them")
        if given.table:
            write_table(folder, given.table)
            return
        with tempfile.TemporaryDirectory() as name:
            table = Path(name) / "mmlu_redux.csv"
            write_table(folder, table)
            show(real_section(table, marked(folder)))
    elif given.only is None:
        print("no real data sets here, so the section on them stays as it is: set ACIDTEST_DATA", file=sys.stderr)
    if given.only != "real":
        show(simulated_section(given.worlds, given.items))


def show(text: str) -> None:
    print(text)
    write_section(text, PSYCHOMETRICS)


def write_table(folder: Path, path: Path) -> None:
    """Write a long table of scores with the answers: one row for each solver and item."""
    from pyarrow import parquet

    with gzip.open(folder / "items.jsonl.gz", "rt", encoding="utf-8") as file:
        key = {row["item"]: row["answer"] for row in map(json.loads, file)}
    answers = parquet.read_table(folder / "predictions.parquet").to_pydict()
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["benchmark", "kind", "model", "item", "score", "prediction", "target"])
        for model in (name for name in answers if name != "item"):
            for item, said in zip(answers["item"], answers[model], strict=True):
                writer.writerow(["mmlu", "real", model, item, int(said == key[item]), said, key[item]])


def marked(folder: Path) -> dict[str, str]:
    """Return item -> what people found wrong with it, "ok" for nothing."""
    with gzip.open(folder / "items.jsonl.gz", "rt", encoding="utf-8") as file:
        return {row["item"]: row["error_type"] for row in map(json.loads, file)}


def real_section(table: Path, errors: dict[str, str]) -> str:
    matrix = read_matrix([table])
    fit = fit_irt(matrix.scores)
    by_answers = audit_items(matrix, fit, answers=read_answers([table]))
    by_scores = audit_items(matrix, fit)
    expected = np.clip(fit.items.expected(fit.ability), 1e-6, 1 - 1e-6)
    numbers = {
        "share of solvers that are wrong": share_wrong(matrix.scores),
        "**suspicion, answers and scores**": by_answers.suspicion,
        "**suspicion, scores alone**": by_scores.suspicion,
        "P(slope <= 0), scores alone": by_scores.slope_not_above_0,
        "point-biserial with the rest": item_rest_correlation(matrix.scores),
        "discrimination of the 2PL fit": -fit.items.discrimination,
        "Loevinger's H": loevinger_h(matrix.scores),
        "mean tetrachoric correlation": mean_tetrachoric(matrix.scores),
        "outfit": outfit(matrix.scores, expected),
    }
    # who is all right or all wrong has no correlation: as suspicious as none
    numbers = {name: np.where(np.isfinite(x), x, 0.0) for name, x in numbers.items()}
    found = np.array([errors[item] for item in matrix.items])
    broken = found != "ok"
    whole = areas_under_roc(numbers, broken)
    kinds = [kind for kind in dict.fromkeys(sorted(found.tolist())) if kind != "ok"]
    by_kind = {
        kind: areas_under_roc({name: x[keep] for name, x in numbers.items()}, found[keep] == kind)
        for kind in kinds
        for keep in [(found == kind) | ~broken]
    }
    first = next(iter(numbers.values()))
    rows = []
    for name, x in numbers.items():
        top, less_top = at_top(x, first, broken)
        less, less_top = ("", "") if x is first else (signed(whole.less_first[name]), less_top)
        rows.append(f"| {name} | {two(whole.area[name])} | {less} | {top} | {less_top} |")
    of_kinds = [
        f"| {kind} | {int((found == kind).sum())} | "
        + " | ".join(two(by_kind[kind].area[name]) for name in list(numbers)[:5])
        + " |"
        for kind in kinds
    ]
    listed = by_answers.listed
    loose = [lists(by_answers.q, broken, rate) for rate in (0.1, 0.2, 0.3, 0.4, 0.5)]
    return REAL.format(
        items=len(found),
        solvers=len(matrix.models),
        marked=int(broken.sum()),
        rows="\n".join(rows),
        of_kinds="\n".join(of_kinds),
        heads=" | ".join(name.strip("*") for name in list(numbers)[:5]),
        lines="|" + "---|" * 7,
        top=TOP,
        listed=int(listed.sum()),
        listed_scores=int(by_scores.listed.sum()),
        fdr=FDR,
        few="" if listed.any() else ": too few solvers to call any single item of this benchmark broken",
        loose="\n".join(loose),
        share=two(by_answers.benchmarks["mmlu"].share_broken, 3),
    )


def lists(q: FloatArray, broken: NDArray[np.bool_], rate: float) -> str:
    """Return the list at one rate: its length, and the share of it that people did not mark."""
    on = q <= rate
    unmarked = share((~broken[on]).astype(float)) if on.any() else None
    return f"| {rate:g} | {int(on.sum())} | {two(unmarked) if unmarked else '-'} |"


def at_top(numbers: FloatArray, first: FloatArray, broken: NDArray[np.bool_]) -> tuple[str, str]:
    """Return how many of the TOP highest are broken, and less those of another ranking, with intervals."""
    rng = np.random.default_rng(0)
    yes, no = np.flatnonzero(broken), np.flatnonzero(~broken)
    draws = [np.concatenate([rng.choice(yes, len(yes)), rng.choice(no, len(no))]) for _ in range(1000)]
    own = np.array([_at_top(numbers[draw], broken[draw]) for draw in draws])
    less = own - np.array([_at_top(first[draw], broken[draw]) for draw in draws])
    (low, high), (least, most) = (np.quantile(x, [0.025, 0.975]) for x in (own, less))
    value, other = _at_top(numbers, broken), _at_top(first, broken)
    return f"{value:.0f} [{low:.0f}, {high:.0f}]", f"{value - other:+.0f} [{least:+.0f}, {most:+.0f}]"


def _at_top(numbers: FloatArray, broken: NDArray[np.bool_]) -> float:
    """Ties at the end count in proportion."""
    last = np.partition(numbers, -TOP)[-TOP]
    above, equal = numbers > last, numbers == last
    return float(broken[above].sum() + (TOP - above.sum()) * broken[equal].mean())


@dataclass(frozen=True, kw_only=True)
class Run:
    """One audit of one world: items listed, false ones among them, wrong keys and all broken items, found and all."""

    listed: int
    false: int
    keys: tuple[int, int]
    broken: tuple[int, int]


def simulated_section(worlds: int, items: int) -> str:
    rows = []
    for kind in KINDS:
        for solvers in SOLVERS:
            runs = [simulated(kind, solvers, items, world) for world in range(worlds)]
            cells = [cell([pair[k] for pair in runs]) for k in range(2)]
            rows.append(f"| {kind.name} | {solvers} | {cells[0]} | {cells[1]} |")
            print(rows[-1], file=sys.stderr)
    return SIMULATED.format(worlds=worlds, items=items, rows="\n".join(rows), fdr=FDR)


def simulated(kind: Kind, solvers: int, items: int, seed: int) -> tuple[Run, Run]:
    """Return the audits of one world by answers and by scores alone."""
    rng = np.random.default_rng([seed, solvers, items])
    world = flawed_world(kind, solvers, items, rng)
    abilities = abilities_without(world.scores, fit_irt(world.scores), rng=rng)
    found = []
    for choice in (world.choice, None):
        options = None if choice is None else np.full(items, float(OPTIONS))
        listed = find_flaws(world.scores, abilities, choice=choice, options=options, fdr=FDR, rng=rng).flagged
        broken, keys = world.truth != WORKS, world.truth == WRONG_KEY
        found.append(
            Run(
                listed=int(listed.sum()),
                false=int((listed & ~broken).sum()),
                keys=(int((listed & keys).sum()), int(keys.sum())),
                broken=(int((listed & broken).sum()), int(broken.sum())),
            )
        )
    return found[0], found[1]


def cell(runs: Sequence[Run]) -> str:
    """Return listed items, the mean share of false alarms with its interval, shares of wrong keys and of all found."""
    false = np.array([run.false / max(run.listed, 1) for run in runs])
    half = 1.96 * float(false.std(ddof=1)) / np.sqrt(len(runs))
    keys, broken = (
        f"{sum(a for a, _ in of) / sum(b for _, b in of):.2f}" if sum(b for _, b in of) else "-"
        for of in ([run.keys for run in runs], [run.broken for run in runs])
    )
    mark = " **above**" if false.mean() - half > FDR else ""
    listed = float(np.mean([run.listed for run in runs]))
    return f"{listed:.1f} | {false.mean():.3f} ± {half:.3f}{mark} | {keys} | {broken}"


def two(estimate: Estimate, digits: int = 2) -> str:
    return f"{estimate.value:.{digits}f} [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"


def signed(estimate: Estimate) -> str:
    return f"{estimate.value:+.3f} [{estimate.low:+.3f}, {estimate.high:+.3f}]"


REAL = """\
# Flawed items: those that people marked

`make psychometrics` measures this and writes this section.

MMLU-Redux: {solvers} solvers' answers (HELM) to {items:,} items of MMLU, of which people marked {marked} as wrong in
some way (Gema et al., 2024, arXiv 2406.04127). Area under the ROC curve for finding these, its difference from plain
difficulty on the same items (DeLong), and how many of the {top} most suspicious items people marked (bootstrap over
items, stratified):

| ranked by | area | less plain difficulty | marked of {top} | less plain difficulty |
|---|---|---|---|---|
{rows}

By kind of error, against the items marked ok:

| kind | items | {heads} |
{lines}
{of_kinds}

At a rate of {fdr:g} the list has {listed} items by answers and {listed_scores} by scores alone{few}.
Share of broken items by the model: {share}, held towards the 5 % assumed before. Lists at higher rates, by answers, and
the share of them that people did not mark:

| rate asked for | items listed | not marked by people |
|---|---|---|
{loose}

- **Plain difficulty is not beaten over the whole ranking.** What people mark as unclear is hard, and little else
  shows. The most suspicious items are another matter: there answers tell a wrong key from a hard item.
- **Against people's marks the rates are not kept**: solvers share misconceptions, which the model takes for wrong keys,
  and people overlook errors. A list tells people where to look first, and drops nothing by itself.
- **The method was fixed before the marks were looked at.** Two earlier versions were dropped for what they said without
  the marks, one that called 14 % and one that called 45 % of all items broken: they took items whose solvers' order is
  not the general one for broken. Two changes came later, for simulated worlds in which hardly anything is broken, and
  for simulated families of solvers: they moved no area of suspicion by more than .01.
- Items that all solvers get right, or all get wrong, have no correlation with anything; they count as 0. The 2PL fit
  foretells their discrimination from their easiness alone: its row may change much with the fit's prior.
- What people did not mark may be broken all the same; a misconception that all solvers share looks like a wrong key.
"""

SIMULATED = """\
# Flawed items: false alarms in simulated worlds

`make psychometrics` measures this and writes this section.

{worlds} worlds of {items} items for each row; four answers, 4 % wrong keys and 3 % items that everybody guesses, unless
the world's name says otherwise. At most {fdr:g} of a list may be false alarms. Shown: items on the list, the mean share
of false alarms (0 where the list is empty) with two standard errors, and the shares of wrong keys and of all broken
items that are found.

| world | solvers | by answers: listed | false | keys found | all found | by scores: listed | false | keys | all |
|---|---|---|---|---|---|---|---|---|---|
{rows}

- With 8 solvers nothing can be called broken at this rate, and with 14 little, unless wrong answers scatter evenly
  ("guessing"): the list stays empty rather than wrong, and the order is a ranking only.
- Solvers of one family count for what they add, so 40 solvers of 10 families find what some 14 others would.
- Items that everybody guesses are seen only by the order of who is right, so they take many solvers.
"""


if __name__ == "__main__":
    main()
