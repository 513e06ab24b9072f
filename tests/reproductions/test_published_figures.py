"""Published figures, recomputed from the scores that they were computed from; docs/reproductions.md shows them all."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def bench_module() -> ModuleType:
    """`make reproductions` itself: tests and page ask the same questions."""
    spec = importlib.util.spec_from_file_location("reproductions", ROOT / "bench" / "reproductions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


reproductions = bench_module()
Figures = dict[str, Any]


@pytest.fixture(scope="module")
def figures(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Figures]:
    """Table -> name of the figure -> figure."""
    work = tmp_path_factory.mktemp("reproductions")
    found = {name: study(real_data, work, reproductions.by_library) for name, study in reproductions.STUDIES.items()}
    named = {name: {figure.what: figure for figure in of} for name, of in found.items()}
    assert {name: len(of) for name, of in named.items()} == {name: len(of) for name, of in found.items()}
    return named


# Table -> how many figures of others it has: published, only recomputed.
NUMBER = {
    "politics": (14, 27),
    "SynDL": (12 + 30, 36),
    "GSM-Plus": (26 + 8, 4),
    "EvalPlus": (0, 12),
    "MMLU-Redux": (1, 1 + 28),
    "SQuAD shifts": (2, 12),
    "ImageNet": (8, 4),
    "ZeroEval": (129, 0),
    "MTEB": (0, 6),
}

# The figures that acidtest does not reproduce, each with the reason that the page gives.
KNOWN_DIFFERENCES = {
    ("GSM-Plus", "drop rate in %, CodeLlama-34B"): "repeats the GSM-Plus score of CodeLlama-13B",
    ("GSM-Plus", "drop rate in %, MetaMath-70B"): "own two accuracies give 27.69",
    ("SQuAD shifts", "mean drop in F1 points from nyt to amazon"): "a later state of the leaderboard",
    ("ZeroEval", "accuracy in % on gsm, yi-large-preview"): "3 answers of 1,319",
    ("ZeroEval", "accuracy in % on gsm, yi-large"): "1 answer of 1,319",
}


@pytest.mark.parametrize("name", NUMBER)
def test_every_figure_is_reproduced_or_its_difference_is_known(figures: dict[str, Figures], name: str) -> None:
    of = figures[name].values()
    assert (sum(f.published for f in of), sum(not f.published for f in of)) == NUMBER[name]
    differs = {(name, f.what) for f in of if not f.matches}
    assert differs == {known for known in KNOWN_DIFFERENCES if known[0] == name}
    for _, what in differs:
        assert KNOWN_DIFFERENCES[name, what] in figures[name][what].note


def test_no_table_is_forgotten() -> None:
    assert set(NUMBER) == set(reproductions.STUDIES)


# Printed figures, copied by hand from where they are printed, so that a change of the tables is noticed:
# arXiv 2409.11968 (notebook of its repository), arXiv 2408.16312 (figures), GSM-Plus (paper's table of models),
# arXiv 2406.04127 (abstract), arXiv 1902.10811, ZeroEval (summary of GSM8K), arXiv 2004.14444 (abstract).
PRINTED = {
    ("politics", "Spearman, gpt4o"): "0.83",
    ("politics", "Spearman, gpt4omini"): "0.66",
    ("politics", "Spearman, mixtral8x22B"): "1.00",
    ("politics", "Spearman, mixtral8x7B"): "0.94",
    ("politics", "Spearman, llama3_70B"): "0.94",
    ("politics", "Spearman, llama3_8B"): "0.60",
    ("politics", "Spearman, average_results"): "0.94",
    ("politics", "Pearson, gpt4o"): "0.97",
    ("politics", "Pearson, gpt4omini"): "0.96",
    ("politics", "Pearson, mixtral8x22B"): "0.99",
    ("politics", "Pearson, mixtral8x7B"): "0.99",
    ("politics", "Pearson, llama3_70B"): "0.98",
    ("politics", "Pearson, llama3_8B"): "0.95",
    ("politics", "Pearson, average_results"): "0.98",
    ("SynDL", "Kendall, 2019 ndcg@5"): "0.8190",
    ("SynDL", "Kendall, 2019 ndcg@10"): "0.8571",
    ("SynDL", "Kendall, 2019 ndcg@100"): "0.8286",
    ("SynDL", "Kendall, 2020 ndcg@5"): "0.8364",
    ("SynDL", "Kendall, 2020 ndcg@10"): "0.8527",
    ("SynDL", "Kendall, 2020 ndcg@100"): "0.8749",
    ("SynDL", "Kendall, 2021 ndcg@5"): "0.8766",
    ("SynDL", "Kendall, 2021 ndcg@10"): "0.8964",
    ("SynDL", "Kendall, 2021 ndcg@100"): "0.8658",
    ("SynDL", "Kendall, 2022 ndcg@5"): "0.8792",
    ("SynDL", "Kendall, 2022 ndcg@10"): "0.8710",
    ("SynDL", "Kendall, 2022 ndcg@100"): "0.8566",
    ("GSM-Plus", "drop rate in %, GPT-4"): "8.23",
    ("GSM-Plus", "drop rate in %, GPT-3.5-Turbo"): "16.88",
    ("GSM-Plus", "drop rate in %, LLaMA-2-7B"): "39.49",
    ("MMLU-Redux", "items with an error, %"): "6.49",
    ("ImageNet", "top-1 in % on imagenetv2-matched-frequency, resnet50"): "63.3",
    ("ImageNet", "top-1 in % on imagenetv2-matched-frequency, alexnet"): "44.0",
    ("ZeroEval", "accuracy in % on gsm, Athene-70B"): "86.66",
    ("SQuAD shifts", "mean drop in F1 points from nyt to reddit"): "10.2",
}


@pytest.mark.parametrize(("name", "what"), PRINTED)
def test_figures_as_they_are_printed(figures: dict[str, Figures], name: str, what: str) -> None:
    figure = figures[name][what]
    assert figure.expected == PRINTED[name, what]
    assert f"{figure.ours:.{figure.digits}f}" == PRINTED[name, what]


def test_a_figure_that_differs_in_its_last_digit_does_not_match() -> None:
    def matches(expected: str, ours: float) -> bool:
        figure = reproductions.Figure(data="", what="", expected=expected, ours=ours, source="")
        return bool(figure.matches)

    assert matches("0.83", 0.8286)
    assert matches("0.83", 0.825)  # halves may be rounded either way
    assert matches("0.82", 0.825)
    assert not matches("0.83", 0.8249)
    assert not matches("8.230", 8.2311)
    assert not matches("1.00", float("nan"))


@pytest.mark.parametrize("name", NUMBER)
def test_the_command_says_what_the_functions_say(real_data: Path, tmp_path: Path, name: str) -> None:
    """The first question about every table, asked in both ways: the same JSON."""
    asked: list[tuple[dict[str, Any], dict[str, Any]]] = []

    class Asked(Exception):  # noqa: N818 - it ends the study once the first question is answered
        pass

    def ask_both(paths: list[Path], **how: Any) -> dict[str, Any]:
        asked.append((reproductions.by_library(paths, **how), reproductions.by_command(paths, **how)))
        raise Asked

    with pytest.raises(Asked):
        reproductions.STUDIES[name](real_data, tmp_path, ask_both)
    by_library, by_command = asked[0]
    assert by_library["scores"][by_library["real"]]
    assert by_command == by_library


def test_the_page_is_of_these_figures(figures: dict[str, Figures]) -> None:
    every = [figure for of in figures.values() for figure in of.values()]
    page = (ROOT / "docs" / "reproductions.md").read_text("utf-8")
    assert page == reproductions.page(every), "run `make reproductions`"
    published = [f for f in every if f.published]
    assert f"{sum(f.matches for f in published)} of {len(published)} published figures match" in page
    for (name, what), reason in KNOWN_DIFFERENCES.items():
        line = next(line for line in page.splitlines() if line.startswith(f"- {name}, {what}:"))
        assert reason in line
    assert not json.dumps(page).count("Not explained")
