"""`acidtest harder`: rounds on one scale, each shown what the one before turned out to be; resumed; what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from acidtest.compare.harder import harder_report, one_scale
from acidtest.data.item_bank import read_bank
from acidtest.data.scores.matrix import ScoreMatrix
from acidtest.stats.estimate import FloatArray
from acidtest.types import Item
from mock_study import STUDY, acidtest, kill_when, requests_since_last, write_study

ENTRY = "writer.few_shot"
TEXT = STUDY.replace("items: 24", "items: 12")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, mock_url: str) -> Path:
    """Three rounds, killed in the second and gone on with."""
    folder = tmp_path_factory.mktemp("harder")
    study = write_study(folder, mock_url, TEXT)
    command = ("harder", study, "--rounds", "3", "-o", folder / "run")
    requests_since_last(mock_url)
    kill_when(folder / "run" / "round-2" / "responses", *command, cache=folder / "cache")
    assert not (folder / "run" / "harder.json").exists()
    ran = acidtest(*command, cache=folder / "cache")
    assert ran.returncode == 0, ran.stderr
    sent, distinct = requests_since_last(mock_url)
    assert distinct <= sent <= distinct + 12  # lost is what was under way: three models with four connections each
    (folder / "distinct.txt").write_text(str(distinct), "utf-8")
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


def test_what_is_done_is_not_asked_again_and_counts_once(done: Path, mock_url: str) -> None:
    """Each round's folder holds answers to the real benchmark; limits of exactly what was sent must do."""
    before = (done / "harder.json").read_bytes()
    calls = (done.parent / "distinct.txt").read_text("utf-8")
    study = write_study(done.parent, mock_url, f"{TEXT}limits: {{{{max_calls: {calls}}}}}\n")
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


def test_the_size_of_a_change_is_not_drawn_to_nothing_where_solvers_are_few() -> None:
    """The mean of estimates of single items reads .68 of these .8, and its interval holds them in three of four."""
    found = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        ability = rng.normal(size=6)
        ability = (ability - ability.mean()) / ability.std()
        sets = {"real": 0.0, "one": -1.0, "two": -0.2}
        tables = [table(rng.normal(mean, 1, 40), name, ability, rng) for name, mean in sets.items()]
        matrix, fit = one_scale(tables)
        report = harder_report(matrix, fit, real="real", rounds={"up": ("one", "two")}, level=0.95)
        change = report.rounds["up"][1].change
        assert change is not None
        found.append((change.low < 0.8 < change.high, change.value))
    held, size = np.mean(found, axis=0)
    assert held == 1
    assert size == pytest.approx(0.8, abs=0.25)


def test_bundles_count_whole_and_who_answers_own_items_is_named() -> None:
    rng = np.random.default_rng(1)
    ability = rng.normal(size=12)
    own = [np.repeat(rng.normal(size=12), 4) for _ in range(2)]  # four items of a bundle are equally difficult
    tables = [table(difficulty, name, ability, rng) for name, difficulty in zip(("one", "two"), own, strict=True)]
    tables = [
        replace(one, generators={one.benchmark[0]: writer}) for one, writer in zip(tables, ("m3", "x"), strict=True)
    ]
    tables.append(table(rng.normal(size=30), "real", ability, rng))
    bundled = [replace(one, bundles=tuple(f"b{k // 4}" for k in range(len(one.items)))) for one in tables]
    widths: list[float] = []
    warned: tuple[str, ...] = ()
    for parts in (tables, bundled):
        matrix, fit = one_scale(parts)
        report = harder_report(matrix, fit, real="real", rounds={"e": ("one", "two")}, level=0.95)
        change = report.rounds["e"][1].change
        assert change is not None
        widths.append(change.high - change.low)
        warned = report.warnings
    assert widths[1] > 1.4 * widths[0]  # at most by 2, the root of four
    assert [one for one in warned if "answers them itself" in one] == [
        "'m3' wrote items and answers them itself: they may be easier for it than for others."
    ]
    assert any("Do not rank these solvers by them" in one for one in warned)


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
