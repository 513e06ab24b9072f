"""Item banks: written and read back to the last digit; what is no bank is refused in plain words."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from acidtest.data.item_bank import ItemBank, bank_of, read_bank, write_bank
from acidtest.errors import DataError
from acidtest.stats.irt.fit import fit_irt
from acidtest.stats.irt.items import Items


def _bank(*, residual: bool = False) -> ItemBank:
    rng = np.random.default_rng(0)
    n = 7
    return ItemBank(
        benchmark=("real",) * 4 + ("writer.few_shot",) * 3,
        items=("1", "naïve, id", 'a "quoted"\nid', "=1+1", "1", "7", "x" * 200),
        parameters=Items(
            discrimination=rng.lognormal(0, 0.3, n),
            difficulty=rng.normal(0, 1, n),
            guess=np.array([0, 0.25, 0, 0, 0, 0, 0.5]),
            residual=rng.lognormal(0, 0.3, n) if residual else None,
        ),
        discrimination_se=rng.uniform(0, 1, n),
        difficulty_se=rng.uniform(0, 1, n),
        solvers=12,
        model="continuous" if residual else "3pl",
    )


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_what_is_written_is_read_back(tmp_path: Path, ending: str, *, residual: bool) -> None:
    bank, path = _bank(residual=residual), tmp_path / f"bank{ending}"
    write_bank(path, bank)
    found = read_bank(path)
    assert (found.benchmark, found.items, found.solvers, found.model) == (
        bank.benchmark,
        bank.items,
        bank.solvers,
        bank.model,
    )
    for name in ("discrimination", "difficulty", "guess", "residual"):
        np.testing.assert_array_equal(getattr(found.parameters, name), getattr(bank.parameters, name))
    np.testing.assert_array_equal(found.discrimination_se, bank.discrimination_se)
    np.testing.assert_array_equal(found.difficulty_se, bank.difficulty_se)


def test_a_benchmark_is_taken_out() -> None:
    part = _bank().of("writer.few_shot")
    assert part.items == ("1", "7", "x" * 200)
    assert len(part.parameters) == 3
    assert len(_bank().of("nobody")) == 0


def test_a_fit_becomes_a_bank(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    fit = fit_irt((rng.random((12, 9)) < 0.6).astype(float))
    bank = bank_of(fit, benchmark=["b"] * 9, items=[str(i) for i in range(9)])
    assert (bank.solvers, bank.model) == (12, "2pl")
    write_bank(tmp_path / "bank.csv", bank)
    np.testing.assert_array_equal(read_bank(tmp_path / "bank.csv").parameters.difficulty, fit.items.difficulty)


def _rows(**changes: object) -> list[dict[str, object]]:
    row: dict[str, object] = {
        "benchmark": "b",
        "item": "1",
        "discrimination": 1,
        "difficulty": 0,
        "guess": "",
        "discrimination_se": 0.1,
        "difficulty_se": 0.1,
        "solvers": 9,
        "model": "2pl",
    }
    return [row, {**row, "item": "2", **changes}]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"discrimination": 0}, "'discrimination' is '0'; it must be above 0"),
        ({"discrimination": -1}, "'discrimination' is '-1'"),
        ({"discrimination": "nan"}, "'discrimination' is 'nan'"),
        ({"difficulty": "inf"}, "'difficulty' is 'inf'"),
        ({"difficulty": "hard"}, "'difficulty' is 'hard'"),
        ({"difficulty": ""}, "'difficulty' is ''"),
        ({"guess": 1}, "'guess' is '1'; it must be at least 0 and below 1"),
        ({"difficulty_se": -0.1}, "'difficulty_se' is '-0.1'"),
        ({"discrimination_se": "nan"}, "'discrimination_se' is 'nan'"),
        ({"solvers": 0.5}, "'solvers' is '0.5'"),
        ({"solvers": 8}, "'solvers' is '9.0' in one row and '8.0' in another"),
        ({"model": "rasch"}, "'model' is '2pl' in one row and 'rasch' in another"),
        ({"item": "1"}, "the item '1' of 'b' stands twice"),
        ({"item": ""}, "'item' is '', and no name"),
        ({"model": "x" * 3000}, "and no name"),
    ],
)
def test_impossible_values_are_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    path = tmp_path / "bank.csv"
    rows = _rows(**changes)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(DataError) as caught:
        read_bank(path)
    assert said in caught.value.what
    assert "bank.csv" in caught.value.where


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n1,2\n", "has a column 'benchmark'"),
        ("benchmark,item,discrimination,difficulty,discrimination_se,difficulty_se,solvers,model\n", "holds no items"),
        ("benchmark,item,discrimination,dificulty,difficulty,discrimination_se,difficulty_se,solvers,model\nb,1,1,1,1,1,1,9,a",
         "no column of a bank is called 'dificulty'"),
    ],
)  # fmt: skip
def test_other_tables_are_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "bank.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=said):
        read_bank(path)


def test_lists_and_truths_in_json_are_no_numbers(tmp_path: Path) -> None:
    path = tmp_path / "bank.jsonl"
    good = '"item":"1","difficulty":0,"discrimination_se":0,"difficulty_se":0,"solvers":9,"model":"2pl"'
    for value in ("true", "[1]", "{}", "null"):
        path.write_text(f'{{"benchmark":"b",{good},"discrimination":{value}}}\n')
        with pytest.raises(DataError, match="'discrimination' is"):
            read_bank(path)


def test_residuals_stand_for_all_items_or_none(tmp_path: Path) -> None:
    path = tmp_path / "bank.jsonl"
    write_bank(path, _bank(residual=True))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    del rows[3]["residual"]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    with pytest.raises(DataError, match="for some items only"):
        read_bank(path)


def test_a_bank_is_written_by_its_ending(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'bank\.xlsx' ends in no format"):
        write_bank(tmp_path / "bank.xlsx", _bank())


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_what_items_said_is_kept_where_it_is_known(tmp_path: Path, ending: str) -> None:
    bank = replace(_bank(), content=("", "0123456789abcdef", "", "5", "", "", "f" * 16))
    write_bank(tmp_path / f"bank{ending}", bank)
    found = read_bank(tmp_path / f"bank{ending}")
    assert found.content == bank.content
    assert found.take([3, 1]).content == ("5", "0123456789abcdef")
    assert found.take([3]).take([0]).items == ("=1+1",)
    write_bank(tmp_path / f"plain{ending}", _bank())
    assert read_bank(tmp_path / f"plain{ending}").content == ()
    assert _bank().take([1]).content == ()
