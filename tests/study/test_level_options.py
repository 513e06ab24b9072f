"""Options of `acidtest levels`, and the settings of a study that it keeps to."""

from pathlib import Path

import orjson
import pytest

from acidtest.evaluate.answer import LONGEST_ANSWER
from acidtest.evaluate.level_prompts import LEVELS
from acidtest.study.levels import LevelOptions, expected_level_calls
from acidtest.study.load import load_study
from level_server import LevelServer, problem
from level_study import CALLS, EASY, STUDY, ask, command, write
from mock_study import write_study


@pytest.fixture(autouse=True)
def _key_and_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "cache"))


async def test_what_counts_as_solved_is_the_study_s(tmp_path: Path) -> None:
    """Token F1 of "1000 1001" against "1000" is 2/3: solved from .6 on, and not at the .8 that holds unless named."""
    text = STUDY.replace("task: math", "task: reading\nmetric: f1")
    rows = [{"id": "1", "passage": "1000.", "question": "What is thing 0 worth (from level 1)?", "answer": "1000 1001"}]
    async with LevelServer() as server:
        for right_at, level in (("", 2), ("right_at: 0.6\n", 1)):
            study = write(tmp_path / str(level), server.url("")[:-1], text=text + right_at)
            for name in ("real", "easy"):
                (study.parent / f"{name}.jsonl").write_bytes(orjson.dumps(rows[0]) + b"\n")
            other = {**rows[0], "passage": "Other."}
            (study.parent / "pool.jsonl").write_bytes(orjson.dumps(other) + b"\n")
            report, _ = await ask(study, levels=("role",))
            assert report["benchmarks"]["real"]["solvers"]["sure"]["mean"]["value"] == level
            assert report["right_at"] == (0.6 if right_at else 0.8)


async def test_notes_of_any_length_are_kept_in_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("level_server.TRICK", "so " * 40_000)
    async with LevelServer() as server:
        await ask(write(tmp_path, server.url("")[:-1]), levels=("role", "least_to_most"))
        assert max(map(len, server.bodies)) < 5_000
    (real, *_) = sorted((tmp_path / "run" / "levels" / "least_to_most.sub_questions").glob("*/*.jsonl"))
    assert {len(orjson.loads(line)["text"]) for line in real.read_bytes().splitlines()} == {LONGEST_ANSWER}


def test_a_dry_run_counts_items_that_are_not_written_yet(tmp_path: Path) -> None:
    study = write_study(tmp_path, "http://127.0.0.1:9")
    options = LevelOptions(levels=("role",), items=5, solvers=("good",))
    rows = expected_level_calls(load_study(study), tmp_path, options)
    assert [(row.model, row.calls) for row in rows] == [("writer", 24), ("good", 5 + 5)]


async def test_a_solver_named_twice_is_asked_once(tmp_path: Path) -> None:
    async with LevelServer() as server:
        report, _ = await ask(write(tmp_path, server.url("")[:-1]), solvers=("sure", "sure"), levels=("role",))
        assert len(server.bodies) == 12
    assert report["solvers"] == ["sure"]


@pytest.mark.parametrize("style", ["chat", "completion"])
async def test_a_dry_run_counts_what_is_sent_at_most_and_sends_nothing(tmp_path: Path, style: str) -> None:
    """Nothing is solved: 12 items at each level, 6 pool items by reasoning, 12 items at each of 4 further tries."""
    async with LevelServer() as server:
        study = write(tmp_path, server.url("")[:-1], style=style)
        for name, numbers in (("real", range(8)), ("easy", range(50, 54)), ("pool", range(100, 106))):
            rows = [orjson.dumps(problem(n, 6)) for n in numbers]
            (tmp_path / f"{name}.jsonl").write_bytes(b"\n".join(rows) + b"\n")
        done = await command("levels", study, "--dry-run", "--tries", "--json", "-", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert server.bodies == []
        assert not (tmp_path / "run").exists()
        rows = orjson.loads(done.stdout)
        assert [(row["model"], row["work"]) for row in rows] == [
            ("sure", work)
            for level in LEVELS
            for work in (*(["works out examples"] if level == "few_shot_reasoning" else []), f"level {level}")
        ] + [("sure", "further tries")]
        calls = {row["work"]: row["calls"] for row in rows}
        assert [calls[f"level {level}"] for level in LEVELS] == [12 * n for n in CALLS[style]]
        assert (calls["works out examples"], calls["further tries"]) == (6 * CALLS[style][1], 12 * 4)
        _, said = await ask(study, tries=True)
        assert len(server.bodies) == sum(calls.values())
        assert f"At most {sum(calls.values())} calls" in said
        most = sum(orjson.loads(body)["max_tokens"] for body in server.bodies)
        assert sum(row["tokens_out"] for row in rows) == most
        shown = await command("levels", study, "--dry-run", "--items", "3", folder=tmp_path)
        level = next(line for line in shown.stdout.split("\n") if "level role" in line)
        assert " 6 calls" in level
        assert "Nothing was sent." in shown.stdout


async def test_the_study_s_own_settings_hold(tmp_path: Path) -> None:
    """Its level of intervals, its bundles; which items are sampled depends on its seed."""
    sampled = []
    async with LevelServer() as server:
        for seed in (1, 2, 3, 4):
            folder = tmp_path / str(seed)
            study = write(folder, server.url("")[:-1], text=STUDY + f"seed: {seed}\nlevel: 0.8\n")
            rows = [{**problem(n, first), "bundle": f"b{n // 4}"} for n, first in enumerate(EASY * 2)]
            (folder / "easy.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
            report, _ = await ask(study, levels=("role", "reasoning"), items=4)
            path = folder / "run" / "levels" / "role" / "real" / "sure.jsonl"
            sampled.append(tuple(orjson.loads(line)["item"] for line in path.read_bytes().splitlines()))
    assert len(set(sampled)) > 1
    assert {len(ids) for ids in sampled} == {4}
    assert report["level"] == 0.8
    assert report["benchmarks"]["easy"]["solvers"]["sure"]["mean"]["low"] is None  # one bundle: no interval


async def test_answers_that_another_folder_was_given_are_not_paid_for_again(tmp_path: Path) -> None:
    async with LevelServer() as server:
        text = STUDY.replace("cache: false", "cache: true")
        first, _ = await ask(write(tmp_path / "first", server.url("")[:-1], text=text), levels=("role", "reasoning"))
        server.bodies = []
        again, _ = await ask(write(tmp_path / "again", server.url("")[:-1], text=text), levels=("role", "reasoning"))
        assert server.bodies == []
    assert again == first


async def test_other_worked_examples_are_asked_with_anew(tmp_path: Path) -> None:
    """Five real items reach the third level; one easy item is solved at the second."""
    async with LevelServer() as server:
        study = write(tmp_path, server.url("")[:-1])
        levels = ("role", "reasoning", "few_shot_reasoning")
        await ask(study, levels=levels)
        worked = tmp_path / "run" / "levels" / "examples" / "pool" / "sure.jsonl"
        worked.write_bytes(worked.read_bytes().replace(b"I count", b"I reckon"))
        server.bodies = []
        await ask(study, levels=levels)
        assert len(server.bodies) == 5
        assert all(body.count(b"I reckon") == 3 for body in server.bodies)


async def test_changed_pool_items_are_worked_out_anew(tmp_path: Path) -> None:
    async with LevelServer() as server:
        study = write(tmp_path, server.url("")[:-1])
        await ask(study, levels=("few_shot_reasoning",))
        pool = tmp_path / "pool.jsonl"
        pool.write_bytes(pool.read_bytes().replace(b"(from level 2)?", b"(from level 2)? Be brief."))
        server.calls.clear()
        await ask(study, levels=("few_shot_reasoning",))
        assert server.calls["sure", "reasoning", "item"] == 3
        assert server.calls["sure", "few_shot_reasoning", "item"] == 12


async def test_notes_to_another_prompt_are_written_anew(tmp_path: Path) -> None:
    async with LevelServer() as server:
        study = write(tmp_path, server.url("")[:-1])
        await ask(study, levels=("least_to_most",))
        study.write_text(study.read_text("utf-8") + "description: Every thing has its worth.\n", "utf-8")
        server.calls.clear()
        await ask(study, levels=("least_to_most",))
        assert set(server.calls.values()) == {12}
        assert set(server.calls) == {("sure", "least_to_most", call) for call in ("sub_questions", "item")}
