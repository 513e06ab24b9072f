"""Data sets from a server: what came first is what is asked for ever after."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from acidtest.data import download
from acidtest.data.datasets import files as dataset_files
from acidtest.data.datasets.catalogue import dataset
from acidtest.errors import FetchError
from file_server import Server, server

__all__ = ["server"]  # a fixture


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACIDTEST_DATA", raising=False)
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "PAUSE", 0.0)


def test_a_data_set_is_downloaded_and_pinned(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    entry = replace(dataset("gsm8k"), address=server.address)
    for part in ("train", "test"):
        row = {"question": f"{part}?", "answer": "#### 7"}
        server.content[f"/grade_school_math/data/{part}.jsonl"] = json.dumps(row).encode()
    found = dataset_files.dataset_files(entry)
    assert [i.target for i in found.items("test")] == ["7"]
    assert [f.verified for f in found.files] == [False, False]
    assert len(server.hits) == 2
    again = dataset_files.dataset_files(entry)
    assert len(server.hits) == 2
    assert [f.sha256 for f in again.files] == [f.sha256 for f in found.files]
    path = found.folder / "grade_school_math" / "data" / "test.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(FetchError, match=r"'test\.jsonl' is not the file that is known"):
        dataset_files.dataset_files(entry)
    path.unlink()
    dataset_files.dataset_files(entry)
    assert len(server.hits) == 3  # only what was missing came again
    path.unlink()
    server.content["/grade_school_math/data/test.jsonl"] = b'{"question": "changed", "answer": "#### 8"}'
    with pytest.raises(FetchError, match="another file than expected"):
        dataset_files.dataset_files(entry)
    monkeypatch.setattr(dataset_files, "_MOST_BYTES", 10)
    with pytest.raises(FetchError, match="more than the 10 bytes"):
        dataset_files.dataset_files(entry)


def test_a_data_set_that_cannot_be_had_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("ACIDTEST_DATA", str(tmp_path / "data"))
    with pytest.raises(FetchError, match="the data set 'gsm8k' cannot be had: the server answers 404") as error:
        dataset_files.dataset_files(replace(dataset("gsm8k"), address=server.address))
    assert str(tmp_path / "data" / "gsm8k") in error.value.where
    assert server.address in error.value.where
    assert "ACIDTEST_DATA=FOLDER" in error.value.way_out
