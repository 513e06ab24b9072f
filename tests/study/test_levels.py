"""`acidtest levels`, from a study file to its answers: what is asked, how often, and what is made of it."""

import asyncio
from collections import Counter
from pathlib import Path

import jsonschema
import numpy as np
import orjson
import pytest

from acidtest.data.scores.matrix import read_matrix
from acidtest.errors import AcidtestError, BudgetError
from acidtest.evaluate.level_prompts import LEVELS
from acidtest.study.levels import LevelOptions, run_levels
from acidtest.study.load import load_study
from acidtest.study.prepare import prepare
from acidtest.study.published_schemas import schemas
from acidtest.study.stages.levels import worked_pool
from acidtest.types import Response
from level_server import LevelServer, problem
from level_study import CALLS, EASY, REAL, STUDY, Heard, ask, command, write
from mock_study import kill_when


def asked_at(items: tuple[int, ...]) -> list[int]:
    """Return how many items are asked at each level: those that no level before solved."""
    return [sum(first >= level for first in items) for level in range(1, 6)]


def expected_calls(style: str) -> int:
    """Three worked examples, each one item at the second level, and every item at each level up to its own."""
    each = [(a + b) * calls for a, b, calls in zip(asked_at(REAL), asked_at(EASY), CALLS[style], strict=True)]
    return sum(each) + 3 * CALLS[style][1]


@pytest.fixture(autouse=True)
def _key_and_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("style", ["chat", "completion"])
async def test_each_item_is_asked_until_it_is_solved(tmp_path: Path, style: str) -> None:
    async with LevelServer() as server:
        study = write(tmp_path, server.url("")[:-1], style=style)
        done = await command("levels", study, "-o", tmp_path / "run", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        report = orjson.loads((tmp_path / "run" / "levels.json").read_bytes())
        assert len(server.bodies) == len(set(server.bodies)) == expected_calls(style)
        answered = Counter({level: n for (_, level, call), n in server.calls.items() if call == "item"})
        examples = Counter({"reasoning": 3})
        both = [a + b for a, b in zip(asked_at(REAL), asked_at(EASY), strict=True)]
        assert answered - examples == Counter(dict(zip(LEVELS, both, strict=True)))
        assert (await ask(study))[0] == report
        assert len(server.bodies) == expected_calls(style)
    jsonschema.Draft202012Validator(orjson.loads(schemas()["levels.schema.json"])).validate(report)
    real, easy = report["benchmarks"]["real"], report["benchmarks"]["easy"]
    assert real["mean"]["value"] == sum(REAL) / 8 == real["solvers"]["sure"]["mean"]["value"]
    assert easy["mean"]["value"] == sum(EASY) / 4
    assert easy["difference"]["value"] == pytest.approx(5 / 4 - 28 / 8)
    assert real["solvers"]["sure"]["asked"] == dict(zip(LEVELS, asked_at(REAL), strict=True))
    shares = [REAL.count(level) / 8 for level in range(1, 7)]
    assert [one["value"] for one in real["solvers"]["sure"]["shares"].values()] == pytest.approx(shares)
    assert real["solvers"]["sure"]["examples"] == 3
    assert real["guess"]["value"] == 6
    assert easy["sentence"] in " ".join(done.stdout.split())
    assert "1 role, 2 reasoning, 3 few_shot_reasoning" in " ".join(done.stdout.split())


async def test_worked_examples_show_the_solver_s_own_thoughts(tmp_path: Path) -> None:
    async with LevelServer() as server:
        await ask(write(tmp_path, server.url("")[:-1]), levels=("few_shot_reasoning", "role"))
        shown = [orjson.loads(body)["messages"] for body in server.bodies]
    shown = [messages for messages in shown if len(messages) > 2]
    assert len(shown) == 6 + 1
    for messages in shown:
        replies = [one["content"] for one in messages if one["role"] == "assistant"]
        assert len(replies) == 3
        assert all("I count to 11" in reply and "Final answer: #### 11" in reply for reply in replies)


async def test_a_solver_that_works_nothing_out_is_shown_plain_examples(tmp_path: Path) -> None:
    async with LevelServer() as server:
        study = write(tmp_path, server.url("")[:-1])
        rows = [orjson.dumps(problem(100 + n, 6)) for n in range(6)]
        (tmp_path / "pool.jsonl").write_bytes(b"\n".join(rows) + b"\n")
        report, said = await ask(study, levels=("role", "few_shot_reasoning"))
        assert server.calls["sure", "reasoning", "item"] == 6
        # nothing in the pool is solved, so that all of it is tried; 12 items at two levels of one call each
    assert f"At most {12 * 2 + 6} calls" in said
    assert "solved none of 6 items of the pool" in said
    assert report["benchmarks"]["real"]["solvers"]["sure"]["examples"] == 0


async def test_killed_and_started_again(tmp_path: Path) -> None:
    async with LevelServer(latency=0.02) as server:
        whole, _ = await ask(write(tmp_path / "whole", server.url("")[:-1], style="completion"))
        once, server.bodies = len(server.bodies), []
        study = write(tmp_path / "killed", server.url("")[:-1], style="completion")
        run = study.parent / "run"
        seen = run / "levels" / "least_to_most.thoughts" / "real" / "sure.jsonl"
        await asyncio.to_thread(kill_when, seen, "levels", study, "-o", run, cache=tmp_path / "cache")
        assert seen.exists()
        assert not (run / "levels.json").exists()
        sent = len(server.bodies)
        assert 0 < sent < once
        assert (await ask(study))[0] == whole
        assert once == expected_calls("completion") == len(set(server.bodies))
        assert len(server.bodies) <= once + 3  # what was under way, at most one for each connection


async def test_a_cap_on_calls_holds_and_nothing_is_paid_for_twice(tmp_path: Path) -> None:
    async with LevelServer() as server:
        url = server.url("")[:-1]
        study = write(tmp_path, url, text=STUDY + "limits: {{max_calls: 25}}\n")
        for _ in range(2):
            with pytest.raises(BudgetError, match="more than the 25 that are allowed"):
                await ask(study)
            assert len(server.bodies) == 25
        write(tmp_path, url, text=STUDY + f"limits: {{{{max_calls: {expected_calls('chat')}}}}}\n")
        await ask(study)
        assert len(server.bodies) == len(set(server.bodies)) == expected_calls("chat")


async def test_an_item_without_an_answer_waits_for_the_next_time(tmp_path: Path) -> None:
    async with LevelServer() as server:
        server.broken = {("reasoning", 4), ("least_to_most", 5)}  # solved at 4 and 5: the rest of their way is missing
        study = write(tmp_path, server.url("")[:-1], text=STUDY.replace("price_in", "retries: 0, price_in"))
        report, said = await ask(study)
        told = report["benchmarks"]["real"]["solvers"]["sure"]
        assert told["unknown"] == 2
        assert told["mean"]["value"] == pytest.approx((sum(REAL) - REAL[4] - REAL[5]) / 6)
        assert "sure at reasoning: real: 1 item stayed without an answer" in said
        assert any("stayed without an answer" in warning for warning in report["warnings"])
        server.broken, server.bodies = set(), []
        whole, _ = await ask(study)
        assert whole["benchmarks"]["real"]["mean"]["value"] == sum(REAL) / 8
        # one at levels 2, 3 and 4, the other at 4 and 5; a level 4 and 5 takes two calls
        assert len(server.bodies) == (1 + 1 + 2) + (2 + 2)


async def test_a_pool_item_that_failed_once_changes_no_example(tmp_path: Path) -> None:
    """What was asked with these examples would be asked again with others."""
    async with LevelServer() as server:
        study = write(tmp_path, server.url("")[:-1], text=STUDY.replace("price_in", "retries: 0, price_in"))
        server.broken = {("reasoning", worked_first(tmp_path))}
        report, said = await ask(study)
        assert "sure at examples: pool: 1 item stayed without an answer (the server answered 500" in said
        assert report["benchmarks"]["real"]["solvers"]["sure"]["examples"] == 3
        server.broken, server.bodies = set(), []
        again, said = await ask(study)
        assert server.bodies == []
        assert "Done anew" not in said
        assert again["benchmarks"] == report["benchmarks"]


def worked_first(folder: Path) -> int:
    """Return the number of the pool item that is tried first as an example, as the task chooses it."""
    study = load_study(folder / "study.yaml")
    prepared = prepare(study, folder, folder / "scratch")
    return int(worked_pool(prepared).items[0].id.removeprefix("thing-"))


async def test_all_levels_of_all_items_show_what_is_lost_again(tmp_path: Path) -> None:
    async with LevelServer() as server:
        study = write(tmp_path, server.url("")[:-1])
        rows = [problem(0, 1, "only"), problem(1, 2, "only"), problem(2, 1), problem(3, 3), problem(4, 6)]
        (tmp_path / "real.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        report, _ = await ask(study, everything=True)
        assert len(server.bodies) == (5 + 4) * sum(CALLS["chat"]) + 3
    told = report["benchmarks"]["real"]["solvers"]["sure"]
    assert [one["value"] for one in told["solved"].values()] == pytest.approx([2 / 5, 2 / 5, 2 / 5, 2 / 5, 2 / 5])
    assert told["kept"]["value"] == 0.5  # of four that are solved before the last level, two stay solved
    assert told["mean"]["value"] == (1 + 2 + 1 + 3 + 6) / 5


async def test_tries_repeat_the_first_prompt_as_often(tmp_path: Path) -> None:
    async with LevelServer() as server:
        report, _ = await ask(write(tmp_path, server.url("")[:-1]), tries=True)
        assert server.calls["sure", "role", "item"] == 12 + 4 * (6 + 1)
        again = [orjson.loads(body) for body in server.bodies if b'"seed"' in body]
        assert Counter(body["seed"] for body in again) == dict.fromkeys((1, 2, 3, 4), 7)
    told = report["benchmarks"]["real"]["solvers"]["sure"]
    assert told["tries"]["value"] == (1 + 1 + 6 * 6) / 8
    assert told["beyond_tries"]["value"] == pytest.approx((1 + 1 + 6 * 6) / 8 - 28 / 8)


async def test_levels_leave_the_study_s_own_results_alone(tmp_path: Path) -> None:
    text = STUDY.replace("[sure]", '[sure, "classic:last_number"]')
    async with LevelServer() as server:
        study = write(tmp_path, server.url("")[:-1], style="completion", text=text)
        done = await command("run", study, "-o", tmp_path / "run", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        own = [tmp_path / "run" / name for name in ("scores.parquet", "fidelity.json", "report.html")]
        before, sent = [path.read_bytes() for path in own], len(server.bodies)
        await ask(study, metric="accuracy")
        assert [path.read_bytes() for path in own] == before
        again = await command("run", study, "-o", tmp_path / "run", folder=tmp_path)
        assert again.returncode == 0, again.stderr
        assert "Done anew" not in again.stderr
        assert len(server.bodies) == sent + expected_calls("completion")
    assert [path.read_bytes() for path in own] == before


async def test_levels_are_scores_that_other_commands_read(tmp_path: Path) -> None:
    models = "".join(
        f'  late{n}: {{{{use: "openai:late:{n}", base_url: "{{url}}/v1", style: chat}}}}\n' for n in (1, 2)
    )
    text = STUDY.replace("synthetic:", f"{models}synthetic:").replace("[sure]", "[sure, late1, late2]")
    async with LevelServer() as server:
        await ask(write(tmp_path, server.url("")[:-1], text=text))
    table = tmp_path / "run" / "levels.parquet"
    matrix = read_matrix([table])
    assert matrix.metric == "level_reached"
    assert matrix.kinds == {"real": "real", "easy": "synthetic"}
    reached = np.array([[min(first + late, 6) for first in (*REAL, *EASY)] for late in range(3)])
    assert matrix.scores == pytest.approx(1 - (reached - 1) / 5)
    done = await command("audit", table, "--real", "real", "--json", "-", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    gap = orjson.loads(done.stdout)["fidelity"]["easy"]["gap"]["value"]
    assert gap == pytest.approx(np.mean(matrix.scores[:, 8:]) - np.mean(matrix.scores[:, :8]))


async def test_a_sample_is_asked_and_a_changed_prompt_asks_anew(tmp_path: Path) -> None:
    async with LevelServer() as server:
        study = write(tmp_path, server.url("")[:-1])
        report, _ = await ask(study, items=3, levels=("role",))
        assert len(server.bodies) == 6
        assert report["benchmarks"]["real"]["items"] == 3
        assert report["benchmarks"]["real"]["all_items"] == 8
        await ask(study, levels=("role",))
        assert len(server.bodies) == len(set(server.bodies)) == 12
        await ask(study, items=3, levels=("role",))
        await ask(study, levels=("role",))
        assert len(server.bodies) == 12
        study.write_text(study.read_text("utf-8") + "description: Every thing has its worth.\n", "utf-8")
        _, said = await ask(study, levels=("role",))
        assert len(server.bodies) == len(set(server.bodies)) == 24
        assert "Done anew: levels/role/real/sure.jsonl" in said
    for path in (tmp_path / "run" / "levels").glob("*/*/*.jsonl"):
        for line in path.read_bytes().splitlines():
            Response.model_validate_json(line)


@pytest.mark.parametrize(
    ("options", "text", "what"),
    [
        (LevelOptions(levels=("rol",)), STUDY, "no prompting level is called 'rol'"),
        (LevelOptions(solvers=("shure",)), STUDY, "'shure' is no solver of this study"),
        (LevelOptions(), STUDY.replace("[sure]", '["classic:last_number"]'), "no solver is a language model"),
        (LevelOptions(metric="judged"), STUDY.replace("task: math", "task: open_qa"), "needs a judge"),
        (LevelOptions(metric="f1"), STUDY, "has no metric 'f1'"),
        (LevelOptions(levels=("role",), tries=True), STUDY, "one level is one try"),
        (LevelOptions(), STUDY.replace("pool.jsonl", "real.jsonl"), "there is no pool"),
        (LevelOptions(items=1), STUDY, "no bundle of 'real' is as small as 1"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_sent(
    tmp_path: Path, options: LevelOptions, text: str, what: str
) -> None:
    path = write(tmp_path, "http://127.0.0.1:9", text=text)
    if options.items:
        rows = [{**problem(n, 1), "bundle": f"b{n // 2}"} for n in range(4)]
        (tmp_path / "real.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    with pytest.raises(AcidtestError) as caught:
        run_levels(load_study(path), tmp_path, tmp_path / "run", Heard(), options)
    assert what in str(caught.value)


@pytest.mark.long
async def test_a_real_model_goes_through_the_levels(tmp_path: Path, smollm2: Path) -> None:
    labels = ("alarm", "music")
    texts = ("wake me at six", "play some jazz", "set an alarm for noon", "put on the radio", "ring at ten", "a song")
    rows = [{"id": str(n), "text": text, "label": labels[n % 2]} for n, text in enumerate(texts)]
    for name, part in (("real", rows[:1]), ("easy", rows[1:2]), ("pool", rows[2:])):
        (tmp_path / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in part))
    study = tmp_path / "study.yaml"
    study.write_text(
        "study: small\ntask: intent\nlabels: [alarm, music]\nreal: {path: real.jsonl, pool: pool.jsonl}\n"
        f"models: {{small: {{use: 'local:{smollm2}'}}}}\nsynthetic: [{{name: easy, path: easy.jsonl}}]\n"
        "solvers: [{model: small, shots: 0}]\n"
    )
    levels = ("role", "reasoning")
    found, _ = await ask(study, levels=levels, everything=True)
    jsonschema.Draft202012Validator(orjson.loads(schemas()["levels.schema.json"])).validate(found)
    told = found["benchmarks"]["real"]["solvers"]["small"]
    assert told["asked"] == {"role": 1, "reasoning": 1}
    assert sum(told["unreadable"].values()) == 0  # the task's grammar holds at every level
    assert found["benchmarks"]["real"]["guess"]["value"] == 1 + 1 / 2 + 1 / 4
    answers = sorted((tmp_path / "run" / "levels").glob("*/*/*.jsonl"))
    before = [path.read_bytes() for path in answers]
    assert (await ask(study, levels=levels, everything=True))[0] == found
    assert [path.read_bytes() for path in answers] == before
