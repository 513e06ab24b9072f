"""Files that grow line by line: whole lines only, on a full disk too, and never through a link."""

import sys
from pathlib import Path

import pytest

from acidtest.data.line_file import LineFile, whole_lines

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows knows neither of the two")


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "lines.jsonl"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with LineFile(path) as file:
        file.add({"item": "1"})
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 5, before[1]))  # room for a part of a line
        try:
            with pytest.raises(OSError, match="File too large") as full:
                file.add({"item": "2"})
            assert full.value.filename == str(path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        file.add({"item": "3"})
    assert path.read_bytes() == b'{"item":"1"}\n{"item":"3"}\n'


def test_a_link_leads_no_line_into_another_file(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.write_bytes(b"mine, without a line end")
    link = tmp_path / "lines.jsonl"
    link.symlink_to(private)
    with pytest.raises(OSError, match="symbolic links"):
        LineFile(link)
    with pytest.raises(OSError, match="symbolic links"):
        whole_lines(link)
    assert private.read_bytes() == b"mine, without a line end"
