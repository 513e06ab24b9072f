"""Records from files that another process may be writing at this moment: nothing in them is touched."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from acidtest.errors import DataError
from acidtest.types import Record

AnyRecord = TypeVar("AnyRecord", bound=Record)


def records_in(path: Path, kind: type[AnyRecord]) -> Iterator[AnyRecord]:
    """Yield the records of a file, one JSON line each; none where there is no file.

    A last line without its end is being written, or was left by a kill: it is passed over.

    Raises:
        DataError: A line is no such record.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                yield kind.model_validate_json(line)
            except ValidationError:
                raise DataError(
                    f"this line holds no {kind.__name__}",
                    where=f"{path} line {number}",
                    way_out="The file was changed by hand, or written by another version.",
                ) from None
