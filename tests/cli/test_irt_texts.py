"""`acidtest irt SCORES --texts`: what texts tell, and what is foretold of new items."""

import csv
import importlib.util
import json
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from acidtest.cli.main import main
from acidtest.data.rubric_file import load_rubric
from acidtest.study.published_schemas import schemas
from acidtest.types import Mark, Rating
from mock_study import acidtest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty solvers on 120 items that are harder the more often they say "fiendish"."""
    folder = tmp_path_factory.mktemp("texts")
    rng = np.random.default_rng(0)
    level = rng.integers(0, 4, 120)
    words = np.array(["red", "blue", "cat", "tree", "moon", "sand", "song", "road", "milk", "fork"])
    difficulty = level - 1.5 + rng.normal(0, 0.3, 120)
    right = rng.random((40, 120)) < 1 / (1 + np.exp(-1.5 * (rng.normal(size=40)[:, None] - difficulty)))
    with (folder / "scores.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["item", *(f"m{k}" for k in range(40))])
        writer.writerows([f"i{k}", *map(int, right[:, k])] for k in range(120))
    texts = [" ".join([*rng.choice(words, 8), *["fiendish"] * k]) for k in level]
    rows = [{"id": f"i{k}", "question": text} for k, text in enumerate(texts)]
    (folder / "items.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    new = [{"id": "tame", "question": "red cat"}, {"id": "wild\x1b[2J", "question": "cat fiendish fiendish fiendish"}]
    (folder / "new.jsonl").write_text("\n".join(map(json.dumps, new)), "utf-8")
    reference = load_rubric("demands.v1").reference
    ratings = [
        Rating(
            benchmark="scores",
            item=f"i{k}",
            rater="j",
            kind="judge",
            rubric=reference,
            marks={f"{scale}_{n}": _mark(n, int(level[k])) for scale in SCALES for n in range(1, 6)},
        )
        for k in range(120)
    ]
    (folder / "ratings.jsonl").write_text("\n".join(one.model_dump_json() for one in ratings), "utf-8")
    return folder


SCALES = ("steps", "knowledge", "reading", "memory", "traps")


def _mark(n: int, level: int) -> Mark:
    return "yes" if n <= level else "no"


def test_texts_tell_and_new_items_are_foretold(folder: Path) -> None:
    done = acidtest(
        "irt", folder / "scores.csv", "--texts", folder / "items.jsonl", "--predict", folder / "new.jsonl",
        "--json", folder / "out.json", cache=folder / "cache",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Difficulty from text (120 items" in done.stdout
    assert "\x1b[2J" not in done.stdout
    read = json.loads((folder / "out.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(json.loads(schemas()["irt.schema.json"])).validate(read)
    texts = read["texts"]
    assert texts["parameters"]["difficulty"]["useful"] is True
    tame, wild = texts["new_items"]
    assert tame["difficulty"] < wild["difficulty"]
    assert tame["low"] < tame["difficulty"] < tame["high"]


def test_ratings_of_demands_stand_beside_the_texts(folder: Path) -> None:
    done = acidtest(
        "irt", folder / "scores.csv", "--texts", folder / "items.jsonl", "--demands", folder / "ratings.jsonl",
        "--json", "-", cache=folder / "cache",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shares = json.loads(done.stdout)["texts"]["parameters"]["difficulty"]["shares"]
    assert max(shares, key=lambda name: shares[name]) == "ratings"


def test_new_items_without_texts_to_learn_from_are_refused(folder: Path) -> None:
    done = acidtest("irt", folder / "scores.csv", "--predict", folder / "new.jsonl", cache=folder / "cache")
    assert done.returncode == 2
    assert "--texts FILE" in done.stderr


def test_an_encoder_that_is_not_installed_is_told_plainly(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *of: None if name == "sentence_transformers" else found(name, *of)
    )
    words = ["irt", str(folder / "scores.csv"), "--texts", str(folder / "items.jsonl"), "--embed"]
    monkeypatch.setattr(sys, "argv", ["acidtest", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "sentence-transformers, which is not installed" in capsys.readouterr().err
