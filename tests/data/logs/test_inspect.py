"""Inspect's logs come out as Inspect itself reads them (`inspect/expected.json`), to the last digit."""

import json
import statistics
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acidtest.data.logs.inspect import InspectLog
from acidtest.data.logs.inspect_items import ItemNames
from acidtest.data.logs.inspect_scores import scored_values
from acidtest.data.logs.log_entry import LogEntry
from acidtest.data.logs.log_format import LogOptions
from acidtest.errors import DataError
from acidtest.registry import get

FOLDER = Path(__file__).parent / "inspect"
UNKNOWN = ("c", "n", "p", "0x10", "nan", "inf", "", "great", "C ", "10%")
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text("utf-8"))


def entries(path: Path, **options: Any) -> list[LogEntry]:
    return list(InspectLog().read(path, LogOptions(**options)))


def log(tmp_path: Path, samples: Iterable[Mapping[str, Any]], **parts: Any) -> Path:
    """Write a log of the JSON format; `parts` replace those of a small but whole one."""
    spec = {"task": "t", "model": "org/m", "config": {}, "scorers": [{"name": "s"}]}
    path = tmp_path / "log.json"
    whole = {"version": 2, "status": "success", "eval": spec, "plan": {}, "results": {}, "samples": list(samples)}
    path.write_text(json.dumps(whole | parts), "utf-8")
    return path


def sample(value: object, n: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": f"q{n}", "epoch": 1, "input": "?", "target": "x", "scores": {"s": {"value": value}}} | more


@pytest.mark.parametrize("file", EXPECTED)
def test_each_sample_has_the_scores_and_tokens_that_inspect_reads(file: str) -> None:
    expected = EXPECTED[file]
    found = {(e.item, e.epoch, e.metric): e for e in entries(FOLDER / file)}
    names = ItemNames()
    checked = set()
    for one in expected["samples"]:
        item = one["id"] if isinstance(one["id"], str) else names.of(_with_choices(file, one))
        epoch = None if "unnamed" in file else one["epoch"] - 1
        for metric, score in one["scores"].items():
            entry = found[item, epoch, metric]
            assert entry.score == score
            assert (entry.tokens_in, entry.tokens_out) == (one["tokens_in"], one["tokens_out"])
            assert (entry.label, entry.model) == (one["target"], expected["model"])
            assert bool(entry.error) == (score is None)
            checked.add((item, epoch, metric))
    # What Inspect has no score for is the sample with an error, once for each metric.
    rest = [entry for key, entry in found.items() if key not in checked]
    assert {(e.item, e.score, e.error) for e in rest} <= {("q-4", None, "RuntimeError(\"the question holds 'barks'\")")}
    errors = sum(bool(one["error"]) for one in expected["samples"])
    assert len(rest) == 5 * errors
    assert len(found) == len(entries(FOLDER / file))


def _with_choices(file: str, one: dict[str, Any]) -> dict[str, Any]:
    """Return a sample of `expected.json` with the choices that it was written with; shuffled, the letter is another."""
    fruit = ["plum", "brick"] if file == "unnamed_shuffled.eval" else ["brick", "plum"]
    return one | {"choices": fruit} if "fruit" in one["input"] else one


@pytest.mark.parametrize("file", [file for file, log in EXPECTED.items() if log["results"]])
def test_inspects_own_means_come_out_to_the_last_digit(file: str) -> None:
    read = entries(FOLDER / file)
    checked = 0
    for result in EXPECTED[file]["results"]:
        if result["metric"] not in ("accuracy", "mean") or result["reducer"] == "mode":
            continue
        plain = result["name"] == result["scorer"]
        metric = result["name"] if plain else f"{result['scorer']}/{result['name']}"
        epochs: dict[str, list[float]] = {}
        for entry in read:
            if entry.metric == metric and entry.score is not None:
                epochs.setdefault(entry.item, []).append(entry.score)
        assert np.mean([statistics.mean(scores) for scores in epochs.values()]) == result["value"]
        checked += 1
    assert checked == (1 if "unnamed" in file else 5)


def test_samples_without_ids_keep_their_name_when_shuffled() -> None:
    plain = {e.item: e for e in entries(FOLDER / "unnamed.eval")}
    shuffled = {e.item: e for e in entries(FOLDER / "unnamed_shuffled.eval")}
    assert (len(plain), len(shuffled)) == (4, 3)
    assert set(shuffled) < set(plain)
    # Targets are the data's, so they must agree, but for a letter of shuffled choices.
    assert {e.label for item, e in shuffled.items() if plain[item].label != e.label} <= {"A"}
    order = [list(plain).index(item) for item in shuffled]
    assert order != sorted(order)


def test_choices_and_messages_are_the_same_item_in_another_order_and_with_other_ids() -> None:
    def hashed(**parts: Any) -> str:
        return ItemNames().of({"id": 1, "input": "?", "target": "A", "choices": ["x", "y"]} | parts)

    assert hashed() == hashed(id=9, choices=["y", "x"], target="B")
    assert hashed() == hashed(target=["A"])
    assert hashed() != hashed(choices=["y", "x"])
    assert hashed() != hashed(input="??")
    said = {"role": "user", "content": [{"type": "text", "text": "?", "internal": 3}]}
    assert hashed(input=[{"id": "m1"} | said]) == hashed(input=[{"id": "m2"} | said])
    assert hashed(input=[said]) != hashed(input=[said | {"role": "system"}])


def test_files_and_setup_are_part_of_a_numbered_sample() -> None:
    plain: dict[str, Any] = {"id": 1, "input": "?"}
    kinds: list[dict[str, Any]] = [
        plain,
        plain | {"setup": "make"},
        plain | {"files": ["a.txt"]},
        plain | {"files": ["b.txt"]},
    ]
    assert len({ItemNames().of(one) for one in kinds}) == 4
    assert ItemNames().of(plain | {"files": ["a", "b"]}) == ItemNames().of(plain | {"files": ["b", "a"]})


def test_long_targets_are_no_labels_and_unknown_tokens_are_none(tmp_path: Path) -> None:
    usage = {"org/m": {"input_tokens_cache_read": 4, "output_tokens": 5}}
    samples = [sample("C", 1, target="x" * 201, model_usage=usage), sample("C", 2, target="x" * 200)]
    samples += [sample(None, 3, scores={})]
    long, short, bare = entries(log(tmp_path, samples))
    assert (long.label, long.tokens_in, long.tokens_out, long.epoch) == ("", None, 5, None)
    assert short.label == "x" * 200
    assert (bare.score, bare.error) == (None, "no score")


def test_defaults_of_a_task_are_no_arguments_and_scorers_are_called_as_in_results(tmp_path: Path) -> None:
    scorers = [{"name": "pack/other"}]
    spec = {"task": "t", "model": "m", "task_args": {"shots": 5}, "task_args_passed": {}, "scorers": scorers}
    broken = sample(None, 1, scores={}, error={"message": "no"})
    results = {"scores": [{"name": "s", "scorer": "s", "metrics": {}}]}
    (entry,) = entries(log(tmp_path, [broken], eval=spec, results=results))
    assert (entry.benchmark, entry.metric) == ("t", "s")


def test_samples_of_one_content_are_told_apart_and_epochs_are_not() -> None:
    names = ItemNames()
    first, second = {"id": 1, "input": "?"}, {"id": 2, "input": "?"}
    assert names.of(first) == names.of(first | {"epoch": 2})
    assert names.of(second) == names.of(first) + "-2"
    assert names.of({"id": "a  b"}) == "a b"
    assert names.of({"id": True}) == names.of({"id": 1.5}) == names.of({}) == ""


@pytest.mark.parametrize(("value", "number"), json.loads((FOLDER / "values.json").read_text("utf-8")))
def test_values_are_inspects_numbers(value: object, number: float) -> None:
    (found,) = scored_values("s", value)
    # What Inspect can make no number of, it counts as 0 and warns of; here it is not scored.
    assert found.score == (None if value in UNKNOWN else number)
    assert bool(found.why) == (found.score is None)


@pytest.mark.parametrize("value", [float("nan"), None, float("inf"), 10**400])
def test_what_no_mean_can_take_is_not_scored(value: object) -> None:
    (found,) = scored_values("s", value)
    assert found.score is None
    assert found.why


def test_dictionaries_give_a_metric_per_key_and_lists_are_left_out(tmp_path: Path) -> None:
    notes: list[str] = []
    path = log(tmp_path, [sample({"a": "C", "b": None, "c": [1]}, 1), sample([1, 0], 2)])
    read = entries(path, tell=notes.append)
    assert [(e.item, e.metric, e.score) for e in read] == [("q1", "s/a", 1.0), ("q1", "s/b", None), ("q1", "s/c", None)]
    assert notes == ["scorer 's' of 't' gives lists of values: left out"]


def test_a_sample_that_a_dictionary_scorer_left_unscored_counts_for_each_key(tmp_path: Path) -> None:
    unscored = sample(float("nan"), 1, scores={"s": {"value": float("nan"), "reason": "no_response"}})
    read = entries(log(tmp_path, [unscored, sample({"a": 1, "b": 0}, 2)]))
    assert [(e.item, e.metric, e.score, e.failure, e.error) for e in read] == [
        ("q2", "s/a", 1.0, None, ""),
        ("q2", "s/b", 0.0, None, ""),
        ("q1", "s/a", None, True, "no_response"),
        ("q1", "s/b", None, True, "no_response"),
    ]


def test_a_sample_that_broke_or_was_stopped_has_a_row_per_scorer_that_said_nothing(tmp_path: Path) -> None:
    broken = sample(None, 1, scores=None, error={"message": "out of \ud800 memory\x00", "traceback": ""})
    stopped = sample(None, 2, scores={}, limit={"type": "token", "limit": 5})
    scored = sample("C", 3, error={"message": "later"}, limit={"type": "time"})
    read = entries(log(tmp_path, [broken, stopped, scored]))
    assert [(e.item, e.score, e.error) for e in read] == [
        ("q3", 1.0, ""),
        ("q1", None, "out of \ufffd memory\ufffd"),
        ("q2", None, "stopped by its limit of token"),
    ]
    assert {e.metric for e in read} == {"s"}


def test_scorers_that_give_lists_are_no_metrics_of_broken_samples_and_packages_are_no_part_of_names(
    tmp_path: Path,
) -> None:
    spec = {"task": "t", "model": "m", "scorers": [{"name": "pack/s"}, {"name": "pack/listed"}]}
    both = {"s": {"value": "C"}, "listed": {"value": [1]}}
    broken = sample(None, 2, scores={}, error={"message": "no"})
    read = entries(log(tmp_path, [sample("C", scores=both), broken], eval=spec))
    assert [(e.item, e.metric, e.score) for e in read] == [("q1", "s", 1.0), ("q2", "s", None)]
    # Where nothing was scored at all, the scorers are all that is known of metrics.
    assert [(e.item, e.metric) for e in entries(log(tmp_path, [broken], eval=spec))] == [("q2", "s"), ("q2", "listed")]


def test_a_log_of_old_with_one_score_per_sample(tmp_path: Path) -> None:
    old = {"id": 1, "epoch": 1, "input": "?", "target": ["x", "y"], "score": {"value": "C", "answer": "x"}}
    (entry,) = entries(log(tmp_path, [old], eval={"task": "t", "model": "m", "task_args": {"shots": 5}}))
    assert (entry.benchmark, entry.metric, entry.score) == ("t(shots=5)", "score", 1.0)
    assert (entry.prediction, entry.label) == ("x", '["x", "y"]')


def test_arguments_make_benchmarks_or_topics_and_a_named_solver_makes_another_model(tmp_path: Path) -> None:
    spec = {"task": "mmlu", "model": "org/m", "task_args": {"a": 1, "b": 2}, "task_args_passed": {"a": [1, "x"]}}
    named = spec | {"solver": "think", "solver_args_passed": {"steps": 2}}
    (plain,) = entries(log(tmp_path, [sample("C")], eval=spec))
    assert (plain.benchmark, plain.topic, plain.item, plain.model) == ('mmlu(a=[1, "x"])', "", "q1", "org/m")
    (grouped,) = entries(log(tmp_path, [sample("C")], eval=named), groups=True)
    assert (grouped.benchmark, grouped.topic, grouped.item) == ("mmlu", 'a=[1, "x"]', 'a=[1, "x"]/q1')
    assert grouped.model == "org/m + think(steps=2)"


def test_costs_and_cached_tokens_are_those_of_the_solver_not_of_the_grader(tmp_path: Path) -> None:
    usage = {
        "org/m": {"input_tokens": 3, "input_tokens_cache_read": 4, "output_tokens": 5, "total_cost": 0.25},
        "org/grader": {"input_tokens": 1000, "output_tokens": 1000, "total_cost": 9},
    }
    (entry,) = entries(log(tmp_path, [sample("C", model_usage=usage)]))
    assert (entry.tokens_in, entry.tokens_out, entry.cost) == (7, 5, 0.25)


def test_a_log_without_samples_gives_the_means_and_says_so(tmp_path: Path) -> None:
    def result(name: str, reducer: str | None, **metrics: float) -> dict[str, Any]:
        return {
            "name": name,
            "scorer": "s",
            "reducer": reducer,
            "metrics": {k: {"value": v} for k, v in metrics.items()},
        }

    scores = [result("s", "mean", accuracy=0.5, stderr=0.1), result("s", "mode", accuracy=0.7)]
    scores += [result("part", None, mean=0.25), result("other", None, f1=0.25)]
    notes: list[str] = []
    read = entries(log(tmp_path, [], results={"scores": scores}), tell=notes.append)
    assert [(e.item, e.metric, e.score) for e in read] == [("", "s", 0.5), ("", "s/part", 0.25)]
    assert notes == ["'log.json' holds no samples: only means are read"]


@pytest.mark.parametrize("file", [name for name in EXPECTED if name != "unfinished.eval"])
def test_means_of_what_is_read_are_inspects_own(file: str) -> None:
    notes: list[str] = []
    results = InspectLog().read(FOLDER / file, LogOptions(tell=notes.append))
    assert list(results)
    assert notes == []  # of `errands.eval` by the mean of its epochs, though it has their mode, too


@pytest.mark.parametrize(
    ("reducers", "said"),
    [
        ({"mode": 1.0}, "1 by mode of the epochs, the mean over items is 0.75"),
        ({"mode": 1.0, "mean": 0.75}, ""),
        ({None: 0.5}, "0.5, the mean over items is 0.75"),
        ({None: 0.75}, ""),
    ],
)
def test_a_mean_that_is_not_inspects_own_is_told(tmp_path: Path, reducers: dict[str | None, float], said: str) -> None:
    samples = [sample(value, n, epoch=epoch) for n, epoch, value in [(1, 1, "C"), (1, 2, "I"), (2, 1, "C")]]
    scores = [
        {"name": "s", "scorer": "s", "reducer": reducer, "metrics": {"accuracy": {"value": value}}}
        for reducer, value in reducers.items()
    ]
    notes: list[str] = []
    entries(log(tmp_path, samples, results={"scores": scores}), tell=notes.append)
    assert notes == ([f"'s' of 't': the tool says {said}"] if said else [])


def test_a_sample_that_a_person_marked_as_invalid_counts_as_not_scored(tmp_path: Path) -> None:
    marked = {"timestamp": "2026-01-01T00:00:00+00:00", "author": "me", "reason": "the sandbox was down"}
    samples = [sample("C", 1, invalidation=marked), sample("C", 2, invalidation=None), sample("I", 3, invalidation={})]
    read = entries(log(tmp_path, samples))
    assert [e.error for e in read] == ["the sandbox was down", "", "invalidated"]


@pytest.mark.parametrize(
    ("spec", "options", "names"),
    [
        ({"task": "t", "model": "none/none"}, {"model": "mine"}, ("t", "mine")),
        ({"model": "m"}, {"benchmark": "b"}, ("b", "m")),
        ({"task": "t", "model": "m"}, {"model": "mine", "benchmark": "b"}, ("t", "m")),
    ],
)
def test_options_name_what_the_log_does_not(
    tmp_path: Path, spec: dict[str, str], options: dict[str, str], names: tuple[str, str]
) -> None:
    (entry,) = entries(log(tmp_path, [sample("C")], eval=spec), **options)
    assert (entry.benchmark, entry.model) == names


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"eval": {"task": "t", "model": "none/none"}}, "names no model"),
        ({"eval": {"model": "m"}}, "names no task"),
        ({"eval": []}, "does not say what was run"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, parts: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        entries(log(tmp_path, [sample("C")], **parts))
    with pytest.raises(DataError, match="a sample without id"):
        entries(log(tmp_path, [sample("C", id=None)]))


def test_unfinished_logs_say_so() -> None:
    notes: list[str] = []
    read = entries(FOLDER / "unfinished.eval", tell=notes.append)
    assert len({(e.item, e.epoch) for e in read}) == len(EXPECTED["unfinished.eval"]["samples"]) == 5
    assert notes == ["'unfinished.eval' is the log of a run that did not finish: it holds what was done until then"]
    entries(FOLDER / "errands.eval", tell=notes.append)
    assert len(notes) == 1


def test_members_are_read_by_their_names_and_not_as_paths(tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    header = {"status": "error", "eval": {"task": "t", "model": "m"}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_journal/start.json", json.dumps(header))
        for n, name in enumerate(["samples/10", "samples/2", "samples/../../up", "/samples/abs", "samples/x/../y"]):
            archive.writestr(f"{name}_epoch_1.json", json.dumps(sample(n, n)))
        archive.writestr("samples/q_epoch_x.json", "{")
    # Texts come before numbers, and 2 before 10; what does not stand in "samples/" is no sample.
    assert [e.item for e in entries(path)] == ["q2", "q4", "q1", "q0"]
    assert [p.name for p in tmp_path.iterdir()] == ["log.eval"]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"samples/1_epoch_1.json": "{}"}, "without Inspect's header"),
        ({"header.json": '{"eval": {"task": "t"'}, "broken JSON"),
        ({"header.json": "[]"}, "does not say what was run"),
    ],
)
def test_archives_of_something_else_are_refused(tmp_path: Path, members: dict[str, str], message: str) -> None:
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(DataError, match=message):
        entries(path)


def test_files_are_recognised_by_what_is_in_them() -> None:
    form = get("log", "inspect")()
    for file in EXPECTED:
        assert form.recognises(FOLDER / file, (FOLDER / file).read_bytes()[:65536])
    for name, head in {"a.eval": b"{}", "a.json": b'{"version": 2, "results": {}}', "b.json": b"[" * 900}.items():
        assert not form.recognises(Path(name), head)
