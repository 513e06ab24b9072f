"""Data sets of sentence similarity: the parts of SemEval STS 2016 that have an open licence."""

from collections.abc import Callable, Mapping
from pathlib import Path

from acidtest.data.datasets.entry import DatasetEntry, DatasetFile, github, whole_parts
from acidtest.data.file_row import read_lines
from acidtest.data.read import read_rows
from acidtest.errors import DataError
from acidtest.registry import register
from acidtest.types import Item

_FOLDER = "data/sts/semeval-sts/2016"
_STACK_EXCHANGE = "CC-BY-SA-3.0 (Stack Exchange Network)"
_EAMT = "CC-BY-4.0 (EAMT 2011)"
_PARTS = {
    "question-question": (_STACK_EXCHANGE, "c9cc18cfb5e13687b5bf182a54c9ed3d721a5340244452e1671f5a4ec94c6c60"),
    "answer-answer": (_STACK_EXCHANGE, "a762f7265641dd591c9eefd6a387f7f5e998a9287a588190a2aa5914769ac97c"),
    "postediting": (_EAMT, "e34d0338983fa415f2777eb3eb264dd23064a3b60c311c567ba5e0920287b166"),
}
"""Part -> licence, SHA-256 of the tidy copy."""

_COLUMNS = 3


def _entry(name: str, parts: tuple[str, ...], about: str) -> Callable[[], DatasetEntry]:
    licences = dict.fromkeys(_PARTS[part][0] for part in parts)

    def entry() -> DatasetEntry:
        return DatasetEntry(
            name=name,
            task="similarity",
            about=about,
            licence="; ".join(licences),
            citation="Agirre et al. 2016, SemEval-2016 Task 1: Semantic Textual Similarity",
            folder="sts2016",
            copies={part: DatasetFile(path=f"{part}.jsonl.gz", sha256=_PARTS[part][1]) for part in parts},
            read_copy=_read_copy,
            upstream=tuple(DatasetFile(path=f"{_FOLDER}/{part}.test.tsv") for part in parts),
            read_upstream=_read_upstream,
            splits={"all": parts, **whole_parts(*parts)},
            test="all",
            pool=None,
            **github("brmson/dataset-sts", "e1d3375f5b3bc24f21aa4e46f96eb379e9fc1081"),
        )

    return entry


register("dataset", "sts2016")(_entry("sts2016", tuple(_PARTS), "Sentence pairs of three kinds, likeness 0 to 5"))
for _part in _PARTS:
    _name = f"sts2016_{_part.replace('-', '_')}"
    register("dataset", _name)(_entry(_name, (_part,), f"Sentence pairs ({_part}), likeness 0 to 5"))


def _item(name: str, sentences: tuple[str, str], score: float, part: str) -> Item:
    first, second = (sentence.strip() for sentence in sentences)
    return Item(id=name, input={"sentence1": first, "sentence2": second}, target=score, topic=part)


def _read_copy(path: Path, part: str) -> list[Item]:
    return [
        _item(
            str(row.values["id"]),
            (str(row.values["sentence1"]), str(row.values["sentence2"])),
            float(str(row.values["score"])),
            part,
        )
        for row in read_rows(path)
    ]


def _read_upstream(files: Mapping[str, Path], part: str) -> list[Item]:
    """Return the judged pairs. A line is score, sentence, sentence, without header or quotes; unjudged: no score."""
    path = files[f"{_FOLDER}/{part}.test.tsv"]
    items = []
    for number, line in read_lines(path):
        columns = line.rstrip("\r\n").split("\t")
        if len(columns) < _COLUMNS:
            raise DataError("fewer than three columns", where=f"{path} line {number}")
        if columns[0].strip():
            name = f"sts16-{part}-{number - 1}"
            items.append(_item(name, (columns[1], columns[2]), float(columns[0]), part))
    return items
