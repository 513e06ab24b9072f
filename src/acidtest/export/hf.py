"""A data set folder as the Hugging Face hub takes it: Parquet, a card that says what the items are worth, Croissant."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from acidtest.data.run_folder import write_atomically
from acidtest.export.card import card
from acidtest.export.contract import ExportSet, ExportTarget, Written
from acidtest.export.croissant import croissant
from acidtest.export.item_table import item_table
from acidtest.registry import register

_LOAD = 'import datasets, sys; print(datasets.load_dataset(*sys.argv[1:], split="test"))'


@register("export", "hf")
class HubFolder(ExportTarget):
    """A folder for `datasets.load_dataset(FOLDER, TASK)`, or to be uploaded to a hub."""

    title: ClassVar[str] = "a data set folder"
    prompts: ClassVar[bool] = False
    scores: ClassVar[bool] = False

    def write(self, exported: ExportSet, task: str, folder: Path) -> Written:
        """Write one benchmark; see `ExportTarget.write`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        out = pa.BufferOutputStream()
        pq.write_table(item_table(exported.items), out, compression="zstd")
        write_atomically(folder / f"{task}.parquet", out.getvalue().to_pybytes())
        return Written(
            task=task,
            files=(f"{task}.parquet", "README.md", "croissant.json"),
            run=f"python -c '{_LOAD}' FOLDER {task}",
            scoring="none",
        )

    def close(self, exported: Sequence[ExportSet], written: Mapping[str, Written], folder: Path) -> None:
        """Write the card and the metadata of all benchmarks; see `ExportTarget.close`."""
        tasks = {one.name: written[one.name].task for one in exported}
        write_atomically(folder / "README.md", card(exported, tasks).encode())
        write_atomically(folder / "croissant.json", croissant(exported, tasks, folder))
