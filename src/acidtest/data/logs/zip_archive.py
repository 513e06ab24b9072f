"""A zip archive that a stranger wrote, read member by member: nothing is unpacked to disk, names are no paths.

Python's `zipfile` knows no Zstandard (method 93) before 3.14 and takes in a directory of any size, so the directory is
read here, by the format's description (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3 to 4.5).
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from acidtest.data.file_row import open_bytes
from acidtest.errors import DataError

MOST_MEMBERS = 1_000_000
MOST_MEMBER_BYTES = 256 * 2**20
MOST_BYTES = 64 * 2**30
"""Most members of an archive; most bytes of one member and of all together, unpacked."""

MOST_RATIO = 1000
"""How many times its packed size a member of more than 1 MB may be. Logs of text come to 5 or 10."""

_STORED, _DEFLATED, _ZSTD = 0, 8, 93
_END = struct.Struct("<4s4H2LH")
_WIDE_PLACE = struct.Struct("<4sLQL")
_WIDE_END = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_NARROW, _FEW = 0xFFFFFFFF, 0xFFFF
"""What stands for a size, and a count, that take more bits."""

_KIND, _LINK = 0o170000, 0o120000
"""The part of a file's mode that tells its kind, and a link's kind (POSIX `sys/stat.h`)."""

_UNREADABLE = 0x2041
"""Flags of encrypted members."""

_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Member:
    """What the archive's directory says of one member; `size` is its size unpacked."""

    name: bytes
    method: int
    crc: int
    packed: int
    size: int
    offset: int


class ZipArchive:
    """An open archive.

    Attributes:
        members: Name -> member, in the directory's order; of several with one name the last. Names are the archive's
            and may be anything, `/etc/passwd` and `../x` too: they are never opened.
    """

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._where = file, str(path)
        self._end = 0
        self.members: Mapping[str, Member] = self._directory()

    def read(self, name: str) -> bytes:
        """Return a member's bytes, unpacked.

        Raises:
            DataError: No such member, or it is broken, or not what the directory says.
        """
        member = self.members.get(name)
        if member is None:
            raise self._broken(f"no member '{name[:100]}'")
        header = self._at(member.offset, _LOCAL.size)
        mark, *_, name_size, extra_size = _LOCAL.unpack(header)
        start = member.offset + _LOCAL.size
        if mark != b"PK\x03\x04" or self._at(start, name_size) != member.name:
            raise self._broken("directory and members do not agree")
        packed = self._at(start + name_size + extra_size, member.packed)
        content = self._unpacked(member, packed)
        if len(content) != member.size or zlib.crc32(content) != member.crc:
            raise self._broken(f"member '{name[:100]}' is not what the directory says")
        return content

    def _unpacked(self, member: Member, packed: bytes) -> bytes:
        if member.method == _STORED:
            return packed
        if member.method == _DEFLATED:
            try:
                return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, member.size + 1)
            except zlib.error as error:
                raise self._broken(f"a member cannot be unpacked: {error}") from error
        return self._unpacked_zstd(packed, member.size)

    def _unpacked_zstd(self, packed: bytes, size: int) -> bytes:
        import pyarrow as pa

        content = bytearray()
        try:
            with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
                while len(content) <= size and (chunk := stream.read(min(_CHUNK, size + 1 - len(content)))):
                    content += chunk
        except (OSError, pa.ArrowException) as error:
            raise self._broken(f"a member cannot be unpacked: {str(error)[:200]}") from error
        return bytes(content)

    def _directory(self) -> dict[str, Member]:
        offset, size, count = self._directory_place()
        content = self._at(offset, size)
        self._end = offset
        members, ends, at = dict[str, Member](), list[tuple[int, int]](), 0
        for _ in range(count):
            member, text, at = self._entry(content, at)
            ends.append((member.offset, member.offset + _LOCAL.size + len(member.name) + member.packed))
            if not text.endswith("/"):
                members.pop(text, None)
                members[text] = member
        if at != size:
            raise self._broken("its directory holds more than it says")
        self._check(ends, sum(member.size for member in members.values()))
        return members

    def _directory_place(self) -> tuple[int, int, int]:
        """Return offset and size of the directory, and its number of members, from the record at the file's end."""
        self._end = length = self._file.seek(0, 2)
        tail_start = max(0, length - _END.size - _FEW)
        tail = self._at(tail_start, length - tail_start)
        at = tail.rfind(b"PK\x05\x06")
        # A comment may hold the mark, too: the record is the one whose comment ends with the file.
        while at >= 0 and (len(tail) < at + _END.size or at + _END.size + _END.unpack_from(tail, at)[7] != len(tail)):
            at = tail.rfind(b"PK\x05\x06", 0, at)
        if at < 0:
            raise self._broken("its end is missing, so it was cut off, or is no zip archive")
        _, disk, first_disk, here, count, size, offset, _ = _END.unpack_from(tail, at)
        end = tail_start + at
        if _FEW in (here, count) or _NARROW in (size, offset):
            mark, _, wide, _ = _WIDE_PLACE.unpack(self._at(end - _WIDE_PLACE.size, _WIDE_PLACE.size))
            if mark != b"PK\x06\x07":
                raise self._broken("its zip64 record is missing")
            mark, _, _, _, disk, first_disk, here, count, size, offset = _WIDE_END.unpack(
                self._at(wide, _WIDE_END.size)
            )
            if mark != b"PK\x06\x06":
                raise self._broken("its zip64 record is missing")
        if disk or first_disk or here != count or offset + size > end:
            raise self._broken("its directory is not where it should be")
        if count > MOST_MEMBERS or size > MOST_MEMBER_BYTES:
            raise self._refused(f"more than {MOST_MEMBERS:,} members")
        return offset, size, count

    def _entry(self, content: bytes, at: int) -> tuple[Member, str, int]:
        """Return one member of the directory, its name as text, and where the next begins."""
        if at + _ENTRY.size > len(content):
            raise self._broken("its directory is cut off")
        entry = _ENTRY.unpack_from(content, at)
        mark, _, _, flags, method, _, _, crc, packed, size, name_size, extra_size, comment_size, disk = entry[:14]
        outer, offset = entry[15], entry[16]
        end = at + _ENTRY.size + name_size + extra_size + comment_size
        if mark != b"PK\x01\x02" or end > len(content) or disk not in (0, _FEW):
            raise self._broken("its directory is damaged")
        name = content[at + _ENTRY.size : at + _ENTRY.size + name_size]
        extra = content[at + _ENTRY.size + name_size : end - comment_size]
        size, packed, offset = self._wide(extra, (size, packed, offset))
        text = name.decode("utf-8" if flags & 0x800 else "cp437", "replace")
        if flags & _UNREADABLE:
            raise self._refused("encrypted members")
        if (outer >> 16) & _KIND == _LINK:
            raise self._refused("links in place of members")
        if method not in (_STORED, _DEFLATED, _ZSTD):
            raise self._refused(f"members packed by method {method}")
        if max(size, packed) > MOST_MEMBER_BYTES:
            raise self._refused(f"a member of more than {MOST_MEMBER_BYTES // 2**20} MB")
        if size > max(_CHUNK, MOST_RATIO * packed):
            raise self._refused(f"a member that is more than {MOST_RATIO:,} times its packed size")
        return Member(name, method, crc, packed, size, offset), text, end

    def _wide(self, extra: bytes, narrow: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return sizes and offset; those that take more than 32 bits stand in the extra field of zip64."""
        if _NARROW not in narrow:
            return narrow
        at = 0
        while at + 4 <= len(extra):
            kind, length = struct.unpack_from("<2H", extra, at)
            wide = extra[at + 4 : at + 4 + length]
            if kind == 1 and len(wide) >= 8 * narrow.count(_NARROW):
                values = iter(struct.unpack_from(f"<{narrow.count(_NARROW)}Q", wide))
                size, packed, offset = (next(values) if number == _NARROW else number for number in narrow)
                return size, packed, offset
            at += 4 + length
        raise self._broken("a zip64 size is missing")

    def _check(self, places: list[tuple[int, int]], total: int) -> None:
        """Refuse members that share bytes, as those of a bomb do, or that reach into the directory."""
        if total > MOST_BYTES:
            raise self._refused(f"members of more than {MOST_BYTES // 2**30} GB together")
        places.sort()
        starts = [start for start, _ in places[1:]] + [self._end]
        if any(end > following for (_, end), following in zip(places, starts, strict=bool(places))):
            raise self._refused("members that overlap")

    def _at(self, offset: int, size: int) -> bytes:
        if offset < 0 or offset + size > self._end:
            raise self._broken("a part of it lies outside of the file")
        self._file.seek(offset)
        content = self._file.read(size)
        if len(content) != size:
            raise self._broken("the file ends too early")
        return content

    def _broken(self, what: str) -> DataError:
        return DataError(f"a broken archive: {what}", where=self._where, way_out="Get the log again.")

    def _refused(self, what: str) -> DataError:
        return DataError(f"an archive with {what} is not read", where=self._where, way_out="Leave the file out.")


@contextmanager
def open_archive(path: Path) -> Iterator[ZipArchive]:
    """Open a zip archive and read its directory.

    Raises:
        DataError: It is broken, or is built as only hostile ones are: members that overlap, that unpack to more than
            `MOST_MEMBER_BYTES` or `MOST_RATIO` times their size, links, encrypted ones.
    """
    with open_bytes(path) as file:
        yield ZipArchive(file, path)
