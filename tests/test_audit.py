"""`acidtest audit` as a user runs it: published figures, every option, exit codes, and what goes wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acidtest.data.scores.write import write_score_table
from simulated import study

ROOT = Path(__file__).resolve().parents[1]
POLITICS = ROOT / "examples" / "published" / "politics_ner.csv"
PUBLISHED_SRCC = {
    "gpt4o": 0.83,
    "gpt4omini": 0.66,
    "mixtral8x22B": 1.0,
    "mixtral8x7B": 0.94,
    "llama3_70B": 0.94,
    "llama3_8B": 0.60,
}
"""As printed by the authors' notebook (its saved output, cell 19)."""
PUBLISHED_PEARSON = {
    "gpt4o": 0.97,
    "gpt4omini": 0.96,
    "mixtral8x22B": 0.99,
    "mixtral8x7B": 0.99,
    "llama3_70B": 0.98,
    "llama3_8B": 0.95,
}
BIAS = {
    "gpt-4o": 0.061948,
    "gpt-4o-mini": -0.055193,
    "mistralai/Mixtral-8x22B-Instruct-v0.1": 0.001877,
    "mistralai/Mixtral-8x7B-Instruct-v0.1": 0.040159,
    "meta-llama/Meta-Llama-3-70B-Instruct": -0.022514,
    "meta-llama/Meta-Llama-3-8B-Instruct": -0.023345,
}
"""Recomputed from the published scores by the paper's formula, six decimals."""


def run(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "120"}
    command = [sys.executable, "-c", "from acidtest.cli.main import main; main()", "audit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)


def audit(*arguments: str | Path) -> dict[str, Any]:
    done = run(*arguments, "--json", "-")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def politics() -> dict[str, Any]:
    return audit(POLITICS, "--real", "original")


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve solvers on 300 items each of a real set, a good stand-in and a shifted one."""
    ability = np.random.default_rng(0).normal(0, 1, 12)
    scores = study({"real": ability, "good": ability, "shifted": ability + 1.5}, 300)
    path = tmp_path_factory.mktemp("audit") / "items.parquet"
    columns: dict[str, list[object]] = {name: [] for name in ("benchmark", "model", "item", "score")}
    for one in (scores.real, *scores.synthetic):
        assert one.stats is not None
        for m, model in enumerate(one.models):
            columns["benchmark"] += [one.name] * len(one.items)
            columns["model"] += [model] * len(one.items)
            columns["item"] += one.items
            columns["score"] += one.stats[m, :, 0].tolist()
    write_score_table(path, columns)
    return path


def test_rank_correlations_are_the_published_ones(politics: dict[str, Any]) -> None:
    assert politics["schema"] == 1
    assert politics["real"] == "original"
    assert politics["models"][0] == "gpt-4o-mini"  # .743 on the real set
    for name, value in PUBLISHED_SRCC.items():
        assert round(politics["fidelity"][name]["srcc"]["value"], 2) == value, name
        assert round(politics["fidelity"][name]["pearson"]["value"], 2) == PUBLISHED_PEARSON[name], name


def test_bias_factors_are_the_published_ones(politics: dict[str, Any]) -> None:
    assert set(politics["bias_factor"]) == set(BIAS)
    for model, value in BIAS.items():
        assert round(politics["bias_factor"][model]["value"], 6) == value, model
        assert politics["bias_factor"][model]["low"] is None
        assert any("no items" in text for text in politics["bias_factor"][model]["warnings"])


def test_published_figures_equal_the_source(politics: dict[str, Any], real_data: Path) -> None:
    source = json.loads((real_data / "sg4nlp_crossner_politics_enttype_k5" / "scores.json").read_text())
    assert source["bias_factor_recomputed"] == BIAS
    assert {n: x for n, x in source["published_spearman"].items() if n != "average_results"} == PUBLISHED_SRCC
    for name, figures in source["recomputed"].items():
        if name != "average_results":
            assert round(politics["fidelity"][name]["mspd"]["value"], 6) == figures["mspd"]
    average = source["recomputed"]["average_results"]
    assert round(politics["ensemble"]["equal"]["srcc"]["value"], 4) == average["spearman"]
    assert round(politics["ensemble"]["equal"]["mspd"]["value"], 6) == average["mspd"]


def test_generators_named_by_option_give_the_same(politics: dict[str, Any], tmp_path: Path) -> None:
    rows = [line.rsplit(",", 2) for line in POLITICS.read_text().splitlines()]
    bare = tmp_path / "bare.csv"
    bare.write_text("".join(row[0] + "\n" for row in rows))
    options = [f"--generator={b}={m}" for b, m in politics["generators"].items()]
    assert len(options) == 6
    assert audit(bare, "--real", "original", *options)["bias_factor"] == politics["bias_factor"]
    assert audit(bare, "--real", "original")["bias_factor"] == {}


def test_json_to_a_file_and_page_beside_the_terminal(tmp_path: Path, politics: dict[str, Any]) -> None:
    page, file = tmp_path / "r.html", tmp_path / "r.json"
    done = run(POLITICS, "--real", "original", "--json", file, "--html", page)
    assert done.returncode == 0, done.stderr
    assert json.loads(file.read_text()) == politics
    assert "gpt4o" in page.read_text()
    assert "INCONCLUSIVE" in done.stdout
    assert str(page) in done.stdout


def test_seed_and_level_are_used(items: Path) -> None:
    found = [audit(items, "--real", "real", "--seed", seed, "--level", "0.8") for seed in ("0", "0", "1")]
    assert found[0] == found[1]
    assert found[0]["fidelity"]["good"]["pearson"]["low"] != found[2]["fidelity"]["good"]["pearson"]["low"]
    assert found[0]["level"] == 0.8


@pytest.mark.parametrize(
    ("use", "synthetic", "code"), [("score", "shifted", 10), ("choose", "good", 0), ("score", "good", 11)]
)
def test_gate_exits_by_the_verdict(items: Path, use: str, synthetic: str, code: int) -> None:
    done = run(items, "--real", "real", "--synthetic", synthetic, "--gate", use, "--json", "-")
    decision = json.loads(done.stdout)["verdict"][synthetic][use]["decision"]
    assert done.returncode == {"GO": 0, "NO-GO": 10, "INCONCLUSIVE": 11}[decision]
    assert done.returncode == code


def test_percent_and_lower_is_better(tmp_path: Path) -> None:
    table = tmp_path / "loss.csv"
    lines = ["benchmark,model,metric,score"]
    for benchmark, factor in (("real", 100.0), ("fake", 1.0)):
        lines += [f"{benchmark},m{i},error_rate,{factor * (0.1 + 0.1 * i)}" for i in range(6)]
    table.write_text("\n".join(lines) + "\n")
    refused = run(table, "--real", "real")
    assert refused.returncode == 2
    assert "--percent" in refused.stderr
    found = audit(table, "--real", "real", "--percent", "--fraction", "fake", "--lower-is-better", "error_rate")
    assert found["models"][0] == "m0"
    assert found["metric"] == "error_rate"
    assert found["fidelity"]["fake"]["gap"]["value"] == pytest.approx(0, abs=1e-12)


def test_a_judge_is_believed_only_when_named(tmp_path: Path) -> None:
    table = tmp_path / "judged.csv"
    right = np.random.default_rng(0).random((4, 200)) < np.linspace(0.4, 0.8, 4)[:, None]
    lines = ["benchmark,model,item,score"]
    for benchmark, number in (("gold", 60), ("judge", 200)):
        lines += [f"{benchmark},m{m},i{i},{int(right[m, i])}" for m in range(4) for i in range(number)]
    table.write_text("\n".join(lines) + "\n")
    plain, asked = (audit(table, "--real", "gold", *more) for more in ([], ["--judge", "judge"]))
    assert plain["combined"]["judge"]["m0"]["method"].startswith("mean of the posterior")
    assert asked["combined"]["judge"]["m0"]["method"].startswith("prediction-powered mean with 140 more items judged")
    for items in (plain["combined_items"], asked["combined_items"]):
        assert all(one["low"] < one["value"] < one["high"] for one in items["judge"].values())


WRONG: dict[str, tuple[list[str], str]] = {
    "no such file": (["absent.csv", "--real", "original"], "no file 'absent.csv'"),
    "no such benchmark": ([str(POLITICS), "--real", "orignal"], "Did you mean 'original'"),
    "no real named": ([str(POLITICS)], "--real"),
    "a generator without =": ([str(POLITICS), "--real", "original", "--generator", "gpt4o"], "BENCHMARK=MODEL"),
    "two generators": (
        [str(POLITICS), "--real", "original", "--generator", "gpt4o=a", "--generator", "gpt4o=b"],
        "two models",
    ),
    "a judge without items": ([str(POLITICS), "--real", "original", "--judge", "gpt4o"], "has no items"),
    "the real set as judge": ([str(POLITICS), "--real", "original", "--judge", "original"], "real benchmark itself"),
    "no such judge": ([str(POLITICS), "--real", "original", "--judge", "gpt4"], "Did you mean 'gpt4o'"),
    "no such use": ([str(POLITICS), "--real", "original", "--gate", "rnak"], "score, rank, choose"),
    "no such level": ([str(POLITICS), "--real", "original", "--level", "95"], "level is 95"),
    "no such option": ([str(POLITICS), "--real", "original", "--jsn", "-"], "--json"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls_exit_2_with_a_message_and_no_traceback(name: str, tmp_path: Path) -> None:
    arguments, message = WRONG[name]
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wide_table_of_percentages_gives_the_figures_of_its_source(real_data: Path) -> None:
    """26 models on GSM8K and GSM-Plus; the expected figures stand in the data set's own description."""
    table = real_data / "gsm8k_vs_gsmplus_scores" / "scores.csv"
    found = audit(table, "--real", "gsm8k", "--synthetic", "gsmplus", "--percent")["fidelity"]["gsmplus"]
    assert round(found["srcc"]["value"], 4) == 0.9826
    assert round(found["kendall_tau"]["value"], 4) == 0.9167
    assert round(found["mspd"]["value"], 6) == 0.039174
