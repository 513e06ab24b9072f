"""The parts of a large JSON file, one in memory at a time: the elements of a list, or single values of an object."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, BinaryIO

from acidtest.data.file_row import MAX_BYTES, open_bytes
from acidtest.data.logs.bounded import parsed
from acidtest.errors import DataError

MOST_PART = 256 * 2**20
"""Most bytes of one part."""

_CHUNK = 2**20
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]"]', re.DOTALL)
_LONGEST_KEY = 100


def json_parts(
    path: Path, listed: AbstractSet[str], whole: AbstractSet[str] = frozenset()
) -> Iterator[tuple[str, Any]]:
    r"""Yield (key, value) of those parts of a JSON file that are wanted and are objects or lists, in the file's order.

    Args:
        path: The file.
        listed: Keys of the outermost object whose value is a list: its elements are parts, one by one. "" is the
            outermost list itself.
        whole: Keys of the outermost object whose value is one part.

    Raises:
        DataError: The file ends within a value, a part is no JSON or has more than 256 MB. What stands outside of the
            parts is not looked at closer.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "log.json"
        >>> _ = file.write_text('{"eval": {"a": 1}, "stats": [3], "samples": [{"id": 1}, {"id": 2}]}')
        >>> list(json_parts(file, {"samples"}, {"eval"}))
        [('eval', {'a': 1}), ('samples', {'id': 1}), ('samples', {'id': 2})]
    """
    with open_bytes(path) as file:
        for key, content in _Scan(file, str(path), listed, whole).parts():
            yield key, parsed(content, f"{path}, a part under '{key}'" if key else str(path))


class _Scan:
    """Follows brackets and strings only; what lies between them cannot move a part's ends."""

    def __init__(self, file: BinaryIO, where: str, listed: AbstractSet[str], whole: AbstractSet[str]) -> None:
        self._file, self._where, self._listed, self._whole = file, where, listed, whole
        self._depth = 0
        self._key = ""
        self._outer_list = self._in_list = self._ended = False
        self._start, self._start_depth = -1, 0

    def parts(self) -> Iterator[tuple[str, bytes]]:
        """Yield (key, bytes) of each part."""
        buffer, followed, total = b"", 0, 0
        while True:
            # Twice as much each time where a value goes on: looking at its start again then stays linear.
            chunk = max(_CHUNK, len(buffer))
            more = self._file.read(chunk)
            total += len(more)
            buffer += more
            if len(buffer) > MOST_PART + chunk or total > MAX_BYTES:
                raise self._error(f"a value of more than {MOST_PART // 2**20} MB")
            end = len(buffer)
            for match in _TOKEN.finditer(buffer, followed):
                if match.group() == b'"':
                    end = match.start()
                    break
                if self._ends_part(match):
                    yield self._key, buffer[self._start : match.end()]
                    self._start = -1
            if not more:
                if self._depth or not self._ended or end != len(buffer):
                    raise self._error("the file ends too early, or holds no JSON object")
                return
            kept = end if self._start < 0 else self._start
            buffer, followed = buffer[kept:], end - kept
            self._start = min(self._start, 0)

    def _ends_part(self, token: re.Match[bytes]) -> bool:
        """Follow one string or bracket; true where a part that is wanted ends with it."""
        first = token.group()[:1]
        if first == b'"':
            if self._depth == 1 and not self._outer_list:
                self._key = token.group()[1 : _LONGEST_KEY + 2].removesuffix(b'"').decode("utf-8", "replace")
            return False
        if first in b"[{":
            self._opens(token.start(), is_list=first == b"[")
            return False
        self._depth -= 1
        if self._depth < 0:
            raise self._error("a bracket too many")
        self._ended |= self._depth == 0
        return self._start >= 0 and self._depth == self._start_depth

    def _opens(self, at: int, *, is_list: bool) -> None:
        depth = self._depth
        self._depth += 1
        if depth == 0:
            if self._ended:
                raise self._error("more than one value")
            self._outer_list = is_list
        wanted = depth == 1 and ("" in self._listed if self._outer_list else self._key in self._whole)
        if depth == 1 and not self._outer_list:
            self._in_list = is_list and self._key in self._listed
        wanted = wanted or (depth == 2 and self._in_list and not self._outer_list)  # noqa: PLR2004  # inside of the list
        if wanted and self._start < 0:
            self._start, self._start_depth = at, depth

    def _error(self, what: str) -> DataError:
        return DataError(f"broken JSON: {what}", where=self._where, way_out="Get the log again.")
