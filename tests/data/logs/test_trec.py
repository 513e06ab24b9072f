"""TREC runs: files that ranx 0.3.21 wrote of bm25s rankings. Origin of every score: pytrec_eval on the same files."""

import gzip
import shutil
import sys
from pathlib import Path
from statistics import fmean

import orjson
import pytest
import pytrec_eval

from acidtest.cli.main import main
from acidtest.data.logs.import_logs import import_logs
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_files import head_of
from acidtest.data.logs.log_format import LogOptions
from acidtest.data.logs.trec import Trec
from acidtest.data.logs.trec_measures import MEASURES
from acidtest.errors import DataError

LOGS = Path(__file__).parent / "trec"
RUNS = sorted((LOGS / "runs").glob("*.run"))
HUMAN, SMOLLM2 = LOGS / "human.qrels", LOGS / "smollm2.qrels"


def entries(path: Path, **options: object) -> list[LogEntry]:
    assert Trec().recognises(path, head_of(path))
    return list(Trec().read(path, LogOptions(**options)))  # type: ignore[arg-type]  # named in each test


def of_trec_eval(run: Path, qrels: Path) -> dict[str, dict[str, float]]:
    asked = {"map", "ndcg_cut.5,10,100", "recip_rank", "P.10", "recall.100,1000"}
    with run.open() as ranked, qrels.open() as judged:
        evaluator = pytrec_eval.RelevanceEvaluator(pytrec_eval.parse_qrel(judged), asked)
        found: dict[str, dict[str, float]] = evaluator.evaluate(pytrec_eval.parse_run(ranked))
    return found


@pytest.mark.parametrize("qrels", [HUMAN, SMOLLM2], ids=lambda path: path.stem)
@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_the_scores_are_trec_evals(path: Path, qrels: Path) -> None:
    want, found = of_trec_eval(path, qrels), entries(path, qrels=(qrels,))
    assert {entry.item for entry in found} == {"q1", "q2", "q3", "q4", "q5", "q6"}
    for entry in found:
        assert (entry.benchmark, entry.model) == (qrels.stem, path.stem)
        assert entry.score == pytest.approx(want.get(entry.item, {}).get(entry.metric, 0.0), abs=1e-12)
    assert len(found) == 6 * len(MEASURES)


def test_a_judged_query_that_the_run_leaves_out_scores_0_and_the_user_is_told() -> None:
    notes: list[str] = []
    found = entries(LOGS / "runs" / "robertson.run", qrels=(HUMAN,), tell=notes.append)
    assert [entry.score for entry in found if entry.item == "q6"] == [0.0] * len(MEASURES)
    assert notes == ["robertson: no documents for 1 of 6 judged queries of 'human': scored 0, as trec_eval -c"]


def test_judgements_beside_a_run_or_above_it_are_found() -> None:
    assert Trec().helps(HUMAN, head_of(HUMAN))
    assert not Trec().recognises(HUMAN, head_of(HUMAN))
    assert {entry.benchmark for entry in entries(RUNS[0])} == {"human", "smollm2"}


def test_packed_and_plain_files_are_the_same(tmp_path: Path) -> None:
    run, qrels = tmp_path / "atire.run.gz", tmp_path / "qrels.human.txt.gz"
    run.write_bytes(gzip.compress(RUNS[0].read_bytes()))
    qrels.write_bytes(gzip.compress(HUMAN.read_bytes()))
    assert entries(run) == entries(RUNS[0], qrels=(HUMAN,))


def test_two_sets_of_judgements_make_one_table_that_audit_compares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The way of SynDL (Rahmani et al. 2024): the same runs under people's judgements and under a model's."""
    table = tmp_path / "scores.parquet"

    def told(command: str) -> str:
        monkeypatch.setattr(sys, "argv", ["acidtest", *command.split()])
        with pytest.raises(SystemExit) as done:
            main()
        assert not done.value.code
        return capsys.readouterr().out

    monkeypatch.chdir(LOGS)
    told(f"import runs --qrels human.qrels --qrels smollm2.qrels -o {table}")
    gap = orjson.loads(told(f"audit {table} --real human --metric ndcg_cut_10 --json -"))["fidelity"]["smollm2"]["gap"]
    means = [
        fmean(
            fmean(of_trec_eval(run, qrels).get(f"q{n}", {}).get("ndcg_cut_10", 0.0) for n in range(1, 7))
            for run in RUNS
        )
        for qrels in (HUMAN, SMOLLM2)
    ]
    assert gap["value"] == pytest.approx(means[1] - means[0], abs=1e-12)
    assert gap["n"] == 6


def test_a_folder_of_runs_and_judgements_is_one_import(tmp_path: Path) -> None:
    found = import_logs([LOGS], tmp_path / "scores.parquet")
    assert found.files == {"trec": 6}
    assert sorted(found.benchmarks) == ["human", "smollm2"]
    assert found.helpers == 2


@pytest.mark.parametrize(
    ("names", "benchmarks"),
    [
        (["qrels.dl19-passage.txt"], ["dl19-passage"]),
        (["2019qrels-pass.txt"], ["2019qrels-pass"]),
        (["qrels.txt"], ["qrels"]),
        (["a/qrels.txt", "b/qrels.txt"], ["a/qrels.txt", "b/qrels.txt"]),
    ],
)
def test_benchmarks_are_named_by_their_judgements(tmp_path: Path, names: list[str], benchmarks: list[str]) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(HUMAN, tmp_path / name)
    found = entries(RUNS[0], qrels=tuple(tmp_path / name for name in names), benchmark="x" * (len(names) > 1))
    assert list(dict.fromkeys(entry.benchmark for entry in found)) == benchmarks
    if len(names) == 1:
        assert {one.benchmark for one in entries(RUNS[0], qrels=(tmp_path / names[0],), benchmark="x")} == {"x"}


def test_a_tag_that_tools_write_unasked_names_no_solver(tmp_path: Path) -> None:
    run = tmp_path / "bm25-k09.run"
    run.write_text("q1 Q0 d01 1 2.0 Anserini\n", "utf-8")
    assert {entry.model for entry in entries(run, qrels=(HUMAN,))} == {"bm25-k09"}
    assert {entry.model for entry in entries(run, qrels=(HUMAN,), model="m")} == {"m"}


@pytest.mark.parametrize(
    ("run", "qrels", "message"),
    [
        ("q1 Q0 a 1 2.0 t\nq1 Q0 a 2 1.0 t\n", "q1 0 a 1\n", "'a' stands twice"),
        ("q1 Q0 a 1 2 t\nq2 Q0 a 1 2 t\nq1 Q0 b 1 1 t\n", "q1 0 a 1\n", "do not stand together"),
        ("q1 Q0 a 1 2 t\nq1 Q0 b 1 1 u\n", "q1 0 a 1\n", "two tags"),
        ("q1 Q0 a 1 2 t\nq1 Q0 b 1 nan t\n", "q1 0 a 1\n", "the score 'nan' is no number"),
        ("q1 Q0 a 1 2 t\nq1 Q0 b 1 1_0 t\n", "q1 0 a 1\n", "the score '1_0' is no number"),
        ("q1 Q0 a 1 2 t\nq1 Q0 b\n", "q1 0 a 1\n", "3 columns, not 6"),
        ("q1 Q0 a 1 2 t\n", "q1 0 a 1\nq1 0 a 0\n", "judged twice"),
        ("q1 Q0 a 1 2 t\n", "q1 0 a 1.5\n", "'1.5' is no whole number"),
        ("q1 Q0 a 1 2 t\n", f"q1 0 a {2**31}\n", "is no whole number"),
        ("q1 Q0 a 1 2 t\n", "\n", "no judgements"),
        ("q1 Q0 a 1 2 t\n", "q2 0 a 1\n", "none of the run's queries is judged"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, run: str, qrels: str, message: str) -> None:
    (tmp_path / "a.run").write_text(run, "utf-8")
    (tmp_path / "a.qrels").write_text(qrels, "utf-8")
    with pytest.raises(DataError, match=message):
        list(Trec().read(tmp_path / "a.run", LogOptions(qrels=(tmp_path / "a.qrels",))))


def test_odd_but_right_files_are_read(tmp_path: Path) -> None:
    """Mark at the start, Windows line ends, tabs, iteration Q0, 0 for Q0, an endless score, a judgement below 0."""
    run, qrels = tmp_path / "a.run", tmp_path / "a.qrels"
    run.write_bytes(b"\xef\xbb\xbfq1\t0\ta\t1\tinf\tt\r\nq1\t0\tb\t2\t-inf\tt\r\n")
    qrels.write_bytes(b"\xef\xbb\xbfq1 Q0 a -2\r\nq1 Q0 b 1\r\n")
    assert Trec().helps(qrels, head_of(qrels))
    assert {one.metric: one.score for one in entries(run)}["recip_rank"] == 0.5


def test_judgements_of_three_columns_are_the_same(tmp_path: Path) -> None:
    """As BEIR publishes them: `query-id`, `corpus-id`, `score` under their names, parted by tabs."""
    lines = [line.split() for line in HUMAN.read_text("utf-8").splitlines()]
    beir = tmp_path / "human.tsv"
    table = [["query-id", "corpus-id", "score"], *([query, document, rel] for query, _, document, rel in lines)]
    beir.write_text("\n".join("\t".join(line) for line in table), "utf-8-sig")
    assert Trec().helps(beir, head_of(beir))
    assert entries(RUNS[0], qrels=(beir,)) == entries(RUNS[0], qrels=(HUMAN,))
    beir.write_text("query-id\tcorpus-id\tscore\nq1\t0\td\t1\n", "utf-8")
    with pytest.raises(DataError, match="4 columns, not 3"):
        entries(RUNS[0], qrels=(beir,))


def test_a_head_that_ends_within_a_line_is_recognised() -> None:
    assert Trec().recognises(Path("a"), b"q1 Q0 d 1 2 t\nq1 Q0 e")
    assert Trec().helps(Path("a"), b"q1 0 d 1\nq1 0")


def test_a_run_without_judgements_is_refused(tmp_path: Path) -> None:
    run = tmp_path / "deep" / "a.run"
    run.parent.mkdir()
    shutil.copy(RUNS[0], run)
    with pytest.raises(DataError, match="no relevance judgements"):
        entries(run)


def test_other_tables_of_words_are_no_runs() -> None:
    for head in (b"", b"\n\n", b"a b c d e f\n", b"q1 Q0 d 1 x t\n", b"q1,Q0,d,1,2,t\n", b"q1 9 d 1 2 t\n"):
        assert not Trec().recognises(Path("a.txt"), head)
