"""A study with adaptive tests: as many calls as items are wanted, killed and resumed; scores do not pretend."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from acidtest.cli.run import with_adaptive
from acidtest.compare.adaptive_json import AdaptiveFile, read
from acidtest.data.item_bank import read_bank, write_bank
from acidtest.data.item_content import contents_beside
from acidtest.data.read import read_item_records
from acidtest.data.run_folder import RunFolder
from acidtest.data.scores.matrix import read_matrix
from acidtest.data.scores.table import read_scores
from acidtest.errors import AcidtestError, BudgetError, DataError, StudyFileError
from acidtest.study.adaptive import as_answered
from acidtest.study.load import load_study
from acidtest.study.run import answer_benchmarks, compare_stage, started, study_of
from adaptive_study import CALIBRATING, ITEMS, STUDY, Quiet, answer, answered, bank, write_adaptive_study
from mock_study import acidtest, kill_when, requests_since_last

TEN = "adaptive: {{items: 10, round: 3, bank: bank.csv}}\n"
SOLVERS = ("good", "fair", "poor")
SETS = ("real", "made")
RENAMED = STUDY.replace("real: {{path", "real: {{name: other, path").replace("name: made", "name: new")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OPENAI_API_KEY", "mock-key")


def items_file(root: Path, name: str) -> Path:
    return RunFolder(root).real if name == "real" else RunFolder(root).synthetic(name)


def content(root: Path) -> dict[str, bytes]:
    files = [root / "adaptive.json", root / "scores.parquet", root / "adaptive_items.parquet"]
    files += sorted((root / "responses").rglob("*.jsonl"))
    found = {str(path.relative_to(root)): path.read_bytes() for path in files}
    for name, lines in found.items():
        if name.startswith("responses"):
            rows = [orjson.loads(line) for line in lines.splitlines()]
            found[name] = orjson.dumps([{k: v for k, v in row.items() if k != "seconds"} for row in rows])
    return found


def test_ten_of_sixty_are_asked_and_no_more(tmp_path: Path, mock_url: str) -> None:
    study, root = write_adaptive_study(tmp_path, mock_url), tmp_path / "run"
    requests_since_last(mock_url)
    options = ("--adaptive", "10", "--bank", tmp_path / "bank.csv")
    dry = acidtest("run", study, "--dry-run", "--json", "-", *options, cache=tmp_path / "cache")
    assert [row["calls"] for row in orjson.loads(dry.stdout)] == [20, 20, 20]
    done = acidtest("run", study, "-o", root, *options, cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert requests_since_last(mock_url) == (60, 60)
    for benchmark in SETS:
        for solver in SOLVERS:
            assert len(set(answered(root, benchmark, solver))) == 10
        assert len(answered(root, benchmark, "classic.majority")) == ITEMS
    assert "300 calls were not needed" in done.stdout  # (60 - 10) * 3 solvers * 2 sets
    assert "10 of 60" in done.stdout
    page = (root / "report.html").read_text("utf-8")
    assert "3 solvers answered 10 of 60 items" in page
    fidelity = orjson.loads((root / "fidelity.json").read_bytes())
    assert fidelity["scores"]["real"]["good"]["n"] == 10
    assert fidelity["failure_rate"]["real"]["poor"] == 1.0
    # The folder knows what it was asked: nothing is sent again.
    asked, folder, _ = study_of(root)
    with started(asked, folder, root, Quiet()) as run:
        answer_benchmarks(run)
    assert requests_since_last(mock_url) == (0, 0)


def test_the_items_do_not_depend_on_how_many_are_asked_at_once(tmp_path: Path, mock_url: str) -> None:
    one = write_adaptive_study(tmp_path / "one", mock_url, STUDY.replace("connections: 4", "connections: 1"), TEN)
    many = write_adaptive_study(tmp_path / "many", mock_url, STUDY.replace("connections: 4", "connections: 64"), TEN)
    answer(one, tmp_path / "one" / "run")
    answer(many, tmp_path / "many" / "run")
    assert content(tmp_path / "one" / "run") == content(tmp_path / "many" / "run")


@pytest.mark.parametrize(
    ("cache", "seen", "size"), [(False, "responses/real/good.jsonl", 400), (True, "responses/made/fair.jsonl", 1)]
)
def test_killed_and_started_again(tmp_path: Path, mock_url: str, seen: str, size: int, *, cache: bool) -> None:
    more = TEN + ("" if cache else "cache: false\n")
    study = write_adaptive_study(tmp_path / "killed", mock_url, more=more)
    root = tmp_path / "killed" / "run"
    undisturbed = write_adaptive_study(tmp_path / "whole", mock_url, more=more + "cache: false\n" * cache)
    answer(undisturbed, tmp_path / "whole" / "run")
    requests_since_last(mock_url)
    kill_when(root / seen, "evaluate", study, "-o", root, cache=tmp_path / "own", size=size)
    answer(study, root)
    sent, distinct = requests_since_last(mock_url)
    assert distinct == 60
    assert sent - distinct <= 3 * 3  # only a round in flight at the kill, of each solver, may be sent again
    assert content(root) == content(tmp_path / "whole" / "run")


def test_solvers_that_answer_everything_calibrate_the_items(tmp_path: Path, mock_url: str) -> None:
    more = "adaptive: {{items: 12, calibrate: [good, poor]}}\n"
    study, root = write_adaptive_study(tmp_path, mock_url, CALIBRATING, more), tmp_path / "run"
    requests_since_last(mock_url)
    run = answer(study, root)
    assert requests_since_last(mock_url) == (2 * 2 * ITEMS + 2 * 12, 2 * 2 * ITEMS + 2 * 12)
    made = read_bank(root / "bank.jsonl")
    assert (len(made), made.solvers, made.model) == (2 * ITEMS, 8, "2pl")
    assert set(made.benchmarks) == set(SETS)
    found = read(root / "adaptive.json")
    assert {name: (one.asked, one.tested) for name, one in found.benchmarks["real"].solvers.items()} == {
        "fair": (12, True),
        **{name: (ITEMS, False) for name in run.prepared.models if name != "fair"},
    }
    assert found.saved == 2 * (ITEMS - 12)
    assert any("8 solvers: their parameters are rough" in text for text in found.warnings)
    assert any("6 of the 8 solvers" in text for text in found.warnings)
    before = content(root)
    answer(study, root)
    assert requests_since_last(mock_url) == (0, 0)
    assert content(root) == before
    # The bank says what its items said, also for whoever calibrates the run's scores anew: then it fits these items.
    texts = {item.id: item.content for name in SETS for item in read_item_records(items_file(root, name))}
    assert len(set(texts.values())) == 2 * ITEMS
    assert made.content == tuple(texts[item] for item in made.items)
    table = read_matrix([root / "adaptive_items.parquet"])
    assert contents_beside([root / "adaptive_items.parquet"], table.kinds, table.benchmark, table.items) == tuple(
        texts[item] for item in table.items
    )


def test_full_answers_are_kept_and_partial_ones_are_completed(tmp_path: Path, mock_url: str) -> None:
    """In full, then adaptive: nothing is asked. Adaptive, then in full: the rest is. No cache helps."""
    study, root = write_adaptive_study(tmp_path, mock_url, more="cache: false\n"), tmp_path / "run"
    requests_since_last(mock_url)
    answer(write_adaptive_study(tmp_path, mock_url, more="cache: false\n" + TEN), root)
    assert requests_since_last(mock_url)[0] == 60
    write_adaptive_study(tmp_path, mock_url, more="cache: false\n")
    answer(study, root)
    assert requests_since_last(mock_url)[0] == 300
    assert not (root / "adaptive.json").exists()
    assert len(read_scores([root / "scores.parquet"], real="real").real.items) == ITEMS
    answer(write_adaptive_study(tmp_path, mock_url, more="cache: false\n" + TEN), root)
    assert requests_since_last(mock_url)[0] == 0
    assert not (root / "adaptive.json").exists()  # everybody answered everything: there is nothing to predict


def test_a_stage_that_asks_nothing_leaves_the_tests_as_they_are(tmp_path: Path, mock_url: str) -> None:
    """Tests that an option of `run` asked for stand in the run alone; comparing it by its study file keeps them."""
    study, root = write_adaptive_study(tmp_path, mock_url), tmp_path / "run"
    path = write_adaptive_study(tmp_path / "with", mock_url, more=TEN)
    answer(path, root)
    before = content(root)
    plain = load_study(study)
    asked = as_answered(plain, root)
    assert asked.adaptive is not None
    assert (asked.adaptive.items, asked.adaptive.bank) == (10, str(tmp_path / "with" / "bank.csv"))
    done = acidtest("compare", study, "-o", root, cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert "The study changed" not in done.stdout + done.stderr
    assert content(root) == before
    assert as_answered(asked, tmp_path / "nowhere") is asked
    assert as_answered(plain, tmp_path / "nowhere") is plain


def test_more_items_go_on_where_fewer_ended(tmp_path: Path, mock_url: str) -> None:
    more = "cache: false\n" + TEN.replace("10, round: 3", "9, round: 3")
    study, root = write_adaptive_study(tmp_path, mock_url, more=more), tmp_path / "run"
    answer(study, root)
    first = {solver: set(answered(root, "real", solver)) for solver in SOLVERS}
    requests_since_last(mock_url)
    answer(write_adaptive_study(tmp_path, mock_url, more=more.replace("9, round", "15, round")), root)
    assert requests_since_last(mock_url)[0] == 6 * 6
    for solver in SOLVERS:
        assert first[solver] < set(answered(root, "real", solver))


def test_the_budget_holds(tmp_path: Path, mock_url: str) -> None:
    more = TEN + "cache: false\nlimits: {{max_calls: 25}}\n"
    study = write_adaptive_study(tmp_path, mock_url, more=more)
    requests_since_last(mock_url)
    with pytest.raises(BudgetError, match="more than the 25 that are allowed"):
        answer(study, tmp_path / "run")
    sent = requests_since_last(mock_url)[0]
    assert 20 <= sent <= 25
    with pytest.raises(BudgetError):
        answer(study, tmp_path / "run")
    sent += requests_since_last(mock_url)[0]
    assert sent <= 25
    # With more to spend it goes on where it was: all that was answered stays.
    answer(write_adaptive_study(tmp_path, mock_url, more=more.replace("25", "100")), tmp_path / "run")
    assert sent + requests_since_last(mock_url)[0] == 60


def test_scores_do_not_pretend(tmp_path: Path, mock_url: str) -> None:
    """scores.parquet holds predicted totals, no items whose mean would mislead; the comparison knows their errors."""
    study, root = write_adaptive_study(tmp_path, mock_url, more=TEN), tmp_path / "run"
    run = answer(study, root)
    scores = read_scores([root / "scores.parquet"], real="real")
    found = read(root / "adaptive.json")
    assert scores.real.items == ()
    for model, value in zip(scores.real.models, scores.real.observed, strict=True):
        one = found.benchmarks["real"].solvers[model]
        assert value == one.score.value
        assert one.score.low <= value <= one.score.high
    good, majority = (found.benchmarks["real"].solvers[name] for name in ("good", "classic:majority"))
    assert (good.asked, len(good.items), majority.asked, majority.items) == (10, 10, ITEMS, ())
    assert good.error > majority.error
    items = read_matrix([root / "adaptive_items.parquet"])
    row = items.scores[items.models.index("good"), items.of("real")]
    assert np.isfinite(row).sum() == 10
    assert {items.items[i] for i in items.of("real")[np.isfinite(row)]} == set(good.items)
    report = compare_stage(run)
    assert "posterior" in report.fidelity["made"]["srcc"].method
    assert np.isfinite(report.fidelity["made"]["gap"].low)
    assert np.isnan(report.fidelity["made"]["worth_rank"].value)
    assert report.items["real"] == ITEMS
    AdaptiveFile.model_validate_json((root / "adaptive.json").read_bytes())


def test_what_the_bank_does_not_know_is_answered_in_full(tmp_path: Path, mock_url: str) -> None:
    study, root = write_adaptive_study(tmp_path, mock_url, more=TEN), tmp_path / "run"
    known = bank("real")
    write_bank(tmp_path / "bank.csv", known.take(np.arange(50)))
    requests_since_last(mock_url)
    run = answer(study, root)
    assert requests_since_last(mock_url)[0] == 3 * (10 + ITEMS)
    found = read(root / "adaptive.json")
    assert set(found.benchmarks) == {"real"}
    assert (found.benchmarks["real"].items, found.benchmarks["real"].uncalibrated) == (50, 10)
    assert "The bank does not know 10 items of 'real': all scores there are about the others." in found.warnings
    report = compare_stage(run)  # one set with items, one with predicted scores
    assert "posterior" in report.fidelity["made"]["srcc"].method


def test_a_dead_solver_fails_and_the_others_go_on(tmp_path: Path, mock_url: str) -> None:
    dead = STUDY.replace(
        'poor: {{use: "openai:fixed:no idea", base_url: "{url}/v1"',
        'poor: {{use: "openai:x", retries: 0, base_url: "http://127.0.0.1:9/v1"',
    )
    assert dead != STUDY
    study, root = write_adaptive_study(tmp_path, mock_url, dead, TEN), tmp_path / "run"
    run = answer(study, root)
    assert set(run.failed) == {"adaptive/real/poor", "adaptive/made/poor"}
    assert "poor" not in read(root / "adaptive.json").benchmarks["real"].solvers
    requests_since_last(mock_url)
    answer(write_adaptive_study(tmp_path, mock_url, STUDY, TEN), root)  # the server is mended
    assert requests_since_last(mock_url)[0] == 20
    assert len(answered(root, "real", "poor")) == 10


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        (STUDY, TEN.replace("bank.csv", "others.csv"), "of the benchmark's 60 items it knows 1"),
        (STUDY, TEN.replace("bank.csv", "between.csv"), "on scores between 0 and 1, and 'accuracy' is 0 or 1"),
        (STUDY, TEN.replace("bank.csv", "older.csv"), "answer or choices are 2 of 60, such as 'real-7'"),
        (STUDY, "adaptive: {{items: 10}}\n", "2 solvers would answer everything, and 8 are needed"),
        (STUDY, "adaptive: {{items: 10, calibrate: [god]}}\n", "no solver is called 'god'"),
        (STUDY, TEN + "metric: macro_f1\n", "'macro_f1' is no mean of such"),
        (STUDY.replace("good, fair, poor, ", ""), TEN, "no solver would take an adaptive test"),
        (RENAMED, TEN, "the bank knows none of the study's benchmarks"),
        (STUDY, TEN.replace("bank.csv", "made.jsonl"), "a bank of items has a column 'benchmark'"),
        (STUDY, TEN.replace("bank.csv", "nowhere.csv"), "there is no file 'nowhere.csv'"),
    ],
)  # fmt: skip
def test_what_cannot_be_tested_is_refused_before_a_call(
    tmp_path: Path, mock_url: str, text: str, more: str, said: str
) -> None:
    study = write_adaptive_study(tmp_path, mock_url, text, more)
    known = bank()
    ids = tuple(item if item == "real-3" else f"x{item}" for item in known.items)
    write_bank(tmp_path / "others.csv", replace(known, items=ids))
    between = replace(known.parameters, residual=np.ones(len(known)))
    write_bank(tmp_path / "between.csv", replace(known, parameters=between, model="continuous"))
    said_then = tuple("0" * 16 if item in ("real-7", "real-9") else "" for item in known.items)
    write_bank(tmp_path / "older.csv", replace(known, content=said_then))
    requests_since_last(mock_url)
    with pytest.raises((StudyFileError, DataError)) as caught:
        answer(study, tmp_path / "run")
    assert said in str(caught.value)
    assert requests_since_last(mock_url) == (0, 0)


def test_a_bank_and_calibrating_solvers_exclude_each_other(tmp_path: Path, mock_url: str) -> None:
    more = "adaptive: {{items: 10, bank: bank.csv, calibrate: [good]}}\n"
    with pytest.raises(StudyFileError, match="name one of the two"):
        answer(write_adaptive_study(tmp_path, mock_url, more=more), tmp_path / "run")


def test_a_bank_without_tests_is_refused(tmp_path: Path, mock_url: str) -> None:
    study = load_study(write_adaptive_study(tmp_path, mock_url))
    with pytest.raises(StudyFileError, match="--bank is for adaptive tests"):
        with_adaptive(study, None, tmp_path / "bank.csv")
    assert with_adaptive(study, None, None) is study
    asked = with_adaptive(study, 7, tmp_path / "bank.csv").adaptive
    assert asked is not None
    assert (asked.items, asked.bank, asked.calibrate) == (7, str(tmp_path / "bank.csv"), [])


def test_a_broken_file_of_tests_is_refused(tmp_path: Path) -> None:
    path = RunFolder(tmp_path).adaptive
    path.write_text('{"schema": 1}')
    with pytest.raises(AcidtestError, match="holds no adaptive tests"):
        read(path)
