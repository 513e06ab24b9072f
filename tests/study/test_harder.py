"""`acidtest harder`: rounds on one scale, each shown what the one before turned out to be; resumed; what is refused."""

from pathlib import Path

import numpy as np
import orjson
import pytest

from acidtest.compare.harder import harder_report, one_scale
from acidtest.data.item_bank import read_bank
from acidtest.data.score_matrix import ScoreMatrix
from acidtest.stats.estimate import FloatArray
from acidtest.types import Item
from mock_study import STUDY, acidtest, requests_since_last, write_study

ENTRY = "writer.few_shot"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, mock_url: str) -> Path:
    folder = tmp_path_factory.mktemp("harder")
    study = write_study(folder, mock_url, STUDY.replace("items: 24", "items: 12"))
    ran = acidtest("harder", study, "--rounds", "3", "-o", folder / "run", cache=folder / "cache")
    assert ran.returncode == 0, ran.stderr
    (folder / "said.txt").write_text(ran.stdout, "utf-8")
    return folder / "run"


def items_of(done: Path, number: int) -> list[Item]:
    path = done / f"round-{number}" / "synthetic" / f"{ENTRY}.round-{number}.jsonl"
    return [Item.model_validate_json(line) for line in path.read_bytes().splitlines()]


def test_each_round_is_written_after_the_items_of_those_before(done: Path) -> None:
    for number in (1, 2, 3):
        items = items_of(done, number)
        assert len(items) == 12
        strategies = {item.provenance.strategy for item in items if item.provenance}
        assert strategies == {"few_shot" if number == 1 else "harder"}
    earlier = {item.id for number in (1, 2) for item in items_of(done, number)}
    shown = {one for item in items_of(done, 3) if item.provenance for one in item.provenance.examples}
    assert shown
    assert shown <= earlier  # never the real benchmark's, and not the pool's: nobody answered those


def test_the_bank_of_a_round_holds_the_items_so_far_on_one_scale(done: Path) -> None:
    bank = read_bank(done / f"{ENTRY}.after-2.bank.csv")
    assert sorted(bank.items) == sorted(item.id for number in (1, 2) for item in items_of(done, number))
    assert bank.solvers == 5
    report = orjson.loads((done / "harder.json").read_bytes())
    assert [one["round"] for one in report["rounds"][ENTRY]] == [1, 2, 3]
    assert report["real"]["items"] == 36
    first, *later = report["rounds"][ENTRY]
    assert first["change"] is None
    for one in later:
        difference = one["difficulty"]["value"] - first["difficulty"]["value"]
        assert one["change"]["value"] == pytest.approx(difference)
    said = (done.parent / "said.txt").read_text("utf-8")
    assert "round 3" in said
    assert "A wrong key makes an item hard" in said


def test_what_is_done_is_not_asked_again(done: Path, mock_url: str) -> None:
    requests_since_last(mock_url)
    before = (done / "harder.json").read_bytes()
    study = done.parent / "study.yaml"
    again = acidtest("harder", study, "--rounds", "3", "-o", done, cache=done.parent / "cache")
    assert again.returncode == 0, again.stderr
    assert requests_since_last(mock_url) == (0, 0)
    assert (done / "harder.json").read_bytes() == before


def test_a_task_it_cannot_write_is_refused_before_the_first_call(tmp_path: Path, mock_url: str) -> None:
    study = write_study(tmp_path, mock_url, STUDY.replace("task: intent", "task: ner"))
    requests_since_last(mock_url)
    refused = acidtest("harder", study, "-o", tmp_path / "run", cache=tmp_path / "cache")
    assert refused.returncode == 2
    assert "'harder' writes no items for the task 'ner'" in refused.stderr
    assert requests_since_last(mock_url) == (0, 0)


def table(difficulty: FloatArray, name: str, ability: FloatArray, rng: np.random.Generator) -> ScoreMatrix:
    chance = 1 / (1 + np.exp(-1.5 * (ability[:, None] - difficulty)))
    n = len(difficulty)
    return ScoreMatrix(
        models=tuple(f"m{k}" for k in range(len(ability))),
        items=tuple(f"{name}-{k}" for k in range(n)),
        benchmark=(name,) * n,
        scores=(rng.random(chance.shape) < chance).astype(float),
        kinds={},
        generators={},
        families={},
        topics=("",) * n,
        bundles=("",) * n,
    )


def test_rounds_that_are_harder_are_found_and_equal_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    ability = rng.normal(size=30)
    sets = {"real": 0.0, "one": 0.0, "two": 0.8, "three": 0.0}
    drawn = {name: rng.normal(mean, 1, 80) for name, mean in sets.items()}
    tables = [table(difficulty, name, ability, rng) for name, difficulty in drawn.items()]
    matrix, fit = one_scale(tables)
    rounds = {"up": ("one", "two"), "same": ("one", "three")}
    report = harder_report(matrix, fit, real="real", rounds=rounds, level=0.95)
    change = report.rounds["up"][1].change
    assert change is not None
    truth = (drawn["two"].mean() - drawn["one"].mean()) / ability.std()  # in standard deviations of these solvers
    assert change.low < truth < change.high
    assert "is harder than round 1" in report.findings["up"]
    assert "cannot be told" in report.findings["same"]
    assert report.rounds["up"][1].score.value < report.rounds["up"][0].score.value
