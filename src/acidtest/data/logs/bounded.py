"""JSON that another tool wrote, read within bounds; and what stands in it, as the plain types that scores need.

Tools write NaN and Infinity, which no JSON knows, and halves of surrogate pairs: both are taken as they were meant.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from acidtest.data.file_row import open_bytes, read_lines
from acidtest.data.json_rows import is_deep, loaded
from acidtest.errors import DataError

MOST_BYTES = 512 * 2**20
"""Most bytes, unpacked, of a JSON file that is read whole."""

_LONGEST_TEXT = 1000
_LONGEST_NAME = 200
_DIGITS = 16
_TRUE = 1.0
_BOM = b"\xef\xbb\xbf"
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\]:,]', re.DOTALL)
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def read_json(path: Path, most: int = MOST_BYTES) -> Any:
    """Return what a JSON file holds; packed ones (`.gz`) are unpacked.

    Raises:
        DataError: No such file, more bytes than `most`, or no JSON.
    """
    with open_bytes(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise DataError(
            f"a JSON file of more than {most // 2**20} MB", where=str(path), way_out="Part it, or write JSON lines."
        )
    return parsed(content, str(path))


def json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (its place in words, object) for each line of a file; blank lines are passed over.

    Raises:
        DataError: No such file, a line of more than 16 MB, or one that is no JSON object.
    """
    for number, line in read_lines(path):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        value = parsed(line, where)
        if not isinstance(value, dict):
            raise DataError("this line is no JSON object", where=where, way_out="Get the log again, or mend the line.")
        yield where, value


def parsed(content: bytes | str, where: str) -> Any:
    r"""Return JSON as Python values, `NaN` and `Infinity` as floats, as whole numbers that take more than 64 bits.

    Args:
        content: Bytes are UTF-8, with or without a mark at their start.
        where: The place, for errors.

    Raises:
        DataError: It is broken, or nested more than 100 deep.

    Example:
        >>> parsed(b'{"acc": NaN, "text": "\\ud83d"}', "a.json")["acc"]
        nan
    """
    if isinstance(content, bytes):
        content = _decoded(content.removeprefix(_BOM), where)
    try:
        return loaded(content)
    except ValueError as error:
        first = str(error)
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"broken JSON: {first[:200]}", where=where, way_out="Get the log again, or mend the place."
        ) from error
    if is_deep(value):
        raise DataError("JSON nested more than 100 deep", where=where, way_out="Leave the file out.")
    return value


def first_object(head: bytes) -> dict[str, Any]:
    r"""Return the object on the first line that is not blank; {} where there is none, or the head ends within it.

    Example:
        >>> first_object(b'{"doc_id": 0}\n{"doc')
        {'doc_id': 0}
    """
    line = head.removeprefix(_BOM).lstrip().partition(b"\n")[0]
    try:
        value = parsed(line, "")
    except DataError:
        return {}
    return value if isinstance(value, dict) else {}


def top_keys(head: bytes) -> set[str]:
    """Return the keys of the outermost object, as far as the start of a file shows them; empty for a list.

    Example:
        >>> sorted(top_keys(b'{"a": {"b": [1]}, "c": "the end is miss'))
        ['a', 'c']
    """
    keys: set[str] = set()
    depth, last = 0, b""
    for match in _TOKEN.finditer(head):
        token = match.group()
        if token in (b"{", b"["):
            depth += 1
            if depth == 1 and token == b"[":
                return set()
        elif token in (b"}", b"]"):
            depth -= 1
        elif token == b":" and depth == 1 and last[:1] == b'"':
            keys.add(last[1:-1].decode("utf-8", "replace"))
        last = token
    return keys


def parquet_columns(path: Path) -> set[str]:
    """Return the names of a Parquet file's columns, the outermost ones; empty where it is none."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return set(parquet.read_schema(path).names)
    except (pa.ArrowException, OSError, ValueError):
        return set()


def inside(value: object, *keys: str | int) -> Any:
    """Return what stands under keys (of objects) and positions (in lists); None where nothing does.

    Example:
        >>> inside({"eval": {"model": ["a"]}}, "eval", "model", 0), inside({}, "eval", "model")
        ('a', None)
    """
    for key in keys:
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def number(value: object) -> float | None:
    """Return a score: a number that is finite, true and false as 1 and 0; None for all else, NaN and texts too.

    Example:
        >>> number(True), number(2), number(float("nan")), number("0.5")
        (1.0, 2.0, None, None)
    """
    if not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def whole(value: object) -> int | None:
    """Return a number of things: a whole number of at least 0 and below 2**53; None for all else."""
    found = None if isinstance(value, bool) else number(value)
    return int(found) if found is not None and 0 <= found < 2**53 and found == int(found) else None


def flag(value: object) -> bool | None:
    """Return true or false, also where they are written as 1 and 0; None for all else."""
    found = number(value)
    return found == _TRUE if found in (0.0, _TRUE) else None


def mapping(value: object) -> dict[str, Any]:
    """Return an object as it is; {} for all else."""
    return value if isinstance(value, dict) else {}


def elements(value: object) -> list[Any]:
    """Return a list as it is; [] for all else."""
    return value if isinstance(value, list) else []


def text(value: object, most: int = _LONGEST_TEXT) -> str:
    """Return a value as text of at most `most` characters; "" for null, lists and objects as JSON.

    NUL and halves of surrogate pairs, which no table can hold, become U+FFFD.

    Example:
        >>> text(True), text(None), text(3.0), text(["a"]), text("abcdef", 4)
        ('true', '', '3.0', '["a"]', 'abc…')
    """
    if value is None:
        return ""
    found = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    cut = found if len(found) <= most else found[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", cut)


def name(value: object) -> str:
    """Return the name of a model, benchmark, item or metric: as `text`, on one line, long ones told apart by a hash.

    Example:
        >>> name(7), name(" a "), len(name("x" * 1000))
        ('7', 'a', 200)
    """
    found = value if isinstance(value, str) else text(value, 10 * _LONGEST_TEXT)
    if len(found) > _LONGEST_NAME:
        found = f"{found[: _LONGEST_NAME - _DIGITS - 1]}-{content_hash(found)}"
    return " ".join(text(found).split())


def content_hash(*parts: object) -> str:
    """Return 16 hex digits that tell an item from others by its content: the same for the same JSON values.

    Example:
        >>> content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
        True
    """
    joined = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _decoded(content: bytes, where: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise DataError(
            f"byte {error.start + 1} is not UTF-8", where=where, way_out="Get the log again, or save it as UTF-8."
        ) from error
