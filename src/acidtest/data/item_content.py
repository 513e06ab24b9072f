"""What the items of a table of scores say, where the table stands in a run's folder beside them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from acidtest.data.read import read_item_records
from acidtest.data.run_folder import RunFolder
from acidtest.errors import DataError
from acidtest.types import Kind


def contents_beside(
    tables: Sequence[Path], kinds: Mapping[str, Kind], benchmark: Sequence[str], items: Sequence[str]
) -> tuple[str, ...]:
    """Return [n] `Item.content` of each item, "" where it is not known; nothing where it is known of none.

    Args:
        tables: Files of scores; those that stand in a run's folder have its items beside them.
        kinds: benchmark -> real or synthetic.
        benchmark: [n] the benchmark of each item.
        items: [n] their ids.
    """
    known: dict[tuple[str, str], str] = {}
    for table in tables:
        folder = RunFolder(table.parent)
        if folder.run_json.exists():
            for name in dict.fromkeys(benchmark):
                path = folder.real if kinds.get(name) == "real" else folder.synthetic(name)
                known |= {(name, item): content for item, content in _contents(path).items()}
    found = tuple(known.get(key, "") for key in zip(benchmark, items, strict=True))
    return found if any(found) else ()


def _contents(path: Path) -> dict[str, str]:
    """Return id -> content of the items of a file; none of a file that another program made."""
    try:
        return {item.id: item.content for item in read_item_records(path)} if path.exists() else {}
    except DataError:
        return {}
