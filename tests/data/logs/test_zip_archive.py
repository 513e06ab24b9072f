"""Archives: what three writers packed comes out as Python's own `zipfile` reads it; hostile ones are refused."""

import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pytest

from acidtest.data.logs import zip_archive
from acidtest.data.logs.zip_archive import open_archive
from acidtest.errors import DataError

FIXTURES = Path(__file__).parent / "inspect"
WORDS = b"to be or not to be, that is the question. " * 40


@dataclass(frozen=True, kw_only=True)
class Built:
    """One member as an attacker could write it, by the format's description; every field may lie."""

    name: str = "a.json"
    packed: bytes = b"{}"
    method: int = 0
    size: int = 2
    crc: int = zlib.crc32(b"{}")
    flags: int = 0
    mode: int = 0o100644
    offset: int | None = None
    extra: bytes = b""


def archive(members: Sequence[Built], *, count: int | None = None, tail: bytes = b"") -> bytes:
    """Return the bytes of an archive (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16)."""
    body, directory = b"", b""
    for member in members:
        name = member.name.encode()
        at = len(body) if member.offset is None else member.offset
        head = (member.flags, member.method, 0, 0, member.crc, len(member.packed), member.size & 0xFFFFFFFF, len(name))
        body += struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, *head, 0) + name + member.packed
        directory += struct.pack("<4s6H3L", b"PK\x01\x02", 0x0314, 20, *head[:-1])
        directory += struct.pack("<5H2L", len(name), len(member.extra), 0, 0, 0, member.mode << 16, at)
        directory += name + member.extra
    n = len(members) if count is None else count
    return (
        body
        + directory
        + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, n, n, len(directory), len(body), len(tail))
        + tail
    )


def contents(path: Path) -> dict[str, bytes]:
    with open_archive(path) as opened:
        return {name: opened.read(name) for name in opened.members}


def saved(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "x.eval"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_zipfile_wrote_is_read_as_zipfile_reads_it(tmp_path: Path, method: int) -> None:
    path = tmp_path / "x.eval"
    with zipfile.ZipFile(path, "w", method) as writer:
        writer.comment = b"a comment"
        writer.mkdir("samples")
        for name, content in {"a.json": b"{}", "samples/ä b.json": WORDS, "empty": b"", "a.json ": b"[1]"}.items():
            writer.writestr(name, content)
    with zipfile.ZipFile(path) as reader:
        expected = {name: reader.read(name) for name in reader.namelist() if not name.endswith("/")}
    assert contents(path) == expected
    assert len(expected) == 4


def test_zip64_of_zipfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.eval"
    # With these limits zipfile writes for two small members what it writes for 65,536 or for 4 GB.
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("a", WORDS)
        writer.writestr("b", WORDS[::-1])
    # It also writes the narrow numbers, which archives of that size cannot hold.
    wide = path.read_bytes()[:-14] + b"\xff" * 12 + b"\0\0"
    with zipfile.ZipFile(saved(tmp_path, wide)) as reader:
        assert reader.read("b") == WORDS[::-1]
    assert contents(saved(tmp_path, wide)) == {"a": WORDS, "b": WORDS[::-1]}
    for mark in (b"PK\x06\x06", b"PK\x06\x07"):
        assert mark in wide
        with pytest.raises(DataError, match="zip64 record"):
            contents(saved(tmp_path, wide.replace(mark, b"PK\x06\x00")))


def test_a_comment_may_hold_the_mark_of_the_end(tmp_path: Path) -> None:
    comment = b"a comment with PK\x05\x06 in it, and more than twenty-two bytes after it"
    assert contents(saved(tmp_path, archive([Built()], tail=comment))) == {"a.json": b"{}"}


def test_zstandard_in_several_frames(tmp_path: Path) -> None:
    codec = pa.Codec("zstd")
    packed = codec.compress(WORDS, asbytes=True) + codec.compress(b"end", asbytes=True)
    content = WORDS + b"end"
    member = Built(packed=packed, method=93, size=len(content), crc=zlib.crc32(content))
    assert contents(saved(tmp_path, archive([member]))) == {"a.json": content}


def test_of_two_members_with_one_name_the_last_counts_as_for_inspect(tmp_path: Path) -> None:
    path = tmp_path / "x.eval"
    with zipfile.ZipFile(path, "w") as writer:
        writer.writestr("a", b"first")
        with pytest.warns(UserWarning, match="Duplicate name"):
            writer.writestr("a", b"second")
    assert contents(path) == {"a": b"second"}


@pytest.mark.parametrize("name", ["/etc/passwd", "../../escape", "C:\\x", "a\x00b", "x" * 60_000])
def test_names_are_no_paths(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path, archive([Built(name=name)]))
    assert list(contents(path).values()) == [b"{}"]
    assert [p.name for p in tmp_path.iterdir()] == ["x.eval"]
    assert not (tmp_path.parent.parent / "escape").exists()


BOMB = zlib.compress(bytes(20 * 2**20), wbits=-15)
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "unpacks to more than it says": (
        lambda: archive([Built(packed=BOMB, method=8, size=2**20, crc=0)]),
        "not what the directory says",
    ),
    "stored, but says it is larger": (lambda: archive([Built(size=5)]), "not what the directory says"),
    "zstandard, says it is smaller": (
        lambda: archive([Built(packed=pa.Codec("zstd").compress(WORDS, asbytes=True), method=93, size=100)]),
        "not what the directory says",
    ),
    "other content than its checksum": (lambda: archive([Built(crc=1)]), "not what the directory says"),
    "ratio of a bomb": (
        lambda: archive([Built(packed=BOMB, method=8, size=100 * 2**20)]),
        "1,000 times its packed size",
    ),
    "a member of 300 MB": (lambda: archive([Built(method=8, size=300 * 2**20)]), "more than 256 MB"),
    "all members are one": (
        lambda: archive([Built(), replace(Built(), name="b.json", offset=0)]),
        "overlap",
    ),
    "a member reaches into the directory": (lambda: archive([Built(offset=30)]), "overlap|not agree"),
    "more members than there are": (lambda: archive([Built()], count=3), "cut off"),
    "fewer members than there are": (lambda: archive([Built(), Built(name="b")], count=1), "holds more"),
    "a link": (lambda: archive([Built(mode=0o120777)]), "links"),
    "encrypted": (lambda: archive([Built(flags=1)]), "encrypted"),
    "strongly encrypted": (lambda: archive([Built(flags=0x41)]), "encrypted"),
    "an unknown method": (lambda: archive([Built(method=14)]), "method 14"),
    "no deflate stream": (lambda: archive([Built(method=8, packed=b"\xff\xff\xff")]), "cannot be unpacked"),
    "no zstandard stream": (lambda: archive([Built(method=93, packed=b"\xff\xff\xff")]), "cannot be unpacked"),
    "a zip64 size that is missing": (lambda: archive([Built(size=0xFFFFFFFF)]), "zip64 size is missing"),
    "a zip64 size beyond all limits": (
        lambda: archive([Built(size=0xFFFFFFFF, extra=struct.pack("<2HQ", 1, 8, 2**60))]),
        "more than 256 MB",
    ),
    "an offset outside of the file": (
        lambda: archive([Built(offset=0xFFFFFFFF, extra=struct.pack("<2HQ", 1, 8, 2**62))]),
        "overlap",
    ),
    "bytes before its start": (lambda: b"#!/bin/sh\n" + archive([Built()]), "damaged|not where"),
    "no archive": (lambda: b"PK\x03\x04" + bytes(100), "its end is missing"),
    "nothing": (lambda: b"", "its end is missing"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_archives_are_refused(tmp_path: Path, case: str) -> None:
    build, message = HOSTILE[case]
    with pytest.raises(DataError, match=message):
        contents(saved(tmp_path, build()))


def test_too_many_members_and_too_much_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, archive([Built(name=str(n)) for n in range(5)]))
    assert len(contents(path)) == 5
    monkeypatch.setattr(zip_archive, "MOST_MEMBERS", 4)
    with pytest.raises(DataError, match="more than 4 members"):
        contents(path)
    monkeypatch.setattr(zip_archive, "MOST_MEMBERS", 5)
    monkeypatch.setattr(zip_archive, "MOST_BYTES", 9)
    with pytest.raises(DataError, match="together"):
        contents(path)


def test_an_empty_archive_has_no_members_and_a_missing_one_is_an_error(tmp_path: Path) -> None:
    path = saved(tmp_path, archive([], tail=b"nothing"))
    assert contents(path) == {}
    with open_archive(path) as opened, pytest.raises(DataError, match=r"no member 'a\.json'"):
        opened.read("a.json")
    with pytest.raises(DataError, match="there is no file"):
        contents(tmp_path / "missing.eval")


def test_a_log_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    content = (FIXTURES / "unnamed_shuffled.eval").read_bytes()
    for end in range(0, len(content), 97):
        with pytest.raises(DataError):
            contents(saved(tmp_path, content[:end]))
