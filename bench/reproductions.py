"""Recompute published figures from the tables that they were computed from: `make reproductions`.

    ACIDTEST_DATA=folder python bench/reproductions.py docs/reproductions.md

Every figure of ours comes out of `acidtest audit ... --json -`, as a user would call it; none is computed here. Two
kinds of expected values are kept apart: *published* ones, printed by the authors of a paper or in its repository, and
those that were only *recomputed* from the same scores by others (with SciPy, when the tables were collected).
"""

import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from acidtest import compare_scores, read_scores
from acidtest.compare.contract import dumps
from acidtest.data.run_folder import write_atomically
from acidtest.data.scores.write import write_score_table

Report = dict[str, Any]
SLACK = 1e-9
"""Rounding of binary numbers: a figure that ends in 5 may be printed either way."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of others beside ours.

    Attributes:
        data: Which table it was computed from.
        what: What the number is.
        expected: As printed; its digits say how exact it is.
        ours: The same number by acidtest.
        source: Where it is printed.
        published: False: only recomputed by others from the same scores.
        note: Why it does not match, where that is known.
    """

    data: str
    what: str
    expected: str
    ours: float
    source: str
    published: bool = True
    note: str = ""

    @property
    def digits(self) -> int:
        """Decimals that are printed."""
        return len(self.expected.partition(".")[2])

    @property
    def difference(self) -> float:
        """Ours - expected."""
        return self.ours - float(self.expected)

    @property
    def matches(self) -> bool:
        """Whether ours, rounded to the printed digits, is the printed number."""
        return abs(self.difference) <= 0.5 * 10.0**-self.digits + SLACK


class Ask(Protocol):
    """Audit files of scores and return the JSON of the comparison."""

    def __call__(
        self,
        paths: Sequence[Path],
        *,
        real: str,
        synthetic: Sequence[str] = (),
        benchmark: Sequence[str] = (),
        metric: str = "",
        percent: bool = False,
    ) -> Report:
        """Return what `--json` gives."""


def by_command(
    paths: Sequence[Path],
    *,
    real: str,
    synthetic: Sequence[str] = (),
    benchmark: Sequence[str] = (),
    metric: str = "",
    percent: bool = False,
) -> Report:
    """Ask the command line."""
    options = ["--real", real, *(part for name in synthetic for part in ("--synthetic", name))]
    options += [part for name in benchmark for part in ("--benchmark", name)]
    options += ["--metric", metric] if metric else []
    options += ["--percent"] if percent else []
    command = [sys.executable, "-m", "acidtest", "audit", *map(str, paths), *options, "--json", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr.decode())
    found: Report = json.loads(done.stdout)
    return found


def by_library(
    paths: Sequence[Path],
    *,
    real: str,
    synthetic: Sequence[str] = (),
    benchmark: Sequence[str] = (),
    metric: str = "",
    percent: bool = False,
) -> Report:
    """Ask the Python functions: the same, without a process for each question."""
    scores = read_scores(
        paths, real=real, synthetic=synthetic, benchmark=benchmark, metric=metric, percent=percent or None
    )
    found: Report = json.loads(dumps(compare_scores(scores)))
    return found


def politics(folder: Path, work: Path, ask: Ask) -> list[Figure]:
    """Six models on CrossNER-politics and on six synthetic versions (arXiv 2409.11968)."""
    source = json.loads((folder / "sg4nlp_crossner_politics_enttype_k5" / "scores.json").read_text("utf-8"))
    sets = [name for name in source["scores"] if name != "average_results"]
    rows = [(name, model, score) for name in sets for model, score in source["scores"][name].items()]
    table = work / "politics.parquet"
    write_score_table(
        table,
        {
            "benchmark": [name for name, _, _ in rows],
            "model": [model for _, model, _ in rows],
            "score": [score for _, _, score in rows],
            "generator": [source["generators"].get(name, "") for name, _, _ in rows],
        },
    )
    found = ask([table], real="original")
    of = {**found["fidelity"], "average_results": found["ensemble"]["equal"]}
    printed = "SG4NLP repository (8db02da), output of cell 19 of the analysis notebook"
    figures = []
    for name, of_set in of.items():
        for what, key in (("Spearman", "spearman"), ("Pearson", "pearson")):
            ours = of_set["srcc" if key == "spearman" else key]["value"]
            expected = f"{source[f'published_{key}'][name]:.2f}"
            figures.append(
                Figure(data="politics", what=f"{what}, {name}", expected=expected, ours=ours, source=printed)
            )
    for name, of_set in of.items():
        for what, key, digits in (("Spearman", "spearman", 4), ("Pearson", "pearson", 4), ("MSPD", "mspd", 6)):
            ours = of_set["srcc" if key == "spearman" else key]["value"]
            figures.append(
                _recomputed(
                    "politics", f"{what} to {digits} digits, {name}", source["recomputed"][name][key], digits, ours
                )
            )
    for model, expected in source["bias_factor_recomputed"].items():
        ours = found["bias_factor"][model]["value"]
        figures.append(_recomputed("politics", f"bias factor, {model}", expected, 6, ours))
    return figures


# Run -> nDCG@5, @10, @100 under people's labels, and the same under GPT-4's: printed by the authors' third notebook.
SYNDL_BEST = {
    "idst_bert_p2": (("0.7750", "0.7632", "0.6828"), ("0.6849", "0.6771", "0.6117")),
    "idst_bert_p3": (("0.7803", "0.7594", "0.6862"), ("0.6790", "0.6771", "0.6152")),
    "p_exp_rm3_bert": (("0.7427", "0.7422", "0.6745"), ("0.6674", "0.6611", "0.6065")),
    "p_bert": (("0.7334", "0.7380", "0.6585"), ("0.6637", "0.6560", "0.6036")),
    "idst_bert_pr2": (("0.7637", "0.7379", "0.6357"), ("0.6700", "0.6595", "0.5916")),
}


def syndl(folder: Path, work: Path, ask: Ask) -> list[Figure]:
    """Runs of TREC Deep Learning 2019-2022 under people's labels and under GPT-4's (arXiv 2408.16312)."""
    from pyarrow import parquet

    runs = parquet.read_table(folder / "syndl_trec_dl_2019_2022" / "run_scores.parquet").to_pylist()
    table = work / "syndl.parquet"
    columns: dict[str, list[Any]] = {name: [] for name in ("benchmark", "model", "metric", "score")}
    for run in runs:
        for benchmark in ("human_qrels", "syndl_qrels"):
            columns["benchmark"].append(benchmark)
            columns["model"].append(run["run"])
            columns["metric"].append(f"{run['year']} {run['metric']}")
            columns["score"].append(run[benchmark])
    write_score_table(table, columns)
    figures = []
    for row in _rows(folder / "syndl_trec_dl_2019_2022" / "published_vs_recomputed.csv"):
        metric = f"{row['year']} ndcg@{row['cutoff']}"
        found = ask([table], real="human_qrels", metric=metric)
        of = found["fidelity"]["syndl_qrels"]
        expected, place = row["kendall_published"].ljust(6, "0"), "SynDL repository (78a3ffe), printed in its figures"
        figures.append(
            Figure(
                data="SynDL",
                what=f"Kendall, {metric}",
                expected=expected,
                ours=of["kendall_tau"]["value"],
                source=place,
            )
        )
        level = float(row["mean_syndl"]) - float(row["mean_human"])
        for what, key, number, digits in (
            ("Spearman", "srcc", row["spearman"], 5),
            ("MSPD", "mspd", row["mspd"], 5),
            ("gap", "gap", level, 4),
        ):
            figures.append(_recomputed("SynDL", f"{what}, {metric}", float(number), digits, of[key]["value"]))
        if row["year"] == "2019":
            figures += _best_runs(found, int(row["cutoff"]))
    return figures


def _best_runs(found: Report, cutoff: int) -> list[Figure]:
    place = "SynDL repository (49550e2), 03-results-numbers.ipynb"
    return [
        Figure(
            data="SynDL",
            what=f"2019 ndcg@{cutoff} of {run}, {benchmark}",
            expected=printed[side][(5, 10, 100).index(cutoff)],
            ours=found["scores"][benchmark][run]["value"],
            source=place,
        )
        for run, printed in SYNDL_BEST.items()
        for side, benchmark in enumerate(("human_qrels", "syndl_qrels"))
    ]


GPT4_DROPS = {
    "numerical substitution": "3.66",
    "digit expansion": "3.00",
    "integer-decimal-fraction conversion": "4.55",
    "problem understanding": "-0.65",
    "adding operation": "14.71",
    "distractor insertion": "2.68",
    "reversing operation": "10.24",
    "critical thinking": "27.64",
}
"""Kind of variation -> GPT-4's performance drop rate, results/decay_rate_models.json of the repository."""

GSM_NOTES = {
    "CodeLlama-34B": "the source repeats the GSM-Plus score of CodeLlama-13B for this model",
    "MetaMath-70B": "the authors' own two accuracies give 27.69",
}


def gsm_plus(folder: Path, work: Path, ask: Ask) -> list[Figure]:
    """26 models on GSM8K and on GSM-Plus, eight variations of each item (Li et al., ACL 2024)."""
    del work
    table = folder / "gsm8k_vs_gsmplus_scores" / "scores.csv"
    found = ask([table], real="gsm8k", synthetic=["gsmplus", *GPT4_DROPS], percent=True)
    place = "GSM-Plus repository (3474129), results/model_performance_all.json"
    figures = [
        Figure(
            data="GSM-Plus",
            what=f"drop rate in %, {row['model']}",
            expected=f"{float(row['pdr']):.2f}",
            ours=_drop(found, "gsm8k", "gsmplus", row["model"]),
            source=place,
            note=GSM_NOTES.get(row["model"], ""),
        )
        for row in _rows(table)
    ]
    place = "GSM-Plus repository (c4c8e3e), results/decay_rate_models.json"
    figures += [
        Figure(
            data="GSM-Plus",
            what=f"drop rate in %, GPT-4, {kind}",
            expected=expected,
            ours=_drop(found, "gsm8k", kind, "GPT-4"),
            source=place,
        )
        for kind, expected in GPT4_DROPS.items()
    ]
    expected = {"srcc": 0.9826, "kendall_tau": 0.9167, "mspd": 0.039174, "gap": 0.42 - 0.6096}
    return figures + _pair("GSM-Plus", "gsm8k against gsmplus", expected, found["fidelity"]["gsmplus"])


def _drop(found: Report, real: str, synthetic: str, model: str) -> float:
    """Return how much of its real score a solver loses, in %."""
    scores = found["scores"]
    return float(100 * (1 - scores[synthetic][model]["value"] / scores[real][model]["value"]))


EVALPLUS = {
    ("humaneval", "humaneval+"): {"srcc": 0.9973, "kendall_tau": 0.9647, "mspd": 0.002909, "gap": 0.4943 - 0.544},
    ("mbpp", "mbpp+"): {"srcc": 0.9903, "kendall_tau": 0.9318, "mspd": 0.013409, "gap": 0.5721 - 0.6851},
    ("humaneval", "mbpp"): {"srcc": 0.9361, "kendall_tau": 0.7886, "mspd": 0.015253, "gap": 0.6851 - 0.6083},
}


def evalplus(folder: Path, work: Path, ask: Ask) -> list[Figure]:
    """125 models on HumanEval and MBPP, and on both with machine-written tests added (Liu et al., NeurIPS 2023)."""
    del work
    table = folder / "evalplus" / "pass_at_1.csv"
    figures = []
    for (real, synthetic), expected in EVALPLUS.items():
        found = ask([table], real=real, synthetic=[synthetic], percent=True)
        figures += _pair("EvalPlus", f"{real} against {synthetic}", expected, found["fidelity"][synthetic])
    return figures


def mmlu_redux(folder: Path, work: Path, ask: Ask) -> list[Figure]:
    """14 models on 5,700 MMLU items, and on those of them that are free of errors (Gema et al. 2024)."""
    from pyarrow import parquet

    here = folder / "mmlu_redux_helm"
    with gzip.open(here / "items.jsonl.gz", "rt", encoding="utf-8") as lines:
        items = {item["item"]: item for item in map(json.loads, lines)}
    answers = parquet.read_table(here / "predictions.parquet")
    ids = answers["item"].to_pylist()
    columns: dict[str, list[Any]] = {name: [] for name in ("benchmark", "model", "item", "score")}
    for model in answers.column_names[1:]:
        right = [float(a == items[i]["answer"]) for i, a in zip(ids, answers[model].to_pylist(), strict=True)]
        for benchmark in ("mmlu", "redux"):
            kept = [(i, r) for i, r in zip(ids, right, strict=True) if benchmark == "mmlu" or _is_ok(items[i])]
            columns["benchmark"] += [benchmark] * len(kept)
            columns["model"] += [model] * len(kept)
            columns["item"] += [i for i, _ in kept]
            columns["score"] += [r for _, r in kept]
    table = work / "mmlu.parquet"
    write_score_table(table, columns)
    found = ask([table], real="mmlu")
    ok, every = found["items"]["redux"], found["items"]["mmlu"]
    share, place = 100 * (1 - ok / every), "arXiv 2406.04127 (v2 and later), abstract"
    figures = [
        Figure(data="MMLU-Redux", what="items with an error, %", expected="6.49", ours=share, source=place),
        _recomputed("MMLU-Redux", "Spearman", 0.996, 3, found["fidelity"]["redux"]["srcc"]["value"]),
    ]
    for row in _rows(here / "accuracy.csv"):
        for column, benchmark in (("acc_all", "mmlu"), ("acc_ok", "redux")):
            ours = 100 * found["scores"][benchmark][row["model"]]["value"]
            what = f"accuracy in % on {benchmark}, {row['model']}"
            figures.append(_recomputed("MMLU-Redux", what, float(row[column]), 2, ours))
    return figures


def _is_ok(item: Mapping[str, Any]) -> bool:
    return bool(item["error_type"] == "ok")


SQUAD = {
    "nyt_f1": {"srcc": 0.9854, "kendall_tau": 0.9213, "mspd": 0.000683, "gap": 0.8127 - 0.8337},
    "reddit_f1": {"srcc": 0.9843, "kendall_tau": 0.8994, "mspd": 0.016323, "gap": 0.7108 - 0.8337},
    "amazon_f1": {"srcc": 0.9846, "kendall_tau": 0.9007, "mspd": 0.025583, "gap": 0.681 - 0.8337},
}


def squad_shifts(folder: Path, work: Path, ask: Ask) -> list[Figure]:
    """96 models on a replication of SQuAD's test set and on three shifted ones (Miller et al., ICML 2020)."""
    rows = _rows(folder / "squadshifts_scores" / "scores.csv")
    names = ["new-wiki_f1", *SQUAD]
    complete = [row for row in rows if all(row[name] for name in names)]
    table = work / "squad.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["model", *names], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(complete)
    found = ask([table], real="new-wiki_f1", percent=True)
    figures = _squad_drops(ask([folder / "squadshifts_scores" / "scores.csv"], real="nyt_f1", percent=True))
    for synthetic, expected in SQUAD.items():
        figures += _pair("SQuAD shifts", f"new-wiki against {synthetic[:-3]}", expected, found["fidelity"][synthetic])
    return figures


def _squad_drops(found: Report) -> list[Figure]:
    """Return mean drops between shifted sets; those from SQuAD itself, whose scores the table lacks, cannot be had."""
    place = "differences of the mean drops 3.8, 14.0 and 17.4 in the abstract of arXiv 2004.14444"
    note = (
        "it is a difference of two means over the models of that paper; the table is a later state of the leaderboard"
    )
    return [
        Figure(
            data="SQuAD shifts",
            what=f"mean drop in F1 points from nyt to {name}",
            expected=expected,
            ours=-100 * found["fidelity"][f"{name}_f1"]["gap"]["value"],
            source=place,
            note=note,
        )
        for name, expected in (("reddit", "10.2"), ("amazon", "13.6"))
    ]


IMAGENET_PAIRS = {
    "resnet50": ("76.13", "63.3"),
    "resnet152": ("78.31", "67.0"),
    "alexnet": ("56.52", "44.0"),
    "vgg16": ("71.59", "58.8"),
}
"""Model -> top-1 % on the validation set, and on ImageNetV2 (matched frequency), as printed by Recht et al."""


def imagenet(folder: Path, work: Path, ask: Ask) -> list[Figure]:
    """335 models on ImageNet and on its replication, ImageNetV2 (Recht et al., ICML 2019; Taori et al., 2020)."""
    del work
    table = folder / "imagenet_testbed" / "top1_by_model_and_testset.csv.gz"
    remake = "imagenetv2-matched-frequency"
    found = ask([table], real="val", synthetic=[remake], percent=True)
    figures = [
        Figure(
            data="ImageNet",
            what=f"top-1 in % on {benchmark}, {model}",
            expected=expected,
            ours=100 * found["scores"][benchmark][model]["value"],
            source="Recht et al. 2019, arXiv 1902.10811",
        )
        for model, printed in IMAGENET_PAIRS.items()
        for benchmark, expected in zip(("val", remake), printed, strict=True)
    ]
    expected = {"srcc": 0.9988, "kendall_tau": 0.9774, "mspd": 0.009712, "gap": 0.4492 - 0.5388}
    return figures + _pair("ImageNet", f"val against {remake}", expected, found["fidelity"][remake])


ZERO_EVAL_NOTES = {
    "yi-large-preview": "a difference of 3 answers of 1,319: the table scored the responses again, by the same rule",
    "yi-large": "a difference of 1 answer of 1,319: the table scored the responses again, by the same rule",
}


def zero_eval(folder: Path, work: Path, ask: Ask) -> list[Figure]:
    """Item by item: up to 51 models on GSM8K, MATH level 5 and CRUXEval-O."""
    del work
    here, tasks = folder / "zeroeval_responses", ("gsm", "math-l5", "crux")
    tables = [here / f"{task}_correct.parquet" for task in tasks]
    found = ask(tables, real="gsm", benchmark=tasks)
    return [
        Figure(
            data="ZeroEval",
            what=f"accuracy in % on {row['task']}, {row['model']}",
            expected=f"{float(row['accuracy_published']):.2f}",
            ours=100 * found["scores"][row["task"]][row["model"]]["value"],
            source="ZeroEval repository (8c1485e), result_dirs/*.summary.md",
            note=ZERO_EVAL_NOTES.get(row["model"], ""),
        )
        for row in _rows(here / "accuracy_check.csv")
        if row["accuracy_published"]
    ]


MTEB = {"STS12": 0.848, "STS13": 0.904, "STS14": 0.926, "STS15": 0.934, "STS16": 0.908, "SICK-R": 0.901}


def mteb(folder: Path, work: Path, ask: Ask) -> list[Figure]:
    """Embedding models on STSBenchmark and on other sets of sentence similarity (CC0 results of MTEB)."""
    del work
    found = ask([folder / "mteb_scores" / "scores_wide.parquet"], real="STSBenchmark", synthetic=list(MTEB))
    return [
        _recomputed(
            "MTEB", f"Spearman, STSBenchmark against {name}", expected, 3, found["fidelity"][name]["srcc"]["value"]
        )
        for name, expected in MTEB.items()
    ]


STUDIES: dict[str, Callable[[Path, Path, Ask], list[Figure]]] = {
    "politics": politics,
    "SynDL": syndl,
    "GSM-Plus": gsm_plus,
    "EvalPlus": evalplus,
    "MMLU-Redux": mmlu_redux,
    "SQuAD shifts": squad_shifts,
    "ImageNet": imagenet,
    "ZeroEval": zero_eval,
    "MTEB": mteb,
}


def _recomputed(data: str, what: str, expected: float, digits: int, ours: float) -> Figure:
    return Figure(
        data=data,
        what=what,
        expected=f"{expected:.{digits}f}",
        ours=ours,
        source="recomputed by others from the same scores",
        published=False,
    )


def _pair(data: str, pair: str, expected: Mapping[str, float], of: Report) -> list[Figure]:
    words = {"srcc": ("Spearman", 4), "kendall_tau": ("Kendall", 4), "mspd": ("MSPD", 6), "gap": ("gap", 3)}
    return [
        _recomputed(data, f"{words[key][0]}, {pair}", number, words[key][1], of[key]["value"])
        for key, number in expected.items()
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ABOUT = """\
`make reproductions` writes this page. Every figure of ours comes out of `acidtest audit ... --json -`, from the scores
that the published figure was computed from. A figure matches where ours, rounded to the digits that were printed, is
the printed one."""

ABOUT_RECOMPUTED = """\
Nobody published these numbers. They were computed from the same scores with SciPy when the tables were collected, and
stand in the tables' descriptions: a second implementation, not a second source."""


def page(figures: Sequence[Figure]) -> str:
    """Return docs/reproductions.md."""
    published = [f for f in figures if f.published]
    recomputed = [f for f in figures if not f.published]
    parts = [
        "# Published figures, recomputed",
        ABOUT,
        f"**{_count(published)} published figures match, and {_count(recomputed)} that were only recomputed.**",
        "## What does not match, and why",
        _mismatches(figures),
        "## Published figures",
        *(_section(name, [f for f in published if f.data == name]) for name in STUDIES),
        "## Recomputed independently",
        ABOUT_RECOMPUTED,
        *(_section(name, [f for f in recomputed if f.data == name]) for name in STUDIES),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _count(figures: Sequence[Figure]) -> str:
    return f"{sum(f.matches for f in figures)} of {len(figures)}"


def _mismatches(figures: Sequence[Figure]) -> str:
    lines = []
    for f in figures:
        if not f.matches:
            why = f.note or "not explained"
            ours = f"{f.ours:.{f.digits + 1}f}"
            lines.append(f"- {f.data}, {f.what}: {f.expected} printed, {ours} here. {why[:1].upper()}{why[1:]}.")
    return "\n".join(lines)


def _section(name: str, figures: Sequence[Figure]) -> str:
    if not figures:
        return ""
    head = ["figure", "expected", "ours", "difference", "matches", "source"]
    lines = [head, ["---"] * len(head)]
    for f in figures:
        ours, difference = f"{f.ours:.{f.digits + 2}f}", f"{f.difference:+z.{f.digits + 2}f}"
        lines.append([f.what, f.expected, ours, difference, "yes" if f.matches else "**no**", f.source])
    about = (STUDIES[name].__doc__ or "").strip()
    rows = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
    return f"### {name}\n\n{about} {_count(figures)} match.\n\n{rows}"


def main() -> None:
    """Ask for every figure and write the page."""
    if "ACIDTEST_DATA" not in os.environ:
        sys.exit("set ACIDTEST_DATA to the folder that holds the tables of scores")
    folder = Path(os.environ["ACIDTEST_DATA"])
    with tempfile.TemporaryDirectory() as work:
        figures = [figure for study in STUDIES.values() for figure in study(folder, Path(work), by_command)]
    write_atomically(Path(sys.argv[1]), page(figures).encode())
    for kind, here in (("published", True), ("recomputed", False)):
        print(f"{kind}: {_count([f for f in figures if f.published is here])} match")


if __name__ == "__main__":
    main()
