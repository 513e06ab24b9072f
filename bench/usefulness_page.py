"""docs/usefulness.md from docs/usefulness.json: every number of the page is one of the file's, or a sum over them."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

Row = Mapping[str, Any]

GOAL = 3.0

STATISTICS = ("gap", "mspd", "srcc", "pairwise_agreement")
PREDICTED = ("holds_scores_combined", "holds_scores_alone", *(f"predicts_{name}" for name in STATISTICS))
USES = (("score", "believe the numbers"), ("rank", "believe the order"), ("choose", "pick the best by it"))


def page(found: Mapping[str, Any]) -> str:
    """Return the page in Markdown."""
    from usefulness_words import ABOUT, PREDICTION, SAVING, SHARED, SIMULATED, VERDICTS, WITHOUT_ITEMS

    pairs: Sequence[Row] = found["pairs"]
    kinds = {
        "real": [row for row in pairs if not row["simulated"] and not row["shares_items"]],
        "simulated": [row for row in pairs if row["simulated"] and not row["shares_items"]],
        "shared": [row for row in pairs if row["shares_items"]],
    }
    parts = [ABOUT, *_findings(kinds["real"], kinds["simulated"], found["level"]), PREDICTION]
    if kinds["real"]:
        parts += [
            _coverage(kinds["real"]),
            SAVING,
            _law(kinds["real"]),
            _savings(kinds["real"]),
            _orders(kinds["real"]),
        ]
        parts += [VERDICTS, *_verdicts(kinds["real"])]
    if kinds["simulated"]:
        parts += [SIMULATED, _published(found["published_items"]), _coverage(kinds["simulated"])]
        parts += [_savings(kinds["simulated"]), _orders(kinds["simulated"]), *_verdicts(kinds["simulated"])]
    if kinds["shared"]:
        parts += [SHARED, _coverage(kinds["shared"]), _savings(kinds["shared"])]
    if found["without_items"]:
        parts += [WITHOUT_ITEMS, _without_items(found["without_items"])]
    return "\n\n".join(parts) + "\n"


def _findings(real: Sequence[Row], simulated: Sequence[Row], level: float) -> list[str]:
    """Return what the tables add up to, in sentences whose numbers are counted here."""
    parts = ["## In short"]
    for rows, what in ((real, "real items"), (simulated, "items simulated from published accuracies")):
        if rows:
            held = [_mean(_share(row, name) for row in rows) for name in PREDICTED]
            parts.append(
                f"**Pairs with {what}** ({len({r['pair'] for r in rows})} pairs, {sum(r['runs'] for r in rows)} runs)"
            )
            lines = [
                f"- {level:.0%} intervals held {held[0]} of the held-out scores; those of real items alone, {held[1]}.",
                f"- They held {held[2]} of the gaps, {held[3]} of mspd, {held[4]} of srcc, {held[5]} of agreement.",
                *_goal_lines(rows),
                *(f"- `{use}`: {_verdict_line(rows, use)}" for use, _ in USES),
            ]
            parts.append("\n".join(lines))
    return parts


def _goal_lines(rows: Sequence[Row]) -> list[str]:
    asked = [row for row in rows if row["goal"]["applies"]]
    rule = "- The goal, a third of the labels or fewer where worth_rank is above twice their number, is asked for in"
    lines = [f"{rule} {len(asked)} of {len(rows)} rows."]
    for name, what in (("differences", "differences between solvers"), ("level", "scores themselves")):
        met = [row for row in asked if row["goal"][name]]
        missed = [f"{row['pair']} at {row['k']} labels ({_pm(row['saving'][name])})" for row in asked if row not in met]
        lines.append(
            f"- For the {what} it is met in {len(met)} of these {len(asked)}"
            + (f"; missed: {'; '.join(missed)}." if missed else ".")
        )
    capped = sum(row["most_for_level"][0] < GOAL for row in asked)
    lines.append(
        f"- In {capped} of these {len(asked)} the shift that all solvers share alone keeps the saving for scores below "
        f"{GOAL:g}: no method that does not know it could meet the goal there."
    )
    worst = min((row["saving"]["differences"], row["pair"], row["k"]) for row in rows)
    return [*lines, f"- Smallest saving for differences anywhere: {_pm(worst[0])} ({worst[1]}, {worst[2]} labels)."]


def _verdict_line(rows: Sequence[Row], use: str) -> str:
    said = _counted(rows, use)
    right = sum(said[d, d, "known"] for d in ("GO", "NO-GO"))
    wrong = said["GO", "NO-GO", "known"] + said["NO-GO", "GO", "known"]
    open_known = sum(said["INCONCLUSIVE", d, "known"] for d in ("GO", "NO-GO"))
    unknown = sum(n for (_, _, how), n in said.items() if how == "guessed")
    return (
        f"{right} decisions right, {wrong} wrong, {open_known} left open that all items decide; in {unknown} runs "
        "all items leave it open too."
    )


def _coverage(rows: Sequence[Row]) -> str:
    head = [
        "real <- alternative",
        "labels",
        "scores, combined",
        "scores, real alone",
        "gap",
        "mspd",
        "srcc",
        "agreement",
    ]
    lines = [
        [row["pair"], f"{row['k']} of {row['real_items']}", *(_pm(row["shares"][name]) for name in PREDICTED)]
        for row in rows
    ]
    last = [f"**{_mean(_share(row, name) for row in rows)}**" for name in PREDICTED]
    ways = (("predicted", "predicts"), ("as drawn", "drawn"), ("reported", "holds"))
    means = [
        [what, *(_mean(_share(row, f"{way}_{name}") for row in rows) for name in STATISTICS)] for what, way in ways
    ]
    each = _table(head, [*lines, ["**mean of rows**", "", *last]])
    return f"{each}\n\n{_table(['mean of rows', *STATISTICS], means)}"


def _law(rows: Sequence[Row]) -> str:
    """Return how well the error of real items alone goes with one over their number, as measured."""
    by_pair: dict[str, list[float]] = {}
    for row in rows:
        by_pair.setdefault(row["pair"], []).append(row["errors"]["level_alone_times_k"][0])
    ratios = sorted(times[0] / times[-1] for times in by_pair.values())
    return (
        "Measured, the error of real items alone times their number is at a tenth of the items "
        f"{median(ratios):.2f} times that at a quarter (median over pairs; {ratios[0]:.2f} to {ratios[-1]:.2f}): 1 if "
        "the error goes with one over the number."
    )


def _savings(rows: Sequence[Row]) -> str:
    head = ["real <- alternative", "solvers", "labels", "alternative items", "worth_rank", "1 + worth / labels"]
    head += ["saving: differences", "claimed", "saving: scores", "claimed", "most for scores", "of all items (both)"]
    head += ["goal: differences", "goal: scores"]
    kinds = ("differences", "level")
    lines = []
    for row in rows:
        worth, saving, goal = row["worth_rank"]["value"] or 0.0, row["saving"], row["goal"]
        met = [("yes" if goal[n] else "**no**") if goal["applies"] else "-" for n in kinds]
        finite = " / ".join(f"{saving[f'{name}_all_items'][0]:.2f}" for name in kinds)
        counts = (row["solvers"], row["k"], row["alternative_items"])
        lines.append(
            [
                *(row["pair"], *(str(count) for count in counts), f"{worth:.0f}", f"{1 + worth / row['k']:.2f}"),
                *(_pm(cell) for name in kinds for cell in (saving[name], row["means"][f"claimed_{name}"])),
                *(_pm(row["most_for_level"]), finite, *met),
            ]
        )
    return _table(head, lines)


def _orders(rows: Sequence[Row]) -> str:
    head = ["real <- alternative", "labels"]
    head += [f"{what}: {who}" for what in ("agreement", "regret") for who in ("alternative", "real alone", "combined")]
    names = [f"{what}_{who}" for what in ("agreement", "regret") for who in ("alternative", "alone", "combined")]
    lines = [[row["pair"], str(row["k"]), *(_pm(row["means"][name], 3) for name in names)] for row in rows]
    return _table(head, lines)


def _verdicts(rows: Sequence[Row]) -> list[str]:
    head = ["use", "said", "runs", "right", "wrong", "right where known", "not known: as guessed", "not as guessed"]
    lines = []
    for use, meaning in USES:
        said = _counted(rows, use)
        for decision in ("GO", "NO-GO", "INCONCLUSIVE"):
            total = sum(n for (d, _, _), n in said.items() if d == decision)
            other = "NO-GO" if decision == "GO" else "GO"
            if decision == "INCONCLUSIVE":
                missed = f"{said[decision, 'GO', 'known']} were GO, {said[decision, 'NO-GO', 'known']} NO-GO"
                rest = sum(said[decision, d, "guessed"] for d in ("GO", "NO-GO"))
                lines.append(
                    [f"{use} ({meaning})", decision, str(total), "-", "-", missed, f"{rest} open there too", ""]
                )
                continue
            right, wrong = said[decision, decision, "known"], said[decision, other, "known"]
            guessed = [str(said[decision, d, "guessed"]) for d in (decision, other)]
            known = _share_of_pairs(rows, use, decision, other)
            lines.append([f"{use} ({meaning})", decision, str(total), str(right), str(wrong), known, *guessed])
    return [_table(head, lines), _verdicts_by_pair(rows)]


def _verdicts_by_pair(rows: Sequence[Row]) -> str:
    head = ["real <- alternative", "labels", *(f"{use}: {what}" for use, _ in USES for what in ("all items", "said"))]
    lines = []
    for row in rows:
        cells = []
        for use, _ in USES:
            said = _counted([row], use)
            truth: Counter[str] = Counter()
            decisions: Counter[str] = Counter()
            for (decision, right, how), n in said.items():
                truth[right if how == "known" else f"open ({right}?)"] += n
                decisions[decision] += n
            cells += [", ".join(truth), ", ".join(f"{d} {n}" for d, n in decisions.most_common())]
        lines.append([row["pair"], str(row["k"]), *cells])
    return _table(head, lines)


def _share_of_pairs(rows: Sequence[Row], use: str, decision: str, other: str) -> str:
    """Return the share right of the decisions whose answer is known, and its jackknife error over pairs."""
    right, wrong = {}, {}
    for name in dict.fromkeys(row["pair"] for row in rows):
        said = _counted([row for row in rows if row["pair"] == name], use)
        right[name], wrong[name] = said[decision, decision, "known"], said[decision, other, "known"]
    total = sum(right.values()) + sum(wrong.values())
    if not total:
        return "none"
    names = [name for name in right if right[name] + wrong[name] < total]
    without = [
        (sum(right.values()) - right[n]) / (total - right[n] - wrong[n]) for n in names if right[n] + wrong[n] > 0
    ]
    return _pm([sum(right.values()) / total, _jackknife(without)])


def _jackknife(without: Sequence[float]) -> float | None:
    if len(without) < 2:  # noqa: PLR2004 - one pair has no spread
        return None
    mean = sum(without) / len(without)
    return math.sqrt((len(without) - 1) / len(without) * sum((x - mean) ** 2 for x in without))


def _published(items: Mapping[str, Mapping[str, float]]) -> str:
    lines = [[name, f"{one['items']}", f"{one['figures_that_fit']:.3f}"] for name, one in items.items()]
    return _table(["benchmark", "items", "published figures that are a whole number of items"], lines)


def _without_items(rows: Sequence[Row]) -> str:
    head = ["real <- alternative", "solvers seen", "srcc of all", *(f"{s} held" for s in STATISTICS), "verdicts given"]
    lines = []
    for row in rows:
        held = [_pm(row["shares"][s]) for s in STATISTICS]
        seen = f"{row['k']} of {row['solvers']}"
        lines.append([row["pair"], seen, f"{row['all_solvers']['srcc']:.3f}", *held, str(row["verdicts_given"])])
    means = [_mean(row["shares"][s][0] for row in rows) for s in STATISTICS]
    return _table(head, [*lines, ["**mean of rows**", "", "", *(f"**{m}**" for m in means), ""]])


def _counted(rows: Iterable[Row], use: str) -> Counter[tuple[str, str, str]]:
    said: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        for words, n in row["verdicts"][use].items():
            decision, right, how = words.split(" | ")
            said[decision, right, how] += n
    return said


def _share(row: Row, name: str) -> float:
    return float(row["shares"][name][0])


def _mean(values: Iterable[float]) -> str:
    known = list(values)
    return f"{sum(known) / len(known):.3f}"


def _pm(cell: Sequence[float | None], digits: int = 2) -> str:
    value, error = cell
    if value is None:
        return "-"
    return f"{value:.{digits}f}" if error is None else f"{value:.{digits}f} ± {error:.{digits}f}"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
