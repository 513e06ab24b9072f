"""Data sets of questions: CondaQA, GSM8K, SVAMP, MATH-Perturb, TruthfulQA as open questions and as multiple choice."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import JsonValue

from acidtest.data.datasets.entry import DatasetEntry, DatasetFile, github, whole_parts
from acidtest.data.file_row import FileRow
from acidtest.data.read import read_rows
from acidtest.data.row_choices import LETTERS
from acidtest.errors import DataError
from acidtest.registry import register
from acidtest.types import Item

_CONDAQA_EDITS = ("original", "paraphrase", "scope", "affirmative")
_CONDAQA_SHOTS = "data/few-shot/train_splits/sampling_c_shots_9"
_CONDAQA_FILES = {
    "dev": ("data/condaqa_dev.json",),
    "test": tuple(f"data/few-shot/test_splits/conda_fewshot_test_{i}.json" for i in range(1, 6)),
    "train_fewshot": tuple(f"{_CONDAQA_SHOTS}/conda_fewshot_train_{i}.json" for i in range(1, 6)),
}
_GSM8K = "grade_school_math/data"
_MATH_PERTURB = "math_perturb"
_TRUTHFULQA = "mcq_classifier/TruthfulQA.csv"


@register("dataset", "condaqa")
def condaqa() -> DatasetEntry:
    """Questions about negation; a bundle is one question asked of a passage and its edits."""
    return DatasetEntry(
        name="condaqa",
        task="reading",
        about="Questions about negation, asked of passages and their edits",
        licence="Apache-2.0 (questions); CC-BY-SA (passages: Wikipedia)",
        citation="Ravichander, Gardner, Marasovic 2022, CondaQA: A Contrastive Reading Comprehension Dataset, EMNLP",
        folder="condaqa",
        copies={
            "test": DatasetFile(
                path="test.jsonl.gz", sha256="48152858bada63903919d2feea67ad4388e7e0ab425c9e25f6e42701437050ec"
            ),
            "dev": DatasetFile(
                path="dev.jsonl.gz", sha256="65aa73bfbb64059cbd2540cb4e2a53623f127ea56fb590dcbb8961eba2b5021b"
            ),
            "train_fewshot": DatasetFile(
                path="train_fewshot.jsonl.gz", sha256="4f7882335e826a46a2416b9e4a45a175cbd6fb25e97387fd82d68d21b48e5b98"
            ),
        },
        read_copy=_read_condaqa_copy,
        upstream=tuple(DatasetFile(path=path) for paths in _CONDAQA_FILES.values() for path in paths),
        read_upstream=_read_condaqa,
        splits=whole_parts("test", "dev", "train_fewshot"),
        pool="train_fewshot",
        **github("AbhilashaRavichander/CondaQA", "bd4857f1f2819937f1505925ad8c809544e8e5ef"),
    )


@register("dataset", "gsm8k")
def gsm8k() -> DatasetEntry:
    """Word problems; the target is the final number, without thousands separators."""
    return DatasetEntry(
        name="gsm8k",
        task="math",
        about="Grade-school word problems, a number each",
        licence="MIT",
        citation="Cobbe et al. 2021, Training Verifiers to Solve Math Word Problems, arXiv 2110.14168",
        folder="gsm8k",
        copies={
            "train": DatasetFile(
                path="train.jsonl.gz", sha256="1efd663970361c71cc53a4feeda43cde789a56d9742b63c475c60bc28f60ad6b"
            ),
            "test": DatasetFile(
                path="test.jsonl.gz", sha256="51c03a3a15524650996b0d19c41d051494e9c2cbfbc1c27b92eec299e73a8278"
            ),
        },
        read_copy=lambda path, _: [
            _question(row, str(row.values["id"]), row.values["answer"]) for row in read_rows(path)
        ],
        upstream=(DatasetFile(path=f"{_GSM8K}/train.jsonl"), DatasetFile(path=f"{_GSM8K}/test.jsonl")),
        read_upstream=_read_gsm8k,
        splits=whole_parts("train", "test"),
        **github("openai/grade-school-math", "3101c7d5072418e28b9008a6636bde82a006892c"),
    )


@register("dataset", "svamp")
def svamp() -> DatasetEntry:
    """Variations of simple word problems; there is one split only."""
    return DatasetEntry(
        name="svamp",
        task="math",
        about="Variations of simple word problems, a number each",
        licence="MIT",
        citation="Patel et al. 2021, Are NLP Models really able to Solve Simple Math Word Problems?, NAACL",
        folder="svamp",
        copies={
            "all": DatasetFile(
                path="svamp.jsonl.gz", sha256="5f27371ea78364f72227a933fa487818c0d5167dcd0a94c019bbbd2ba8b047fb"
            )
        },
        read_copy=lambda path, _: [_svamp(row) for row in read_rows(path)],
        upstream=(DatasetFile(path="SVAMP.json"),),
        read_upstream=lambda files, _: [_svamp(row) for row in read_rows(files["SVAMP.json"])],
        splits=whole_parts("all"),
        test="all",
        pool=None,
        **github("arkilpatel/SVAMP", "689d7ccac74b9983a2ac7cc3b264f441b99e7c53"),
    )


@register("dataset", "math_perturb")
def math_perturb() -> DatasetEntry:
    """Level-5 problems of MATH changed by people: in a way that keeps the solution's idea, or in a harder one."""
    return DatasetEntry(
        name="math_perturb",
        task="math",
        about="Level-5 problems of MATH, changed by people; split hard or simple",
        licence="Apache-2.0",
        citation="Huang et al. 2025, MATH-Perturb, ICML, arXiv 2502.06453",
        folder="math_perturb",
        copies={
            "hard": DatasetFile(
                path="hard.jsonl.gz", sha256="f65f7256e3d7d7fa6e141f35d190cb2f7d06b3acefd1d82cde1b2d44ca155d60"
            ),
            "simple": DatasetFile(
                path="simple.jsonl.gz", sha256="5606aac36f44eb29f0272050075d1bd276c99f881018e44b700f9dfb8dcd5538"
            ),
        },
        read_copy=_read_math_perturb,
        upstream=tuple(DatasetFile(path=f"{_MATH_PERTURB}/math_perturb_{part}.jsonl") for part in ("hard", "simple")),
        read_upstream=lambda files, part: _read_math_perturb(files[f"{_MATH_PERTURB}/math_perturb_{part}.jsonl"], part),
        splits={"hard": ("hard",), "simple": ("simple",), "all": ("hard", "simple")},
        test="hard",
        pool=None,
        **github("Kaffaljidhmah2/MATH-Perturb", "df4840f680fce405c9449008564574961c7f4df1"),
    )


@register("dataset", "truthfulqa")
def truthfulqa() -> DatasetEntry:
    """Questions that people often answer wrongly; the target holds the best, all right and all wrong answers."""
    return DatasetEntry(
        name="truthfulqa",
        task="open_qa",
        about="Questions that invite false beliefs, with right and wrong answers",
        licence="Apache-2.0",
        citation="Lin, Hilton, Evans 2022, TruthfulQA: Measuring How Models Mimic Human Falsehoods, ACL",
        folder="truthfulqa",
        copies={
            "all": DatasetFile(
                path="truthfulqa.jsonl.gz", sha256="b6bc9f3e6abdc498eb90f11f9eae72f0e80299c121bd97ab3b280e8b74bf9ae3"
            )
        },
        read_copy=lambda path, _: [_truthfulqa(row) for row in read_rows(path)],
        upstream=(DatasetFile(path=_TRUTHFULQA),),
        read_upstream=lambda files, _: [_truthfulqa(row) for row in read_rows(files[_TRUTHFULQA])],
        splits=whole_parts("all"),
        test="all",
        pool=None,
        **github("nikhilchandak/answer-matching", "2124e441ec52ea56c3e9aa3ae2bf58251176348a"),
    )


@register("dataset", "truthfulqa_mc")
def truthfulqa_mc() -> DatasetEntry:
    """The same with choices: the best answer among all wrong ones (MC1), in an order that the item's id decides."""
    return replace(
        truthfulqa(),
        name="truthfulqa_mc",
        task="multiple_choice",
        about="TruthfulQA with choices: the best answer among all wrong ones",
        read_copy=lambda path, _: [_with_choices(_truthfulqa(row)) for row in read_rows(path)],
        read_upstream=lambda files, _: [_with_choices(_truthfulqa(row)) for row in read_rows(files[_TRUTHFULQA])],
    )


def _question(row: FileRow, name: str, answer: JsonValue | object) -> Item:
    return Item(id=name, input={"question": str(row.values["question"]).strip()}, target=str(answer))


def _read_condaqa_copy(path: Path, part: str) -> list[Item]:  # noqa: ARG001 - the copy's rows carry their own ids
    return [
        _condaqa(row, "sample_id", ("passage", "question"), ("passage_id", "question_id"), str(row.values["edit"]))
        for row in read_rows(path)
    ]


def _read_condaqa(files: Mapping[str, Path], part: str) -> list[Item]:
    """Return a part; the five samples of examples share some items, which are kept once."""
    items: dict[str, Item] = {}
    for path in _CONDAQA_FILES[part]:
        for row in read_rows(files[path]):
            edit = _CONDAQA_EDITS[int(str(row.values["PassageEditID"]))]
            item = _condaqa(row, "SampleID", ("sentence1", "sentence2"), ("PassageID", "QuestionID"), edit)
            items.setdefault(item.id, item)
    return list(items.values())


def _condaqa(row: FileRow, sample: str, texts: tuple[str, str], bundle: tuple[str, str], edit: str) -> Item:
    return Item(
        id=f"condaqa-{row.values[sample]}",
        input={"passage": str(row.values[texts[0]]).strip(), "question": str(row.values[texts[1]]).strip()},
        target=str(row.values["label"]),
        bundle=f"condaqa-{row.values[bundle[0]]}-{row.values[bundle[1]]}",
        edit=edit,
    )


def _read_gsm8k(files: Mapping[str, Path], part: str) -> list[Item]:
    items = []
    for row in read_rows(files[f"{_GSM8K}/{part}.jsonl"]):
        _, mark, answer = str(row.values["answer"]).rpartition("####")
        if not mark:
            raise DataError("the solution has no line '#### NUMBER'", where=row.where)
        items.append(_question(row, f"gsm8k-{part}-{row.number - 1}", answer.strip().replace(",", "")))
    return items


def _svamp(row: FileRow) -> Item:
    answer = float(str(row.values["Answer"]))
    return Item(
        id=str(row.values["ID"]),
        input={"question": f"{str(row.values['Body']).strip()} {str(row.values['Question']).strip()}".strip()},
        target=str(int(answer) if answer.is_integer() else answer),
        topic=str(row.values["Type"]),
    )


def _read_math_perturb(path: Path, part: str) -> list[Item]:
    return [
        Item(
            id=f"math_perturb-{part}-{row.values['problem_id']}",
            input={"question": str(row.values["problem"]).strip()},
            target=str(row.values["answer"]),
            bundle=f"math_perturb-{row.values['problem_id']}",
            edit=part,
            topic=str(row.values["type"]),
        )
        for row in read_rows(path)
    ]


def _truthfulqa(row: FileRow) -> Item:
    return Item(
        id=f"truthfulqa-{row.number - 1}",
        input={"question": str(row.values["Question"]).strip()},
        target={
            "best": str(row.values["Best Answer"]),
            "best_incorrect": str(row.values["Best Incorrect Answer"]),
            "correct": _listed(row.values["Correct Answers"]),
            "incorrect": _listed(row.values["Incorrect Answers"]),
        },
        topic=str(row.values["Category"]),
    )


def _with_choices(item: Item) -> Item:
    """Return a question of TruthfulQA with its best answer and all wrong ones as choices; 13 at most occur."""
    answers = item.target if isinstance(item.target, dict) else {}
    best, worst, wrong = answers["best"], answers["best_incorrect"], answers["incorrect"]
    listed = [str(best).strip(), str(worst).strip(), *map(str, wrong if isinstance(wrong, list) else [])]
    different = {answer.casefold().rstrip("."): answer for answer in reversed(listed)}
    choices = sorted(different.values(), key=lambda answer: hashlib.sha256(f"{item.id}\n{answer}".encode()).digest())
    return item.model_copy(
        update={"choices": tuple(choices), "target": LETTERS[choices.index(str(best).strip())]},
    )


def _listed(answers: object) -> JsonValue:
    return [answer.strip() for answer in str(answers).split(";") if answer.strip()]
