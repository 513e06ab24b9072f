"""A study from its file to its report, killed and resumed, changed, and with models that fail."""

from pathlib import Path

import orjson
import pytest

from acidtest.data.prompt_file import load_prompt
from mock_study import STUDY, acidtest, content, kill_when, requests_since_last, write_study

CONNECTIONS = 3 * 4  # of all solvers, which answer side by side


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, mock_url: str) -> Path:
    """A run that nobody touched."""
    folder = tmp_path_factory.mktemp("undisturbed")
    study = write_study(folder, mock_url)
    done = acidtest("run", study, "-o", folder / "run", cache=folder / "cache")
    assert done.returncode == 0, done.stderr
    return folder / "run"


def test_a_study_runs_end_to_end(undisturbed: Path) -> None:
    assert (undisturbed / "report.html").read_text("utf-8").startswith("<!doctype html>")
    fidelity = orjson.loads((undisturbed / "fidelity.json").read_bytes())
    assert fidelity["real"] == "real"
    assert set(fidelity["models"]) == {"good", "fair", "poor", "classic:majority", "classic:tfidf_logreg"}
    assert set(fidelity["verdict"]["writer.few_shot"]) == {"score", "rank", "choose"}
    # 'no idea' is no label: every answer is a scored failure, and says so.
    assert fidelity["failure_rate"]["real"]["poor"] == 1.0
    assert fidelity["scores"]["real"]["poor"]["value"] == 0.0
    assert fidelity["failure_rate"]["real"]["good"] == 0.0
    assert len((undisturbed / "synthetic" / "writer.few_shot.jsonl").read_bytes().splitlines()) == 24
    prompts = orjson.loads((undisturbed / "run.json").read_bytes())["prompts"]
    names = {"solvers": "intent", "writer.few_shot": "few_shot_intent"}
    assert prompts == {who: load_prompt(name).reference for who, name in names.items()}


def test_a_second_call_sends_nothing(undisturbed: Path, mock_url: str) -> None:
    before = content(undisturbed)
    requests_since_last(mock_url)
    done = acidtest("run", undisturbed, cache=undisturbed.parent / "cache")
    assert done.returncode == 0, done.stderr
    assert requests_since_last(mock_url) == (0, 0)
    assert content(undisturbed) == before


@pytest.mark.parametrize(
    ("seen", "size"),
    [
        ("synthetic/writer.few_shot.calls.jsonl", 1500),
        ("responses/real/good.jsonl", 800),
        ("responses/writer.few_shot/fair.jsonl", 1),
        ("scores.parquet", 1),
        ("fidelity.json", 1),
    ],
)
def test_killed_and_started_again(  # fixtures and two parameters
    tmp_path: Path, mock_url: str, undisturbed: Path, seen: str, size: int
) -> None:
    study, run, cache = write_study(tmp_path, mock_url), tmp_path / "run", tmp_path / "cache"
    requests_since_last(mock_url)
    kill_when(run / seen, "run", study, "-o", run, cache=cache, size=size)
    done = acidtest("run", study, "-o", run, cache=cache)
    assert done.returncode == 0, done.stderr
    sent, distinct = requests_since_last(mock_url)
    assert sent - distinct <= CONNECTIONS  # only calls in flight at the kill may be sent again
    assert content(run) == content(undisturbed)


def test_a_changed_study_redoes_what_it_touches(tmp_path: Path, mock_url: str) -> None:
    study, run, cache = write_study(tmp_path, mock_url), tmp_path / "run", tmp_path / "cache"
    assert acidtest("run", study, "-o", run, cache=cache).returncode == 0
    write_study(tmp_path, mock_url, STUDY.replace("items: 24", "items: 12"))
    requests_since_last(mock_url)
    done = acidtest("run", study, "-o", run, cache=cache)
    assert done.returncode == 0
    said = done.stderr.split("Done anew: ")[1].splitlines()[0].rstrip(".").split(", ")
    answered = "all answers to writer.few_shot"
    assert said == ["synthetic/writer.few_shot", answered, "scores", "fidelity", "report"]
    assert "answers real" not in done.stderr
    assert len((run / "synthetic" / "writer.few_shot.jsonl").read_bytes().splitlines()) == 12


def test_a_changed_solver_redoes_its_own_answers(tmp_path: Path, mock_url: str) -> None:
    study, run, cache = write_study(tmp_path, mock_url), tmp_path / "run", tmp_path / "cache"
    assert acidtest("run", study, "-o", run, cache=cache).returncode == 0
    write_study(tmp_path, mock_url, STUDY.replace("solvers: [good,", "solvers: [{{model: good, shots: 0}},"))
    done = acidtest("run", study, "-o", run, cache=cache)
    assert done.returncode == 0
    said = done.stderr.split("Done anew: ")[1].splitlines()[0].rstrip(".").split(", ")
    answered = ["responses/real/good", "responses/writer.few_shot/good"]
    assert said == [*answered, "scores", "fidelity", "report"]


def test_each_stage_tells_as_json_what_it_did(tmp_path: Path, mock_url: str) -> None:
    """And `compare --models-vary` asks about other solvers than these."""
    study = write_study(tmp_path, mock_url)
    run, cache = tmp_path / "run", tmp_path / "cache"
    wrote = acidtest("generate", study, "-o", run, "--json", "-", cache=cache)
    assert wrote.returncode == 0, wrote.stderr
    told = orjson.loads(wrote.stdout)
    assert told["wrote"] == str(run / "synthetic")
    assert told["failed"] == {}
    assert {key: unit["status"] for key, unit in told["units"].items()} == {"synthetic/writer.few_shot": "done"}
    answered = acidtest("evaluate", study, "-o", run, "--json", tmp_path / "e.json", cache=cache)
    assert f"Wrote {run / 'scores.parquet'}" in answered.stdout
    told = orjson.loads((tmp_path / "e.json").read_bytes())
    assert told["wrote"] == str(run / "scores.parquet")
    assert len(told["units"]) == 2 * 5 + 1
    assert {unit["status"] for unit in told["units"].values()} == {"done"}
    fixed, vary = (
        orjson.loads(acidtest("compare", study, "-o", run, "--json", "-", *more, cache=cache).stdout)
        for more in ((), ("--models-vary",))
    )
    assert "other solvers like these" not in fixed["fidelity"]["writer.few_shot"]["pearson"]["method"]
    assert "other solvers like these" in vary["fidelity"]["writer.few_shot"]["pearson"]["method"]


DEAD = '  poor: {{use: "openai:x", base_url: "http://127.0.0.1:9/v1", retries: 0, connections: 4}}\n'
WITHOUT_POOR = "".join(DEAD if line.startswith("  poor:") else line + "\n" for line in STUDY.splitlines())


def test_a_stage_that_fails_says_so_in_json_and_exits_with_2(tmp_path: Path, mock_url: str) -> None:
    study, run = write_study(tmp_path, mock_url, WITHOUT_POOR), tmp_path / "run"
    assert acidtest("generate", study, "-o", run, cache=tmp_path / "cache").returncode == 0
    done = acidtest("evaluate", study, "-o", run, "--json", "-", cache=tmp_path / "cache")
    assert done.returncode == 2
    told = orjson.loads(done.stdout)
    assert set(told["failed"]) == {"responses/real/poor", "responses/writer.few_shot/poor"}
    assert told["units"]["responses/real/poor"]["status"] == "failed"
    assert told["units"]["responses/real/good"]["status"] == "done"


def test_a_failing_solver_is_named_and_the_others_go_on(tmp_path: Path, mock_url: str) -> None:
    study = write_study(tmp_path, mock_url, WITHOUT_POOR)
    done = acidtest("run", study, "-o", tmp_path / "run", cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert "responses/real/poor, responses/writer.few_shot/poor failed:" in done.stderr
    fidelity = orjson.loads((tmp_path / "run" / "fidelity.json").read_bytes())
    assert "poor" not in fidelity["models"]
    assert "poor" in (tmp_path / "run" / "report.html").read_text("utf-8")


def test_without_a_generator_nothing_can_go_on(tmp_path: Path, mock_url: str) -> None:
    text = STUDY.replace(
        '"openai:words:7", base_url: "{url}/v1"', '"openai:x", base_url: "http://127.0.0.1:9/v1", retries: 0'
    )
    assert text != STUDY
    done = acidtest("run", write_study(tmp_path, mock_url, text), "-o", tmp_path / "run", cache=tmp_path / "cache")
    assert done.returncode == 2
    assert "no synthetic benchmark has items" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dry_run_sends_nothing(tmp_path: Path, mock_url: str) -> None:
    study = write_study(tmp_path, mock_url)
    requests_since_last(mock_url)
    done = acidtest("run", study, "--dry-run", "--json", "-", cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    rows = orjson.loads(done.stdout)
    # 24 items to write; 36 real and 24 synthetic items for each of three language models
    assert [row["calls"] for row in rows] == [24, 60, 60, 60]
    assert requests_since_last(mock_url) == (0, 0)
    assert not (tmp_path / "runs").exists()


def test_a_cap_on_calls_stops_before_it_is_crossed(tmp_path: Path, mock_url: str) -> None:
    study, run, cache = (
        write_study(tmp_path, mock_url, STUDY + "limits: {{max_calls: 40}}\n"),
        tmp_path / "run",
        tmp_path / "c",
    )
    requests_since_last(mock_url)
    done = acidtest("run", study, "-o", run, cache=cache)
    assert done.returncode == 2
    assert "more than the 40 that are allowed" in done.stderr
    assert requests_since_last(mock_url)[0] <= 40
    assert acidtest("run", study, "-o", run, cache=cache).returncode == 2
    assert requests_since_last(mock_url) == (0, 0)


@pytest.mark.parametrize(("table", "code"), [(None, 2), ('{{"openai:words:7": {{"in": 1, "out": 1}}}}', 0)])
def test_a_cap_on_money_needs_prices(tmp_path: Path, mock_url: str, table: str | None, code: int) -> None:
    text = STUDY.replace("solvers: [good, fair, poor, ", "solvers: [") + "limits: {{max_cost: 1.0}}\n"
    if table is not None:
        (tmp_path / "mine.json").write_text(table.format())
        text += "prices: mine.json\n"
    requests_since_last(mock_url)
    done = acidtest("run", write_study(tmp_path, mock_url, text), "-o", tmp_path / "run", cache=tmp_path / "cache")
    assert done.returncode == code, done.stderr
    if table is None:
        assert "the price of 'writer' is not known" in done.stderr
        assert requests_since_last(mock_url) == (0, 0)
