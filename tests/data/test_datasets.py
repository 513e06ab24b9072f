"""The data sets, on their real files: the published counts, known hashes, pools apart from what is evaluated."""

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from acidtest.data.datasets.catalogue import dataset, datasets, load_dataset
from acidtest.data.datasets.files import dataset_files
from acidtest.data.read import read_rows
from acidtest.data.split import normalised
from acidtest.errors import FetchError, UnknownNameError
from acidtest.types import Benchmark, Item

DOCS = Path(__file__).resolve().parents[2] / "docs" / "datasets.md"
NAMES = [entry.name for entry in datasets()]

# Sizes as the publishers state them: SNIPS validation 7 x 100 and its full training files; Larson et al. 2019, table 1;
# Casanueva et al. 2020, table 1; Liu et al. 2021, table of statistics; Wikigold's README; Agirre et al. 2016, table 1;
# Ravichander et al. 2022, table 2; Cobbe et al. 2021; Patel et al. 2021; Huang et al. 2025; TruthfulQA v1.
SIZES = {
    "snips": {"train": 13_784, "test": 700},
    "clinc150": {"train": 15_000, "val": 3_000, "test": 4_500},
    "clinc150_oos": {"train": 15_100, "val": 3_100, "test": 5_500},
    "banking77": {"train": 10_003, "test": 3_080},
    "crossner_ai": {"train": 100, "dev": 350, "test": 431},
    "crossner_literature": {"train": 100, "dev": 400, "test": 416},
    "crossner_music": {"train": 100, "dev": 380, "test": 465},
    "crossner_politics": {"train": 200, "dev": 541, "test": 651},
    "crossner_science": {"train": 200, "dev": 450, "test": 543},
    "wikigold": {"all": 1_696},
    "sts2016": {"question-question": 209, "answer-answer": 254, "postediting": 244, "all": 707},
    "sts2016_question_question": {"question-question": 209, "all": 209},
    "sts2016_answer_answer": {"answer-answer": 254, "all": 254},
    "sts2016_postediting": {"postediting": 244, "all": 244},
    "condaqa": {"test": 7_240, "dev": 1_110, "train_fewshot": 45},
    "gsm8k": {"train": 7_473, "test": 1_319},
    "svamp": {"all": 1_000},
    "math_perturb": {"hard": 279, "simple": 279, "all": 558},
    "truthfulqa": {"all": 790},
    "truthfulqa_mc": {"all": 790},
}
LABELS = {
    "snips": 7,
    "clinc150": 150,
    "clinc150_oos": 151,
    "banking77": 77,
    "crossner_ai": 14,
    "crossner_literature": 12,
    "crossner_music": 13,
    "crossner_politics": 9,
    "crossner_science": 17,
    "wikigold": 4,
}
# Entities per train, dev, test: counted from the publisher's files with another tool, as stated beside the copies.
ENTITIES = {
    "ai": (532, 1549, 1809),
    "literature": (541, 2130, 2266),
    "music": (648, 2679, 3336),
    "politics": (1304, 3482, 4209),
    "science": (1075, 2538, 3089),
}


@pytest.fixture(autouse=True)
def _only_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if "real_data" in request.fixturenames:
        monkeypatch.setenv("ACIDTEST_DATA", str(request.getfixturevalue("real_data")))
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "cache"))


def everything(name: str, split: str) -> list[Item]:
    entry = dataset(name)
    files = dataset_files(entry)
    return [item for part in entry.splits[split] for item in files.items(part)]


def test_every_data_set_is_in_these_lists() -> None:
    assert set(SIZES) == set(NAMES)
    assert {name: set(sizes) for name, sizes in SIZES.items()} == {e.name: set(e.splits) for e in datasets()}
    assert set(LABELS) == {entry.name for entry in datasets() if entry.task in ("intent", "ner")}


@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize("name", NAMES)
def test_sizes_are_the_published_ones(name: str) -> None:
    assert {split: len(everything(name, split)) for split in dataset(name).splits} == SIZES[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_known_hashes_are_those_of_the_files(real_data: Path, name: str) -> None:
    entry = dataset(name)
    for file in entry.copies.values():
        content = (real_data / entry.folder / file.path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256


@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize("name", NAMES)
def test_the_benchmark_is_whole_and_its_pool_is_apart(name: str) -> None:
    entry = dataset(name)
    benchmark = load_dataset(name, seed=3)
    assert benchmark.kind == "real"
    assert len(benchmark.labels) == LABELS.get(name, 0)
    ids = [item.id for item in (*benchmark.items, *benchmark.pool)]
    assert len(set(ids)) == len(ids)
    assert benchmark.items
    assert benchmark.pool
    assert not {normalised(item) for item in benchmark.items} & {normalised(item) for item in benchmark.pool}
    assert all(text.strip() for item in benchmark.items for text in item.input.values())
    if entry.pool is None:
        size = SIZES[name][entry.test]
        assert len(ids) == size
        assert abs(len(benchmark.pool) - 0.3 * size) <= 2  # whole groups: a copy or a bundle is never torn apart
        assert load_dataset(name, seed=3) == benchmark
        assert load_dataset(name, seed=4).pool != benchmark.pool
    else:
        assert len(benchmark.items) == SIZES[name][entry.test]


def test_texts_of_snips_that_stand_in_both_splits(real_data: Path) -> None:
    raw = {part: list(read_rows(real_data / "snips" / f"{part}.jsonl.gz")) for part in ("train", "test")}
    # Nine test texts stand in train but for case and outer blanks; two more differ in blanks between words.
    plain = {str(row.values["text"]).strip().lower() for row in raw["train"]}
    assert sum(str(row.values["text"]).strip().lower() in plain for row in raw["test"]) == 9
    train = {normalised(item) for item in everything("snips", "train")}
    assert sum(normalised(item) in train for item in everything("snips", "test")) == 11
    assert len(load_dataset("snips").pool) == 13_784 - 11  # one of those texts stands twice in train, two share one


@pytest.mark.usefixtures("real_data")
def test_counts_inside_the_intent_sets() -> None:
    assert set(Counter(item.target for item in load_dataset("snips").items).values()) == {100}
    assert set(Counter(item.target for item in load_dataset("banking77").items).values()) == {40}
    clinc = load_dataset("clinc150_oos")
    counts = Counter(str(item.target) for item in clinc.items)
    assert counts.pop("oos") == 1_000
    assert set(counts.values()) == {30}
    assert len({item.topic for item in load_dataset("clinc150").items}) == 10


@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize("domain", ENTITIES)
def test_entities_of_crossner(domain: str) -> None:
    found = tuple(
        sum(len(item.target) for item in everything(f"crossner_{domain}", split) if isinstance(item.target, list))
        for split in ("train", "dev", "test")
    )
    assert found == ENTITIES[domain]


@pytest.mark.usefixtures("real_data")
def test_tokens_of_wikigold() -> None:
    items = everything("wikigold", "all")
    assert sum(len(item.input["text"].split(" ")) for item in items) == 39_007
    assert load_dataset("wikigold").labels == ("LOC", "MISC", "ORG", "PER")


@pytest.mark.usefixtures("real_data")
def test_scores_of_sts_are_0_to_5() -> None:
    scores = [item.target for item in everything("sts2016", "all")]
    assert all(isinstance(score, float) and 0 <= score <= 5 for score in scores)


@pytest.mark.usefixtures("real_data")
def test_bundles_of_condaqa() -> None:
    items = load_dataset("condaqa").items
    edits: dict[str | None, set[str | None]] = {}
    for item in items:
        edits.setdefault(item.bundle, set()).add(item.edit)
    assert len(edits) == 2_057
    assert sum(len(found) == 4 for found in edits.values()) == 1_402
    assert Counter(item.target for item in items).most_common(3) == [("NO", 3457), ("YES", 3263), ("DON'T KNOW", 431)]


@pytest.mark.usefixtures("real_data")
def test_answers_of_the_word_problems() -> None:
    for name in ("gsm8k", "svamp"):
        assert all(str(item.target).lstrip("-").isdecimal() for item in load_dataset(name).items)


@pytest.mark.usefixtures("real_data")
def test_splits_can_be_named_and_joined() -> None:
    dev = load_dataset("crossner_politics", "dev")
    assert len(dev.items) == 541
    both = load_dataset("crossner_politics", "dev+test")
    assert len(both.items) == 541 + 651
    assert {item.id for item in both.pool} <= {item.id for item in everything("crossner_politics", "train")}
    two = load_dataset("sts2016", "question-question+answer-answer", seed=1, pool_share=0.5)
    assert {item.topic for item in two.items} == {"question-question", "answer-answer"}
    assert len(two.items) + len(two.pool) == 209 + 254
    train = load_dataset("crossner_politics", "train", pool_share=0.25)
    assert (len(train.items), len(train.pool)) == (150, 50)
    with pytest.raises(UnknownNameError, match="no split 'validation'") as error:
        load_dataset("crossner_politics", "validation")
    assert "train, dev, test" in error.value.way_out


def test_a_changed_file_is_noticed(tmp_path: Path, real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mine" / "gsm8k"
    folder.mkdir(parents=True)
    for part in ("train", "test"):
        (folder / f"{part}.jsonl.gz").write_bytes((real_data / "gsm8k" / f"{part}.jsonl.gz").read_bytes())
    monkeypatch.setenv("ACIDTEST_DATA", str(tmp_path / "mine"))
    assert len(load_dataset("gsm8k").items) == 1_319
    with (folder / "test.jsonl.gz").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(FetchError, match=r"'test\.jsonl\.gz' is not the file that is known"):
        load_dataset("gsm8k")


def test_a_folder_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACIDTEST_DATA", str(tmp_path / "none"))
    with pytest.raises(FetchError, match="ACIDTEST_DATA names no folder"):
        load_dataset("gsm8k")


def test_listing_is_cheap_and_loads_no_heavy_library() -> None:
    code = (
        "import sys; from acidtest.data.datasets.catalogue import datasets; assert datasets(); "
        "print([m for m in ('pyarrow', 'scipy', 'sklearn', 'aiohttp', 'rich', 'xllamacpp') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_documentation_lists_exactly_these() -> None:
    rows = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| `")]
    expected = [
        f"| `{e.name}` | {e.task} | {_splits(e.name)} | {e.licence} | [{e.revision[:7]}]({e.source}/tree/{e.revision})"
        f" | {e.citation} |"
        for e in datasets()
    ]
    assert rows == expected


def _splits(name: str) -> str:
    entry = dataset(name)
    words = [f"**{s} {n:,}**" if s == entry.test else f"{s} {n:,}" for s, n in SIZES[name].items()]
    return ", ".join(words)


def test_addresses_are_pinned_to_a_commit() -> None:
    for entry in datasets():
        assert len(entry.revision) == 40
        assert int(entry.revision, 16) > 0
        assert entry.address == f"https://raw.githubusercontent.com/{entry.source.split('.com/')[1]}/{entry.revision}/"
        assert entry.licence
        assert entry.citation


@pytest.mark.usefixtures("real_data")
def test_benchmarks_say_what_they_are() -> None:
    benchmark = load_dataset("sts2016_postediting")
    assert isinstance(benchmark, Benchmark)
    assert (benchmark.name, benchmark.generator, benchmark.labels) == ("sts2016_postediting", None, ())


@pytest.mark.usefixtures("real_data")
def test_choices_of_truthfulqa_are_the_best_answer_among_all_wrong_ones() -> None:
    from acidtest.tasks.multiple_choice import MultipleChoiceTask

    task, open_items = MultipleChoiceTask(), {item.id: item for item in everything("truthfulqa", "all")}
    letters: Counter[str] = Counter()
    for item in everything("truthfulqa_mc", "all"):
        target = open_items[item.id].target
        assert isinstance(target, dict)
        assert isinstance(target["best"], str)
        assert isinstance(target["incorrect"], list)
        assert task.problem(item) == ""
        assert item.choices["ABCDEFGHIJKLM".index(str(item.target))] == target["best"].strip()
        assert set(target["incorrect"]) | {target["best"].strip()} >= set(item.choices) - {target["best_incorrect"]}
        letters[str(item.target)] += len(item.choices) == 4
    quarter, spread = letters.total() / 4, (letters.total() * 3 / 16) ** 0.5
    assert all(abs(letters[letter] - quarter) < 3 * spread for letter in "ABCD")  # binomial: no letter is favoured
