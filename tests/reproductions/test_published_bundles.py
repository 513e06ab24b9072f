"""The published figures on bundles: they read as a table, stand beside a set of one's own, and keep their order."""

import re
import shlex
from pathlib import Path

import pytest

from acidtest.cli.main import main
from acidtest.data.scores.table import read_scores

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "published"
TABLE = FOLDER / "condaqa_drop.csv"
OWN = "benchmark,model,metric,score\nmine,human,{0},0.9\nmine,o3-mini,{0},0.7\nmine,llama-3.3,{0},0.6\n"


def figures(folder: Path, metric: str) -> dict[str, float]:
    """Model -> published figure of CondaQA, as a fraction."""
    own = folder / f"{metric}.csv"
    own.write_text(OWN.format(metric), "utf-8")
    read = read_scores(
        [TABLE, own], real="condaqa", synthetic=["mine"], metric=metric, percent=True, fractions=["mine"]
    )
    return dict(zip(read.real.models, read.real.observed.tolist(), strict=True))


def test_whole_bundles_are_harder_than_an_original_and_one_edit(tmp_path: Path) -> None:
    whole = figures(tmp_path, "consistency")
    assert whole == pytest.approx({"human": 0.816, "o3-mini": 0.459, "llama-3.3": 0.485})  # Table 1 of the paper
    for edit in ("paraphrase", "scope", "affirmative"):
        pair = figures(tmp_path, f"original_{edit}")
        assert all(whole[model] < pair[model] for model in whole)


def test_the_command_of_the_page_compares_a_set_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = re.findall(
        r"```\n(acidtest audit \S*condaqa.*?)```", (FOLDER / "README.md").read_text("utf-8"), re.DOTALL
    )
    words = shlex.split(command[0].replace("\\\n", " "))
    (tmp_path / "mine.csv").write_text(OWN.format("consistency"), "utf-8")
    (tmp_path / "examples").symlink_to(FOLDER.parent)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    # mean of .9, .7 and .6 less mean of .816, .459 and .485
    assert "+0.147" in capsys.readouterr().out
