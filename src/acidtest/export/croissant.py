"""Croissant 1.1 metadata of an exported folder (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html)."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from acidtest.export.contract import ExportSet
from acidtest.export.item_table import columns, is_number

_WORDS = """arrayShape citeAs column containedIn equivalentProperty extract field fileProperty fileObject fileSet
format includes isArray isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace
samplingRate separator source subField transform"""
"""The vocabulary's words; those after it mean something of their own."""

_CONTEXT: dict[str, object] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{word: f"cr:{word}" for word in _WORDS.split()},
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "sc": "https://schema.org/",
}


def croissant(exported: Sequence[ExportSet], tasks: Mapping[str, str], folder: Path) -> bytes:
    """Return the metadata as JSON-LD: each benchmark is a Parquet file and a set of records.

    Args:
        exported: The benchmarks.
        tasks: Benchmark -> its name in the folder.
        folder: Holds their files.
    """
    import orjson

    licences = sorted({one.licence for one in exported} - {"unknown"})
    names = ", ".join(one.name for one in exported)
    whole = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": "-".join(tasks.values())[:100],
        "description": f"Benchmarks exported by acidtest: {names}. What they are worth stands in README.md.",
        "version": "1.0.0",
        **({"license": licences} if licences else {}),
        "distribution": [_file(tasks[one.name], folder) for one in exported],
        "recordSet": [_records(one, tasks[one.name]) for one in exported],
    }
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _file(task: str, folder: Path) -> dict[str, object]:
    content = (folder / f"{task}.parquet").read_bytes()
    return {
        "@type": "cr:FileObject",
        "@id": f"{task}.parquet",
        "name": f"{task}.parquet",
        "contentUrl": f"{task}.parquet",
        "contentSize": f"{len(content)} B",
        "encodingFormat": "application/x-parquet",
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _records(exported: ExportSet, task: str) -> dict[str, object]:
    return {
        "@type": "cr:RecordSet",
        "@id": task,
        "name": task,
        "description": f"The benchmark {exported.name}: {len(exported.items)} items of the task {exported.task.name}.",
        "key": {"@id": f"{task}/id"},
        "field": [_field(exported, task, name, about) for name, about in columns(exported.items).items()],
    }


def _field(exported: ExportSet, task: str, column: str, about: str) -> dict[str, object]:
    several = {"isArray": True, "arrayShape": "-1"} if column == "choices" else {}
    return {
        "@type": "cr:Field",
        "@id": f"{task}/{column}",
        "name": column,
        "description": about,
        "dataType": "sc:Float" if is_number(exported.items, column) else "sc:Text",
        **several,
        "source": {"fileObject": {"@id": f"{task}.parquet"}, "extract": {"column": column}},
    }
