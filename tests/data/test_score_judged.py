"""Which benchmarks of a table are read as a judge's scores, and what is refused."""

from pathlib import Path

import pytest

from acidtest.data.scores.table import read_scores
from acidtest.errors import AcidtestError, DataError


def table(folder: Path, items: dict[str, range], *, bare: str = "", weight: bool = False) -> Path:
    """Write three solvers' scores; `bare` is a benchmark without items."""
    heads = ["benchmark", "model", "item", "score", *(["weight"] if weight else [])]
    lines = [",".join(heads)]
    for name, places in items.items():
        for model in "abc":
            for i in places if name != bare else places[:1]:
                item = "" if name == bare else f"i{i}"
                lines.append(f"{name},{model},{item},{(i + ord(model)) % 2}" + (f",{1 + i % 3}" if weight else ""))
    path = folder / "scores.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_judge_is_a_judge_only_where_that_is_said(tmp_path: Path) -> None:
    path = table(tmp_path, {"real": range(5), "judge": range(9), "fake": range(20, 30)})
    assert [one.judged for one in read_scores([path], real="real").synthetic] == [False, False]
    found = read_scores([path], real="real", judged=["judge"])
    assert {one.name: one.judged for one in (found.real, *found.synthetic)} == {
        "real": False,
        "judge": True,
        "fake": False,
    }


REFUSED: dict[str, tuple[str, str]] = {
    "the real one": ("real", "is the real benchmark itself"),
    "none of the table": ("jduge", "Did you mean 'judge'"),
    "one that lacks a real item": ("short", "lacks 1 of the 5 items of 'real', 'i4' for one"),
    "one of other items": ("fake", "lacks 5 of the 5 items"),
    "one that holds no other item": ("same", "no item beyond the 5"),
    "one without items": ("bare", "'bare' has no items"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_judge_is_refused_with_the_way_out(name: str, tmp_path: Path) -> None:
    judged, message = REFUSED[name]
    sets = {"real": range(5), "judge": range(9), "short": range(4), "fake": range(20, 30), "same": range(5)}
    path = table(tmp_path, sets | {"bare": range(1)}, bare="bare")
    with pytest.raises(AcidtestError, match=message) as refused:
        read_scores([path], real="real", judged=[judged])
    assert refused.value.way_out


def test_a_judge_needs_a_mean(tmp_path: Path) -> None:
    path = table(tmp_path, {"real": range(5), "judge": range(9)}, weight=True)
    with pytest.raises(DataError, match="is no mean over items"):
        read_scores([path], real="real", judged=["judge"])
