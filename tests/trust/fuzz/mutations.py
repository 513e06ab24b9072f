"""Broken files made of whole ones: bytes changed, cut, doubled and spliced; in JSON, strange values at every path."""

import copy
import gzip
import io
import json
import random
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

STRANGE: tuple[Any, ...] = (
    None, True, -1, 0.5, 2**31, 2**63, 2**64, -(2**70), 10**300, 1e308, -1e308, float("nan"), float("inf"),
    "", " ", "nan", "\x00", "\ud800", "\u202e\x1b]0;x\x07", "../../x", "x" * 5000, "{{7*7}}", "%s%n{0}", "1e999",
    [], [[]], [None], [[[[[]]]]], {}, {"": None}, {"id": {}}, ["a", 1, None, {}], {"value": "x", "low": []},
)  # fmt: skip
"""What stands where something else belongs."""

_NUMBERS = (b"0", b"-1", b"1e999", b"-0.0", b"9" * 25, b"9" * 5000, b"NaN", b"Infinity", b"0x10", b"1_0")
_SPLICES = (
    b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r", b"\n\n", b'"', b"'", b",", b"\t", b"[" * 300,
    b'{"a":' * 300, b"\x1b[2J", b"\\ud800", b"{}", b"null", b"&a [*a]", b"!!python/object:os.system x", b"\x1f\x8b",
)  # fmt: skip


def broken(content: bytes, rng: random.Random, other: bytes = b"") -> bytes:
    """Return content with one to four changes; `other` is a second file that parts are taken from."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed) + 1)
        to = min(len(changed), at + rng.choice((1, 1, 2, 4, 8, 64, 512)))
        kind = rng.randrange(9)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del changed[at:to]
        elif kind == 2:
            changed[at:to] = rng.randbytes(rng.choice((1, 2, 4, 8, 32)))
        elif kind == 3:
            changed[at:at] = rng.choice(_SPLICES)
        elif kind == 4:
            del changed[at:]
        elif kind == 5:
            changed[at:at] = changed[at:to]
        elif kind == 6 and other:
            cut = rng.randrange(len(other))
            changed[at:to] = other[cut : cut + rng.choice((1, 8, 64, 512))]
        elif kind == 7:
            changed[at:to] = (rng.choice((0, 1, 127, 128, 255, 2**31, 2**32 - 1, 2**63, 2**64 - 1))).to_bytes(
                8, "little"
            )
        else:
            _another_number(changed, rng)
    return bytes(changed)


def _another_number(changed: bytearray, rng: random.Random) -> None:
    digits = [at for at, byte in enumerate(changed) if 48 <= byte <= 57]
    if digits:
        at = rng.choice(digits)
        changed[at : at + 1] = rng.choice(_NUMBERS)


def warped(value: Any, rng: random.Random) -> Any:
    """Return a JSON value in which one to three places hold something else, are gone, or stand twice."""
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        inside = value
        while isinstance(inside, dict | list) and inside:
            key = rng.choice(list(inside)) if isinstance(inside, dict) else rng.randrange(len(inside))
            if isinstance(inside[key], dict | list) and inside[key] and rng.random() > 0.2:
                inside = inside[key]
                continue
            _change(inside, key, rng)
            break
        else:
            return copy.deepcopy(rng.choice(STRANGE))
    return value


def _change(inside: Any, key: Any, rng: random.Random) -> None:
    kind = rng.randrange(6)
    if kind == 0:
        del inside[key]
    elif kind == 1 and isinstance(inside, dict):
        inside[rng.choice(("", "x\x1b[31m", "__proto__", "id", "\ud800"))] = copy.deepcopy(inside[key])
    elif kind == 1:
        inside.append(copy.deepcopy(inside[key]))
    else:
        inside[key] = copy.deepcopy(rng.choice(STRANGE))


def json_bytes(value: Any) -> bytes:
    """Return JSON as Python writes it: with NaN, and lone surrogates escaped."""
    return json.dumps(value).encode()


def rewritten(content: bytes, rng: random.Random) -> bytes:
    """Return a file of JSON, or of JSON lines, with strange values in it; other files as `broken` makes them."""
    try:
        return json_bytes(warped(json.loads(content), rng))
    except (ValueError, UnicodeDecodeError):
        pass
    try:
        lines = [json.loads(line) for line in content.splitlines() if line.strip()]
    except (ValueError, UnicodeDecodeError):
        lines = []
    if not lines:
        return broken(content, rng)
    at = rng.randrange(len(lines))
    lines[at] = warped(lines[at], rng)
    if rng.random() < 0.2:
        lines.insert(rng.randrange(len(lines)), copy.deepcopy(rng.choice(lines)))
    found = b"".join(json_bytes(line) + b"\n" for line in lines)
    if rng.random() < 0.2:  # a key that stands twice
        found = found.replace(b"{", b'{"id": 7, ', 1)
    return found


CELLS: tuple[Any, ...] = (
    None, True, -1, 0.25, 1e300, float("nan"), float("inf"), "", "x", "\x00\x1b[31m", "=1+1", b"\xff\xfe", [],
    [1.0, None], {"a": 1}, Decimal("1.5"), date(2020, 1, 1), timedelta(seconds=1), time(1, 2),
)  # fmt: skip
"""What may stand in a column of a table, of one type in all its rows or of none."""


def retyped(content: bytes, rng: random.Random) -> bytes:
    """Return a Parquet file in which one or two columns hold another type, stand twice, are gone or renamed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table, sink = pq.read_table(io.BytesIO(content)), io.BytesIO()
    try:
        for _ in range(rng.randint(1, 2)):
            table = _retyped(table, rng.randrange(max(1, table.num_columns)), rng)
        pq.write_table(table, sink)
    except (pa.ArrowException, NotImplementedError):  # what no table can hold
        return broken(content, rng)
    return sink.getvalue()


def _retyped(table: Any, at: int, rng: random.Random) -> Any:
    import pyarrow as pa

    kind, name = rng.randrange(8), table.column_names[at]
    if kind == 0 and table.num_columns > 1:
        return table.remove_column(at)
    if kind == 1:
        return table.append_column(rng.choice(("", "x\x1b[31m", name)), table.column(at))
    if kind == 2:
        return table.slice(0, rng.choice((0, 1)))
    if kind == 3:
        return pa.concat_tables([table, table])
    if kind == 4:
        return table.set_column(at, name, table.column(at).dictionary_encode())
    return table.set_column(at, name, pa.array([rng.choice(CELLS)] * table.num_rows))


def recelled(content: bytes, rng: random.Random) -> bytes:
    """Return a table of text in which one to three cells hold something strange."""
    rows = [line.split(b",") for line in content.splitlines()]
    for _ in range(rng.randint(1, 3)):
        row = rng.choice(rows)
        if row:
            row[rng.randrange(len(row))] = rng.choice((*_NUMBERS, *_SPLICES, b"", b"x,y", b'"a\nb"', b"=1+1", b"[1,2]"))
    return b"\n".join(b",".join(row) for row in rows)


def mutated(name: str, content: bytes, rng: random.Random, other: bytes = b"") -> bytes:
    """Return one broken form of a file; what is changed depends on what its name says it is.

    Args:
        name: Its name: packed files are mostly broken inside, tables mostly cell by cell.
        content: The whole file.
        rng: Decides all.
        other: Another file, which parts are taken from.
    """
    kind = rng.random()
    if kind < 0.03:
        return rng.randbytes(rng.randrange(200))
    if name.endswith(".gz") and kind < 0.7:
        return gzip.compress(mutated(name.removesuffix(".gz"), gzip.decompress(content), rng, b""), mtime=0)
    if kind < 0.65:
        if name.endswith(".parquet"):
            return retyped(content, rng)
        if name.endswith((".csv", ".tsv")):
            return recelled(content, rng)
        return rewritten(content, rng)
    return broken(content, rng, other)
