"""The registry of data sets: what there is, and its items as a benchmark."""

from acidtest import registry
from acidtest.data.datasets.entry import DatasetEntry
from acidtest.data.datasets.files import dataset_files
from acidtest.data.labels import labels_of
from acidtest.data.split import split_pool, without_copies
from acidtest.errors import DataError, UnknownNameError
from acidtest.types import Benchmark

_WITH_LABELS = ("intent", "ner")


def datasets() -> list[DatasetEntry]:
    """Return all data sets, by name."""
    return [dataset(name) for name in registry.names("dataset")]


def dataset(name: str) -> DatasetEntry:
    """Return what is known of a data set.

    Raises:
        UnknownNameError: No data set is called that.

    Example:
        >>> dataset("gsm8k").licence
        'MIT'
    """
    entry: DatasetEntry = registry.get("dataset", name)()
    return entry


def load_dataset(name: str, split: str | None = None, *, seed: int = 0, pool_share: float = 0.3) -> Benchmark:
    """Return a data set as a real benchmark: the items of one split, and a pool that is never evaluated.

    The files are looked for in ACIDTEST_DATA, then in the cache, then downloaded; each is checked by its SHA-256.

    Args:
        name: The data set's name.
        split: Which split is evaluated; several are joined by `+`. The set's test split unless given.
        seed: Decides which items become the pool where the set has no split for it.
        pool_share: How much of the evaluated split becomes the pool in that case.

    Returns:
        Items; the pool without any text that is also evaluated; and, where targets are labels or spans, the labels
        or entity types that occur in either, sorted.

    Raises:
        UnknownNameError: No such data set, or no such split.
        FetchError: The files could not be had, or are not those that are known.
    """
    entry = dataset(name)
    parts = _parts(entry, split or entry.test)
    files = dataset_files(entry)
    items = [item for part in parts for item in files.items(part)]
    pool_parts = [part for part in entry.splits[entry.pool] if part not in parts] if entry.pool else []
    if pool_parts:
        pool = [item for part in pool_parts for item in files.items(part)]
    else:
        items, pool = map(list, split_pool(items, pool_share, seed))
    if not items:
        raise DataError(f"the data set '{name}' holds no items", where=str(files.folder))
    kept = without_copies(pool, items)
    labels = labels_of([*items, *kept]) if entry.task in _WITH_LABELS else ()
    return Benchmark(name=name, kind="real", items=tuple(items), pool=kept, labels=labels)


def _parts(entry: DatasetEntry, split: str) -> list[str]:
    parts: dict[str, None] = {}
    for name in split.split("+"):
        if name not in entry.splits:
            raise UnknownNameError(
                f"the data set '{entry.name}' has no split '{name}'",
                where="key 'split'",
                way_out=f"Splits: {', '.join(entry.splits)}; several are joined by '+'.",
            )
        parts.update(dict.fromkeys(entry.splits[name]))
    return list(parts)
