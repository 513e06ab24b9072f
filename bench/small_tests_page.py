"""The section on small tests: figures of bench/small_tests.py in words and tables."""

from collections.abc import Mapping
from typing import Any

from benchmark_page import PSYCHOMETRICS, write_section

_TITLE = "# Small tests: how few items foretell the score on all"
_HOW = (
    "`make psychometrics` (bench/small_tests.py, {cpu_minutes} CPU minutes; all figures in "
    "[small_tests.json](small_tests.json)). Real tables of right and wrong answers (ZeroEval). Solvers are left out in "
    "{folds} parts (number of splits: {repeats}): the others calibrate the items and choose the test, which then "
    "foretells the scores of those left out. Nothing of a solver that is left out is looked at but its answers to "
    "the items asked. Errors are mean absolute errors in points of 100, with 95 % intervals over solvers; "
    "`acidtest adapt` prints the same of your own table. Tests drawn at random are averaged over about 20 draws; the "
    "error of plain means is the exact one of all draws (hypergeometric), their tau that of 200 draws.\n\n"
    "The method was settled while looking at these three tables: one ability alone, other widths of the slope, several "
    "abilities and regressions on answers were tried, and differed at 50 adaptive items by some tenths of a point. No "
    "table stands apart that was never looked at. Later changes were judged by simulation alone: 40 solvers with 1 to "
    "4 abilities, slopes, makers and slips, 100 to 700 items. Of eight, one was kept: that an item's own luck is part "
    "of the score counts in choosing it, which helped a little with few items. The others moved less than chance did: "
    "curves flattened by their items' errors, in choosing, in foretelling or in both; slopes spread less, or more; a "
    "regression on residuals of other solvers, learnt in two ways."
)
_GOAL = (
    "Error of an adaptive test, less that of the plain mean of 150 random items, solver by solver; below 0: it beats "
    "them. Items at random of which the score is foretold by the calibrated items, too, stand in the last column. As "
    "`run --adaptive` asks: by information about the ability, five items at a time."
)
_FORMS = (
    "Two forms of 50 items each, beside random halves of the same 100 items: largest difference of test information at "
    "any solver's ability (share of its mean) and of expected scores (points); then scores of solvers that were left "
    "out: correlation of the two forms, and their mean difference in points."
)
_SIZES = (16, 50, 100, 150)


def write(found: Mapping[str, Any], tasks: Mapping[str, str]) -> None:
    """Write the section; every figure in it is one of `found`."""
    lines = [_TITLE, "", _HOW.format(**found), ""]
    for task, title in tasks.items():
        lines += _task(found["tasks"][task], title)
    lines += _goal(found, tasks)
    lines += _forms(found, tasks)
    write_section("\n".join(lines) + "\n", PSYCHOMETRICS)


def _task(one: Mapping[str, Any], title: str) -> list[str]:
    rows = {(row["method"], row["items"]): row for row in one["rows"]}
    methods = list(dict.fromkeys(row["method"] for row in one["rows"]))
    sizes = "".join(f" {k} items |" for k in _SIZES)
    lines = [f"## {title}: {one['items']:,} items, {one['solvers']} solvers", ""]
    lines += [f"| mean error, points |{sizes}", "|---|" + "---|" * len(_SIZES)]
    lines += [f"| {m} |" + "".join(f" {_points(rows[m, k]['error'])} |" for k in _SIZES) for m in methods]
    lines += ["", f"| rank agreement, Kendall's tau |{sizes}", "|---|" + "---|" * len(_SIZES)]
    lines += [f"| {m} |" + "".join(f" {_plain(rows[m, k]['kendall_tau'])} |" for k in _SIZES) for m in methods]
    held = [f"{m} {_share(rows[m, 50]['coverage'])}" for m in methods if rows[m, 50]["coverage"]["value"] is not None]
    lines += ["", f"Solvers' own 95 % intervals at 50 items hold the whole score: {', '.join(held)}."]
    makers = [f"{row['method']} {_points(row['error'])}" for row in one["makers_left_out"]]
    lines += [
        "",
        f"At 50 items, with all solvers of a maker ({one['makers']} makers) left out together: {', '.join(makers)}.",
        "",
    ]
    return lines


def _goal(found: Mapping[str, Any], tasks: Mapping[str, str]) -> list[str]:
    lines = [
        "## Does adaptive at 50 items beat 150 items at random?",
        "",
        _GOAL,
        "",
        "| | adaptive, 50 | mean of 150 | difference | verdict | 150 at random, foretold |",
        "|---|---|---|---|---|---|",
    ]
    for engine, whole in found["all"].items():
        for task, title in tasks.items():
            rows = {(row["method"], row["items"]): row for row in found["tasks"][task]["rows"]}
            less = rows[engine, 50]["than_threefold"]
            cells = (
                _points(rows[engine, 50]["error"]),
                _points(rows["random, plain mean", 150]["error"]),
                _points(less, signed=True),
                _verdict(less),
                _points(rows["random", 150]["error"]),
            )
            lines.append(f"| {title}, {engine} | " + " | ".join(cells) + " |")
        lines.append(f"| all three, {engine} | | | {_points(whole, signed=True)} | {_verdict(whole)} | |")
    return lines


def _forms(found: Mapping[str, Any], tasks: Mapping[str, str]) -> list[str]:
    lines = [
        "",
        "## Parallel forms",
        "",
        _FORMS,
        "",
        "| | information | expected scores | correlation | difference |",
        "|---|---|---|---|---|",
    ]
    for task, title in tasks.items():
        one = found["forms"][task]
        for name, start in (("matched", ""), ("random halves", "random_")):
            cells = (
                f"{one[start + 'information_gap']:.1%}",
                f"{100 * one[start + 'score_gap']:.2f}",
                _plain(one[start + "agreement"]),
                _points(one[start + "difference"]),
            )
            lines.append(f"| {title}, {name} | " + " | ".join(cells) + " |")
    return lines


def _verdict(less: Mapping[str, Any]) -> str:
    if less["high"] < 0:
        return "yes"
    return "no" if less["low"] > 0 else "cannot be told"


def _points(e: Mapping[str, Any], *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return f"{100 * e['value']:{sign}.2f} [{100 * e['low']:{sign}.2f}, {100 * e['high']:{sign}.2f}]"


def _plain(e: Mapping[str, Any]) -> str:
    return f"{e['value']:.2f} [{e['low']:.2f}, {e['high']:.2f}]"


def _share(e: Mapping[str, Any]) -> str:
    return f"{100 * e['value']:.0f} % [{100 * e['low']:.0f}, {100 * e['high']:.0f}]"
