"""Rows from JSON: one object per line, or one array of objects."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from acidtest.data.file_row import MAX_LINE, FileRow, data_number, open_bytes, read_lines
from acidtest.errors import DataError

_MAX_ARRAY = 32 * MAX_LINE
_DEEPEST = 100


def jsonl_rows(path: Path) -> Iterator[FileRow]:
    """Yield the rows of a file with one JSON object per line; blank lines are passed over."""
    number = 0
    for line_number, line in read_lines(path):
        if not line.strip():
            continue
        number = data_number(number + 1, path)
        where = f"{path} line {line_number}"
        yield FileRow(number=number, where=where, values=_object(_parsed(line, where), where))


def json_rows(path: Path) -> Iterator[FileRow]:
    """Yield the objects of a file that is one JSON array, or one object per line."""
    with open_bytes(path) as file:
        start = file.read(MAX_LINE).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start != b"[":
        yield from jsonl_rows(path)
        return
    with open_bytes(path) as file:
        content = file.read(_MAX_ARRAY + 1)
    if len(content) > _MAX_ARRAY:
        raise DataError(
            f"a JSON array of more than {_MAX_ARRAY // 2**20} MB",
            where=str(path),
            way_out="Write one object per line and end the file's name in '.jsonl'.",
        )
    values = _parsed(content.removeprefix(b"\xef\xbb\xbf"), str(path))
    for number, value in enumerate(values if isinstance(values, list) else [], start=1):
        where = f"{path} element {data_number(number, path)}"
        yield FileRow(number=number, where=where, values=_object(value, where))


def loaded(text: str | bytes) -> object:
    """Parse JSON that a stranger wrote; what is nested so deeply that Python could not even print it is no JSON here.

    Raises:
        orjson.JSONDecodeError: It is broken, or nested more than 100 deep.
    """
    import orjson

    value = orjson.loads(text)
    brackets = ("[", "{") if isinstance(text, str) else (b"[", b"{")
    if sum(map(text.count, brackets)) > _DEEPEST and is_deep(value):  # type: ignore[arg-type]  # brackets are of its type
        raise orjson.JSONDecodeError(f"nested more than {_DEEPEST} deep", "", 0)
    return value


def is_deep(value: object) -> bool:
    """Tell whether lists and objects stand in each other more than 100 deep."""
    level = [value]
    for _ in range(_DEEPEST):
        inside = [v for outer in level if isinstance(outer, list | dict) for v in _elements(outer)]
        level = [v for v in inside if isinstance(v, list | dict)]
        if not level:
            return False
    return True


def _elements(outer: list[object] | dict[str, object]) -> Iterable[object]:
    return outer.values() if isinstance(outer, dict) else outer


def _parsed(text: str | bytes, where: str) -> object:
    import orjson

    try:
        return loaded(text)
    except orjson.JSONDecodeError as error:
        raise DataError(
            f"broken JSON: {error.msg}, column {error.colno}", where=where, way_out="Mend or remove the line."
        ) from error


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise DataError(
            f"not a JSON object but {_kind(value)}", where=where, way_out='Write it as {"column": value, ...}.'
        )
    return value


def _kind(value: object) -> str:
    if value is None:
        return "null"
    return {list: "an array", str: "a string", bool: "true or false"}.get(type(value), "a number")
