"""Do checks of fit keep their level, do they find what is wrong, and what do they say of real scores?

    python bench/model_fit.py [--tables 40]

simulates solvers and items, prints a section and writes it into docs/psychometrics.md. Real scores: ACIDTEST_DATA.
"""

import argparse
import os
import time
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.special import expit
from scipy.stats import binomtest, chi2

from acidtest.stats.estimate import FloatArray
from acidtest.stats.irt.check.dimensions import how_many_dimensions
from acidtest.stats.irt.check.fit_check import check_fit
from acidtest.stats.irt.check.limited_information import m2
from acidtest.stats.irt.fit import fit_irt
from acidtest.stats.irt.several.multidimensional import fit_multidimensional
from acidtest.stats.irt.several.per_topic import fit_per_topic
from benchmark_page import PSYCHOMETRICS, write_section

DRAWS = 100
WORLDS = (
    ("2PL, true", 0.0, 0.0),
    ("a second ability in every other item", 1.0, 0.0),
    ("a quarter is guessed right", 0.0, 0.25),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=40)
    tables = parser.parse_args().tables
    text = TEMPLATE.format(
        tables=tables,
        draws=DRAWS,
        checks="\n".join(
            check_row(name, size, (second, guess), tables)
            for name, second, guess in WORLDS
            for size in ((14, 200), (40, 200), (200, 60))
        ),
        m2="\n".join(m2_row(solvers, k) for solvers, k in ((80, 4), (100, 5), (200, 8), (200, 10), (400, 10))),
        dimensions="\n".join(dimension_row(size, many, tables) for many in (1, 2) for size in SIZES),
        topics="\n".join(topic_row(*world) for world in TOPIC_WORLDS),
        several="\n".join(several_row(*world) for world in ((40, 500, 2), (100, 1000, 4), (400, 2000, 4))),
        real=real_rows(),
    )
    print(text)
    write_section(text, PSYCHOMETRICS)


SIZES = ((14, 200), (40, 200), (100, 60))
TOPIC_WORLDS = (
    (14, (100,) * 20, 0.4),
    (40, (300, 200, 5, 5), 0.4),
    (40, (300, 200, 5, 5), 0.02),
    (20, (50,) * 10, 1.0),
)


def simulated(size: tuple[int, int], seed: int, *, second: float = 0.0, guess: float = 0.0) -> FloatArray:
    """Scores of a 2PL; `second`: slope of every other item on an ability of its own."""
    solvers, n = size
    rng = np.random.default_rng(seed)
    a, d = np.exp(rng.normal(0, 0.3, n)), rng.normal(0.3, 1.2, n)
    one, two = rng.normal(size=(solvers, 1)), rng.normal(size=(solvers, 1))
    chance = guess + (1 - guess) * expit(a * one + d + second * two * (np.arange(n) % 2))
    return np.asarray(rng.random(chance.shape) < chance, np.float64)


def check_row(name: str, size: tuple[int, int], world: tuple[float, float], tables: int) -> str:
    rejected = np.zeros(3, int)
    any_item = any_pair = 0
    began = time.process_time()
    for seed in range(tables):
        scores = simulated(size, seed, second=world[0], guess=world[1])
        found = check_fit(scores, fit_irt(scores), seed=seed, draws=DRAWS)
        rejected += [one.p <= 0.05 for one in (found.scores, found.items, found.dependence)]  # noqa: PLR2004 - the level
        any_item += bool(found.misfits)
        any_pair += found.pairs_called > 0
    seconds = (time.process_time() - began) / tables
    shares = " | ".join(share(int(k), tables) for k in (*rejected, any_item, any_pair))
    return f"| {name} | {size[0]} x {size[1]} | {shares} | {seconds:.1f} |"


def m2_row(solvers: int, k: int, tables: int = 200) -> str:
    degrees = k * (k - 3) // 2
    true = [m2(simulated((solvers, k), seed))[0] for seed in range(tables)]
    wrong = [m2(simulated((solvers, k), seed, second=1.5))[0] for seed in range(tables)]
    size = {level: int((chi2.sf(true, degrees) <= level).sum()) for level in (0.05, 0.01)}
    power = int((chi2.sf(wrong, degrees) <= 0.05).sum())  # noqa: PLR2004 - the level
    row = " | ".join(share(one, tables) for one in (*size.values(), power))
    return f"| {solvers} x {k} | {degrees} | {np.mean(true):.2f} | {row} |"


def dimension_row(size: tuple[int, int], many: int, tables: int) -> str:
    parallel: Counter[int] = Counter()
    held_out: Counter[int] = Counter()
    for seed in range(tables):
        scores = simulated(size, seed, second=1.5 if many > 1 else 0.0)
        found = how_many_dimensions(scores, seed=seed, most=4, draws=DRAWS)
        parallel[found.parallel] += 1
        held_out[found.held_out] += 1
    cells = " | ".join(", ".join(f"{k}: {n}" for k, n in sorted(one.items())) for one in (parallel, held_out))
    return f"| {many} | {size[0]} x {size[1]} | {cells} |"


def topic_row(solvers: int, sizes: tuple[int, ...], spread: float) -> str:
    errors, held = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        overall = rng.normal(size=solvers)
        overall = (overall - overall.mean()) / overall.std()
        deviation = spread * rng.normal(size=(solvers, len(sizes)))
        deviation -= deviation.mean(0)
        of_item = np.repeat(np.arange(len(sizes)), sizes)
        a, d = np.exp(rng.normal(0, 0.3, len(of_item))), rng.normal(0.5, 1.2, len(of_item))
        truth = overall[:, None] + deviation
        chance = expit(a * truth[:, of_item] + d)
        scores = np.asarray(rng.random(chance.shape) < chance, np.float64)
        fit = fit_per_topic(scores, [str(t) for t in of_item])
        pooled = np.repeat(fit_irt(scores).ability[:, None], len(sizes), axis=1)
        alone = np.stack([fit_irt(scores[:, of_item == t]).ability for t in range(len(sizes))], axis=1)
        alone *= np.sqrt(1 + spread**2)
        errors.append([float(np.sqrt(np.mean((x - truth) ** 2))) for x in (fit.ability, pooled, alone)])
        held.append(float(np.mean(np.abs(fit.deviation - deviation) <= 1.96 * fit.deviation_se)))  # 95 %
    own, pooled_error, alone_error = np.mean(errors, 0)
    shown = f"{len(sizes)} of {sizes[0]}" if len(set(sizes)) == 1 else ", ".join(map(str, sizes))
    row = " | ".join(f"{x:.3f}" for x in (own, pooled_error, alone_error))
    return f"| {solvers} | {shown} | {spread:g} | {row} | {np.mean(held):.2f} |"


def several_row(solvers: int, n: int, dimensions: int) -> str:
    rng = np.random.default_rng(0)
    ability = rng.normal(size=(solvers, dimensions))
    loadings = 0.2 * np.abs(rng.normal(size=(n, dimensions)))
    loadings[np.arange(n), np.arange(n) % dimensions] += np.exp(rng.normal(0.2, 0.3, n))
    chance = expit(ability @ loadings.T + rng.normal(0, 1.2, n))
    scores = np.asarray(rng.random(chance.shape) < chance, np.float64)
    began = time.process_time()
    fit = fit_multidimensional(scores, dimensions)
    seconds = time.process_time() - began
    error = float(np.sqrt(np.mean((fit.expected - chance) ** 2)))
    alone = float(np.sqrt(np.mean((fit_multidimensional(scores, 1).expected - chance) ** 2)))
    return f"| {solvers} x {n:,} | {dimensions} | {error:.3f} | {alone:.3f} | {seconds:.1f} |"


def real_rows() -> str:
    folder = os.environ.get("ACIDTEST_DATA")
    if not folder:
        return "Real scores were not at hand (ACIDTEST_DATA)."
    from acidtest.compare.irt.model_check import model_report
    from real_scores import mmlu_redux, zero_eval

    lines = []
    for name, matrix in (("ZeroEval", zero_eval(Path(folder))), ("MMLU-Redux", mmlu_redux(Path(folder)))):
        began = time.process_time()
        found = model_report(matrix, fit_irt(matrix.scores), seed=0)
        seconds = time.process_time() - began
        lines += [
            f"{name}: {found.solvers} solvers, {found.items:,} items, {seconds:.0f} s of CPU time with the fit.",
            "",
        ]
        lines += [f"- {said}" for said in found.said]
        if found.topics is not None:
            widest = sorted(found.topics.spread.items(), key=lambda pair: -pair[1].value)[:4]
            lines.append("- Topics' spreads: " + ", ".join(f"{topic} {one.value:.2f}" for topic, one in widest) + ".")
            named = [f"{one.model} at {one.topic} {one.deviation.value:+.2f}" for one in found.topics.standings[:5]]
            lines.append(f"- Elsewhere than overall: {', '.join(named)}.")
        lines.append("")
    return "\n".join(lines).rstrip()


def share(k: int, n: int) -> str:
    interval = binomtest(k, n).proportion_ci()
    return f"{k / n:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


TEMPLATE = """\
# How well models fit: level and power of the checks

`make psychometrics` measures this and writes this section. Shares of {tables} simulated tables with 95 % intervals;
each check at 5 %, finds at a false discovery rate of 10 %, {draws} draws. In the first three rows nothing is wrong.

| world | solvers x items | solver scores | curves | pairs | any item called | any pair called | CPU s |
|---|---|---|---|---|---|---|---|
{checks}

M2 on small sets of items: its mean should be its degrees of freedom. Power: a second ability of slope 1.5 in every
other item. 200 tables each.

| solvers x items | degrees | mean | at 5 % | at 1 % | power at 5 % |
|---|---|---|---|---|---|
{m2}

How many abilities were found (number: tables), by parallel analysis and by held-out answers; the second ability has
slope 1.5 in every other item:

| true | solvers x items | parallel analysis | held out |
|---|---|---|---|
{dimensions}

A scale per topic: root mean square error of abilities at topics, beside one scale for all and one for each alone; how
often 95 % intervals of deviations hold the truth. Ten tables each.

| solvers | items of topics | spread | drawn together | one scale | each alone | held |
|---|---|---|---|---|---|---|
{topics}

Several abilities: root mean square error of chances of being right, with the true number of abilities and with one.

| solvers x items | abilities | error | with one | CPU s |
|---|---|---|---|---|
{several}

## Real scores

{real}
"""


if __name__ == "__main__":
    main()
