"""Intent data sets: SNIPS, CLINC150 with and without out-of-scope queries, BANKING77."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acidtest.data.datasets.entry import DatasetEntry, DatasetFile, github, whole_parts
from acidtest.data.file_row import open_bytes
from acidtest.data.read import read_rows
from acidtest.errors import DataError
from acidtest.registry import register
from acidtest.types import Item

_SNIPS_FOLDER = "2017-06-custom-intent-engines"
_SNIPS_INTENTS = (
    "AddToPlaylist",
    "BookRestaurant",
    "GetWeather",
    "PlayMusic",
    "RateBook",
    "SearchCreativeWork",
    "SearchScreeningEvent",
)
_MAX_JSON = 64 * 2**20


@register("dataset", "snips")
def snips() -> DatasetEntry:
    """Seven intents of a voice assistant; the published validation files are the test split, as in every paper."""
    return DatasetEntry(
        name="snips",
        task="intent",
        about="Utterances to a voice assistant, 7 intents",
        licence="CC0-1.0",
        citation="Coucke et al. 2018, Snips Voice Platform, arXiv 1805.10190",
        folder="snips",
        copies={
            "train": DatasetFile(
                path="train.jsonl.gz", sha256="35d197e003d3c54562c2ef69197ff887f8c47bf9cadf1aefb587942012806c23"
            ),
            "test": DatasetFile(
                path="test.jsonl.gz", sha256="1933be4940ce5d1c898214dbbd8d605b07b48efa8d0ee9dc0856080da553de6c"
            ),
        },
        read_copy=_read_copy,
        upstream=tuple(
            DatasetFile(path=_snips_file(intent, part)) for part in ("train", "test") for intent in _SNIPS_INTENTS
        ),
        read_upstream=_read_snips,
        splits=whole_parts("train", "test"),
        **github("sonos/nlu-benchmark", "b86ac7f1577868c42158d0dec77db50956046696"),
    )


@register("dataset", "clinc150")
def clinc150() -> DatasetEntry:
    """The in-scope queries of CLINC150."""
    return _clinc("clinc150", "Queries to a task assistant, 150 intents of 10 domains", out_of_scope=False)


@register("dataset", "clinc150_oos")
def clinc150_oos() -> DatasetEntry:
    """CLINC150 with its out-of-scope queries, whose label is `oos`."""
    return _clinc("clinc150_oos", "CLINC150 with out-of-scope queries, 151 labels", out_of_scope=True)


@register("dataset", "banking77")
def banking77() -> DatasetEntry:
    """Questions to a bank."""
    return DatasetEntry(
        name="banking77",
        task="intent",
        about="Questions to an online bank, 77 intents",
        licence="CC-BY-4.0",
        citation="Casanueva et al. 2020, Efficient Intent Detection with Dual Sentence Encoders, arXiv 2003.04807",
        folder="banking77",
        copies={
            "train": DatasetFile(
                path="train.jsonl.gz", sha256="e529f6f4d5a33ddb2d00f8996437ed533cd2916f3f3751c2d47db17cf306afd1"
            ),
            "test": DatasetFile(
                path="test.jsonl.gz", sha256="f6855555317a99d4df231e172aa425da637003db2c79a4bf3289403891335c33"
            ),
        },
        read_copy=_read_copy,
        upstream=(DatasetFile(path="banking_data/train.csv"), DatasetFile(path="banking_data/test.csv")),
        read_upstream=_read_banking,
        splits=whole_parts("train", "test"),
        **github("PolyAI-LDN/task-specific-datasets", "57ec275d8078af65b7731c2a98be812d844a6d6b"),
    )


def _clinc(name: str, about: str, *, out_of_scope: bool) -> DatasetEntry:
    hashes = {
        "train": "6764cb8acc4261eb59d82eb13c959ab13b495959f7ac7bfa952b246c9e91d49c",
        "val": "eeb7ad441acb74facee81d7c2aaae883bda919c53d50c4b8ff7fffdb02e90038",
        "test": "4c5d3fcc35f91a224a1a9f135e18c023c1d37efe11de552f3cb8873682b78cf8",
        "oos_train": "6c7c632cfbfa2254118070853cafb68d8691262b86c96eb2a1d2e95c4b193e6c",
        "oos_val": "c2533b7e43b3c6ff2905a9cf8afbd412b96e3ab33ce4c60ac27aa101647695f9",
        "oos_test": "4f6d36e73df4f6c0e3d2063d3c0aeb3abee14181dee2a697bce7ce2415196b7c",
    }
    splits: dict[str, tuple[str, ...]] = {
        split: (split, f"oos_{split}") if out_of_scope else (split,) for split in ("train", "val", "test")
    }
    return DatasetEntry(
        name=name,
        task="intent",
        about=about,
        licence="CC-BY-3.0",
        citation="Larson et al. 2019, Intent Classification and Out-of-Scope Prediction, EMNLP",
        folder="clinc150",
        copies={part: DatasetFile(path=f"{part}.jsonl.gz", sha256=sha256) for part, sha256 in hashes.items()},
        read_copy=_read_copy,
        upstream=(DatasetFile(path="data/data_full.json"), DatasetFile(path="data/domains.json")),
        read_upstream=_read_clinc,
        splits=splits,
        **github("clinc/oos-eval", "828f8093932c8fe6ca7936c3d2e52903b1c523de"),
    )


def _item(name: str, text: str, label: str, topic: str | None = None) -> Item:
    """Return an item without the blanks and line ends that stand around some texts of these sets."""
    return Item(id=name, input={"text": text.strip()}, target=label, topic=topic)


def _read_copy(path: Path, part: str) -> list[Item]:  # noqa: ARG001 - the copy's rows carry their own ids
    items = []
    for row in read_rows(path):
        domain = row.values.get("domain")
        topic = str(domain) if domain is not None else None
        items.append(_item(str(row.values["id"]), str(row.values["text"]), str(row.values["label"]), topic))
    return items


def _snips_file(intent: str, part: str) -> str:
    name = f"train_{intent}_full.json" if part == "train" else f"validate_{intent}.json"
    return f"{_SNIPS_FOLDER}/{intent}/{name}"


def _read_snips(files: Mapping[str, Path], part: str) -> list[Item]:
    items = []
    word = "train" if part == "train" else "validate"
    for intent in _SNIPS_INTENTS:
        queries = _json(files[_snips_file(intent, part)])[intent]
        for position, query in enumerate(queries):
            text = "".join(segment["text"] for segment in query["data"])
            items.append(_item(f"snips-{word}-{intent}-{position}", text, intent))
    return items


def _read_clinc(files: Mapping[str, Path], part: str) -> list[Item]:
    domains = _json(files["data/domains.json"])
    domain_of = {intent: domain for domain, intents in domains.items() for intent in intents} | {"oos": "oos"}
    queries = _json(files["data/data_full.json"])[part]
    return [
        _item(f"clinc-{part}-{position}", text, intent, domain_of.get(intent))
        for position, (text, intent) in enumerate(queries)
    ]


def _read_banking(files: Mapping[str, Path], part: str) -> list[Item]:
    return [
        _item(f"banking77-{part}-{row.number - 1}", str(row.values["text"]), str(row.values["category"]))
        for row in read_rows(files[f"banking_data/{part}.csv"])
    ]


def _json(path: Path) -> Any:
    """Return a whole JSON file. One file of SNIPS is Latin-1, the others are UTF-8."""
    import orjson

    with open_bytes(path) as file:
        content = file.read(_MAX_JSON)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise DataError(f"'{path.name}' is broken JSON: {error.msg}", where=str(path)) from error
