"""The publishers' own files give the same items as the tidy copies; texts here are made up, layouts are theirs."""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from acidtest.data.datasets.catalogue import dataset, datasets, load_dataset
from acidtest.data.datasets.files import dataset_files
from acidtest.errors import DataError
from acidtest.types import Item

Files = Mapping[str, bytes]


def lines(*rows: object) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def snips_query(*segments: tuple[str, str | None]) -> dict[str, object]:
    return {"data": [{"text": text} | ({"entity": entity} if entity else {}) for text, entity in segments]}


SNIPS_INTENTS = [
    "AddToPlaylist",
    "BookRestaurant",
    "GetWeather",
    "PlayMusic",
    "RateBook",
    "SearchCreativeWork",
    "SearchScreeningEvent",
]


def snips() -> Files:
    files: dict[str, bytes] = {}
    for intent in SNIPS_INTENTS:
        folder = f"2017-06-custom-intent-engines/{intent}"
        train = {
            intent: [snips_query(("say ", None), (f"{intent} café", "slot"), ("\n", None)), snips_query(("b", None))]
        }
        # the publisher's training file for PlayMusic is Latin-1, all others are UTF-8
        encoding = "latin-1" if intent == "PlayMusic" else "utf-8"
        files[f"{folder}/train_{intent}_full.json"] = json.dumps(train, ensure_ascii=False).encode(encoding)
        files[f"{folder}/validate_{intent}.json"] = json.dumps(
            {intent: [snips_query(("test ", None), (intent, "x"))]}
        ).encode()
    return files


CLINC = {
    "data/data_full.json": json.dumps(
        {
            **{s: [[f"{s} one", "balance"], [f"{s} two", "joke"]] for s in ("train", "val", "test")},
            **{f"oos_{s}": [[f"outside {s}", "oos"]] for s in ("train", "val", "test")},
        }
    ).encode(),
    "data/domains.json": json.dumps({"banking": ["balance"], "small_talk": ["joke"]}).encode(),
}
BANKING = {
    "banking_data/train.csv": b'text,category\n"\nWhere, please?\n\n",card_arrival\n',
    "banking_data/test.csv": b'text,category\n"She said ""no"".",refund\nStill none,card_arrival\n',
}
CROSSNER = {
    f"ner_data/politics/{split}.txt": (
        f"{split}\tO\nAda\tB-politician\nLovelace\tI-politician\n\nKing\tB-politician\n'\tO\n\n".encode()
    )
    for split in ("train", "dev", "test")
}
WIKIGOLD = {
    "data/wikigold/CONLL-format/data/wikigold.conll.txt": b"Ada I-PER\nspoke O\n\n-DOCSTART- O\n\nIn O\nOslo I-LOC\n\n"
}
STS = {
    "data/sts/semeval-sts/2016/postediting.test.tsv": (
        b'\tnot judged\tat all\n4\tHe said "stop.\tHe said stop. \n0\tA\tB\n2.5\tC\tD\textra\n'
    )
}


def conda(sample: int, edit: int, passage: int = 7) -> dict[str, object]:
    return {
        "SampleID": sample,
        "PassageID": passage,
        "QuestionID": "q10",
        "PassageEditID": edit,
        "sentence1": f"Passage {sample}.",
        "sentence2": f"Question {sample}?",
        "label": "DON'T KNOW",
        "original cue": "not",
    }


CONDAQA = {
    "data/condaqa_dev.json": lines(conda(1, 0, 1)),
    **{f"data/few-shot/test_splits/conda_fewshot_test_{i}.json": lines(conda(10 + i, i % 4)) for i in range(1, 6)},
    **{
        f"data/few-shot/train_splits/sampling_c_shots_9/conda_fewshot_train_{i}.json": lines(
            conda(90, 3, 9), conda(90 + i, 1, 9)
        )
        for i in range(1, 6)
    },
}
GSM8K = {
    f"grade_school_math/data/{split}.jsonl": lines(
        {"question": f"How many in {split}?", "answer": "2*600=<<2*600=1200>>1200\n#### 1,200"},
        {"question": f"How few in {split}?", "answer": "#### -3"},
    )
    for split in ("train", "test")
}
SVAMP = {
    "SVAMP.json": json.dumps(
        [
            {
                "ID": f"chal-{i}",
                "Body": f"Ada had {i} pens ",
                "Question": "How many?",
                "Equation": "",
                "Answer": answer,
                "Type": "Sum",
            }
            for i, answer in enumerate([51.0, 0.5, 3.0], start=1)
        ],
        indent=2,
    ).encode()
}
MATH_PERTURB = {
    f"math_perturb/math_perturb_{part}.jsonl": lines(
        {
            "problem_id": 1,
            "problem": f"{part} $x$?",
            "answer": 36,
            "level": "Level 5",
            "type": "Algebra",
            "original_split": "train",
        },
        {
            "problem_id": 2,
            "problem": f"{part} $y$?",
            "answer": "\\sqrt{2}",
            "level": "Level 5",
            "type": "Geometry",
            "original_split": "test",
        },
    )
    for part in ("hard", "simple")
}
TRUTHFULQA = {
    "mcq_classifier/TruthfulQA.csv": (
        b"Type,Category,Question,Best Answer,Best Incorrect Answer,Correct Answers,Incorrect Answers,Source\n"
        b'Adversarial,Myths,"Is it, really?",No,Yes,No; Never,Yes; Always; ,http://x\n'
        b"Adversarial,Law,And this?,No,Yes,No,Yes,http://y\n"
    )
}


def put(folder: Path, files: Files) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def items_of(name: str, part: str) -> list[Item]:
    return dataset_files(dataset(name)).items(part)


CASES: list[tuple[str, str, Files, str, Sequence[tuple[str, str, object]]]] = [
    ("snips", "snips", snips(), "test", [(f"snips-validate-{i}-0", f"test {i}", i) for i in SNIPS_INTENTS]),
    (
        "snips",
        "snips",
        snips(),
        "train",
        [(f"snips-train-{i}-{n}", text, i) for i in SNIPS_INTENTS for n, text in enumerate([f"say {i} café", "b"])],
    ),
    ("clinc150", "clinc150", CLINC, "val", [("clinc-val-0", "val one", "balance"), ("clinc-val-1", "val two", "joke")]),
    ("clinc150_oos", "clinc150", CLINC, "oos_test", [("clinc-oos_test-0", "outside test", "oos")]),
    ("banking77", "banking77", BANKING, "train", [("banking77-train-0", "Where, please?", "card_arrival")]),
    (
        "banking77",
        "banking77",
        BANKING,
        "test",
        [("banking77-test-0", 'She said "no".', "refund"), ("banking77-test-1", "Still none", "card_arrival")],
    ),
    (
        "crossner_politics",
        "crossner",
        CROSSNER,
        "dev",
        [
            ("crossner-politics-dev-0", "dev Ada Lovelace", [["politician", 4, 16]]),
            ("crossner-politics-dev-1", "King '", [["politician", 0, 4]]),
        ],
    ),
    (
        "wikigold",
        "wikigold",
        WIKIGOLD,
        "all",
        [("wikigold-0", "Ada spoke", [["PER", 0, 3]]), ("wikigold-1", "In Oslo", [["LOC", 3, 7]])],
    ),
    (
        "sts2016_postediting",
        "sts2016",
        STS,
        "postediting",
        [
            ("sts16-postediting-1", 'He said "stop.|He said stop.', 4.0),
            ("sts16-postediting-2", "A|B", 0.0),
            ("sts16-postediting-3", "C|D", 2.5),
        ],
    ),
    (
        "condaqa",
        "condaqa",
        CONDAQA,
        "train_fewshot",
        [(f"condaqa-{90 + i}", f"Passage {90 + i}.|Question {90 + i}?", "DON'T KNOW") for i in range(6)],
    ),
    (
        "gsm8k",
        "gsm8k",
        GSM8K,
        "test",
        [("gsm8k-test-0", "How many in test?", "1200"), ("gsm8k-test-1", "How few in test?", "-3")],
    ),
    (
        "svamp",
        "svamp",
        SVAMP,
        "all",
        [(f"chal-{i}", f"Ada had {i} pens How many?", a) for i, a in enumerate(["51", "0.5", "3"], start=1)],
    ),
    (
        "math_perturb",
        "math_perturb",
        MATH_PERTURB,
        "simple",
        [("math_perturb-simple-1", "simple $x$?", "36"), ("math_perturb-simple-2", "simple $y$?", "\\sqrt{2}")],
    ),
    (
        "truthfulqa",
        "truthfulqa",
        TRUTHFULQA,
        "all",
        [
            (
                "truthfulqa-0",
                "Is it, really?",
                {"best": "No", "best_incorrect": "Yes", "correct": ["No", "Never"], "incorrect": ["Yes", "Always"]},
            ),
            (
                "truthfulqa-1",
                "And this?",
                {"best": "No", "best_incorrect": "Yes", "correct": ["No"], "incorrect": ["Yes"]},
            ),
        ],
    ),
    (
        "truthfulqa_mc",
        "truthfulqa",
        TRUTHFULQA,
        "all",
        [("truthfulqa-0", "Is it, really?", "C"), ("truthfulqa-1", "And this?", "A")],
    ),
]


@pytest.mark.parametrize(("name", "folder", "files", "part", "expected"), CASES, ids=[f"{c[0]}-{c[3]}" for c in CASES])
def test_the_publishers_files_are_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    folder: str,
    files: Files,
    part: str,
    expected: Sequence[tuple[str, str, object]],
) -> None:
    monkeypatch.setenv("ACIDTEST_DATA", str(tmp_path))
    put(tmp_path / folder, files)
    found = [(i.id, "|".join(i.input.values()), i.target) for i in items_of(name, part)]
    assert found == expected


def test_every_layout_has_a_case() -> None:
    assert {case[0] for case in CASES} >= {
        entry.name for entry in datasets() if not entry.name.startswith(("crossner_", "sts2016"))
    }
    for name, _, files, _, _ in CASES:
        assert {file.path for file in dataset(name).upstream} == set(files)


def test_the_order_of_choices_is_that_of_their_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `printf "truthfulqa-0\\nYes" | sha256sum`: Yes 03, Always 80, No 9a; of truthfulqa-1, No 02 and Yes 4a."""
    monkeypatch.setenv("ACIDTEST_DATA", str(tmp_path))
    put(tmp_path / "truthfulqa", TRUTHFULQA)
    assert [item.choices for item in items_of("truthfulqa_mc", "all")] == [("Yes", "Always", "No"), ("No", "Yes")]


def test_bundles_and_topics_come_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACIDTEST_DATA", str(tmp_path))
    put(tmp_path / "condaqa", CONDAQA)
    put(tmp_path / "clinc150", CLINC)
    put(tmp_path / "math_perturb", MATH_PERTURB)
    condaqa = load_dataset("condaqa")
    assert [(i.bundle, i.edit) for i in condaqa.items] == [
        ("condaqa-7-q10", edit) for edit in ("paraphrase", "scope", "affirmative", "original", "paraphrase")
    ]
    assert [i.topic for i in load_dataset("clinc150_oos").items] == ["banking", "small_talk", "oos"]
    paired = [*load_dataset("math_perturb", "all").items, *load_dataset("math_perturb", "all").pool]
    assert sorted((i.bundle, i.edit) for i in paired if i.bundle) == [
        (f"math_perturb-{n}", edit) for n in (1, 2) for edit in ("hard", "simple")
    ]


def test_the_copys_layout_gives_the_same_items(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACIDTEST_DATA", str(tmp_path))
    put(tmp_path / "crossner", CROSSNER)
    put(tmp_path / "condaqa", CONDAQA)
    tidy = tmp_path / "tidy.jsonl.gz"
    rows = [
        {
            "id": "crossner-politics-dev-0",
            "tokens": ["dev", "Ada", "Lovelace"],
            "tags": ["O", "B-politician", "I-politician"],
        },
        {"id": "crossner-politics-dev-1", "tokens": ["King", "'"], "tags": ["B-politician", "O"]},
    ]
    tidy.write_bytes(gzip.compress(lines(*rows)))
    assert dataset("crossner_politics").read_copy(tidy, "dev") == items_of("crossner_politics", "dev")
    row = {
        "id": "condaqa-1",
        "sample_id": 1,
        "passage_id": 1,
        "question_id": "q10",
        "edit": "original",
        "passage": "Passage 1.",
        "question": "Question 1?",
        "label": "DON'T KNOW",
    }
    tidy.write_bytes(gzip.compress(lines(row)))
    assert dataset("condaqa").read_copy(tidy, "dev") == items_of("condaqa", "dev")


@pytest.mark.parametrize(
    ("name", "folder", "files", "message"),
    [
        (
            "gsm8k",
            "gsm8k",
            {**GSM8K, "grade_school_math/data/test.jsonl": lines({"question": "?", "answer": "7"})},
            "####",
        ),
        ("sts2016_postediting", "sts2016", {next(iter(STS)): b"4\tonly one\n"}, "fewer than three columns"),
        ("clinc150", "clinc150", {**CLINC, "data/data_full.json": b"{"}, "broken JSON"),
    ],
)
def test_a_publishers_file_of_another_layout_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, folder: str, files: Files, message: str
) -> None:
    monkeypatch.setenv("ACIDTEST_DATA", str(tmp_path))
    put(tmp_path / folder, files)
    with pytest.raises(DataError, match=message):
        load_dataset(name)
