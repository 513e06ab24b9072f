"""Which texts are addresses, how they are shown, and what is said where their file system is not there."""

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path, PurePosixPath, PureWindowsPath
from threading import Thread

import pytest

from acidtest.data.remote.address import looks_like_address, run_address
from acidtest.data.remote.store import RemoteError, RemoteStore, is_safe
from acidtest.errors import AcidtestError
from acidtest.study.remote_run import fetched_study


@pytest.mark.parametrize(
    ("named", "url"),
    [
        ("s3://bucket/runs/x", "s3://bucket/runs/x"),
        ("S3://bucket/runs//x/./", "s3://bucket/runs/x"),
        (Path("s3://bucket/runs/x"), "s3://bucket/runs/x"),
        (str(PurePosixPath("s3://bucket/runs/x")), "s3://bucket/runs/x"),
        (str(PureWindowsPath("s3://bucket/runs/x")), "s3://bucket/runs/x"),
        ("file:///srv/runs/x", "file:///srv/runs/x"),
        (Path("file:///srv/runs/x"), "file:///srv/runs/x"),
        ("memory://runs/x", "memory://runs/x"),
        ("sftp://ann@host.org/runs/x", "sftp://ann@host.org/runs/x"),
    ],
)
def test_an_address_is_read_however_it_was_written(
    named: str | Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acidtest.data.remote.address._can_open", lambda *_: True)
    found = run_address(named)
    assert found is not None
    assert found.url == url


@pytest.mark.parametrize(
    "named",
    ["C:\\runs\\x", "C:/runs/x", "c:runs", "runs/x", "./s3/x", "/srv/runs", "study.yaml", "a:b", "s3:bucket", "-", ""],
)
def test_local_paths_and_drives_are_no_addresses(named: str) -> None:
    assert run_address(named) is None
    assert not looks_like_address(named)


def test_local_paths_import_no_file_system() -> None:
    code = (
        "import sys; from pathlib import Path; from acidtest.data.remote.address import run_address; "
        "import acidtest.cli.main, acidtest.cli.run; assert run_address(Path('runs/x')) is None; "
        "assert not {'fsspec', 's3fs', 'acidtest.data.remote.store'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_passwords_and_users_are_not_shown_and_two_passwords_are_one_place() -> None:
    one = run_address("ftp://ann:se:cr@et@host.org/runs/x")
    other = run_address("ftp://ann:new@host.org/runs/x")
    ben = run_address("ftp://ben:new@host.org/runs/x")
    assert one is not None
    assert other is not None
    assert ben is not None
    assert one.shown == other.shown == "ftp://host.org/runs/x"
    assert one.secrets == ("ann:se:cr@et", "se:cr@et")
    assert one.digest == other.digest != ben.digest
    signed = run_address("http://host.org/a.csv?token=abc")
    assert signed is not None
    assert signed.shown == "http://host.org/a.csv"
    assert signed.secrets == ("token=abc",)


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("ftp://ann:se/cret@host.org/runs/x", "holds a '/'"),
        ("s3://KEY:se/cret@bucket/x", "holds a '/'"),
        ("zip://x.zip::ftp://ann:secret@host.org/x.zip", "holds a '/'"),
        ("zip://x.zip::ftp://host.org/x.zip", "'::'"),
        ("memory://runs/a::simplecache", "'::'"),
        ("memory://runs/a?b.json", "'?'"),
    ],
)
def test_what_would_show_a_password_or_lead_elsewhere_is_refused(named: str, told: str) -> None:
    with pytest.raises(AcidtestError) as error:
        run_address(named)
    assert told in str(error.value)
    assert "cret" not in str(error.value)


@pytest.mark.parametrize("named", ["sftp://ann@host.org:22/a@b", "sftp://host.org:22/a@b", "file:///a:b/c@d"])
def test_ports_and_signs_in_paths_are_no_passwords(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acidtest.data.remote.address._can_open", lambda *_: True)
    found = run_address(named)
    assert found is not None
    assert found.shown == named.replace("ann@", "")


class Refuses(BaseHTTPRequestHandler):
    """A server that answers 500."""

    def do_GET(self) -> None:
        self.send_error(500)

    def do_HEAD(self) -> None:
        self.send_error(500)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        del format, args


def test_the_query_of_an_address_is_in_no_error() -> None:
    """aiohttp's errors hold the whole address; signed ones are as good as a key."""
    with HTTPServer(("127.0.0.1", 0), Refuses) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = run_address(f"http://ann:hunter22@127.0.0.1:{server.server_port}/a.csv?sig=se%2Fcret-signed&v=1")
        assert address is not None
        with pytest.raises(RemoteError, match="500") as error:
            RemoteStore(address).kind()
        server.shutdown()
    assert "cret" not in str(error.value)
    assert "hunter" not in str(error.value)


def test_what_leads_out_is_refused() -> None:
    for named in ("memory://runs/../../x", "memory://runs/..", "memory://runs/a\nb"):
        with pytest.raises(AcidtestError, match="leads out of itself"):
            run_address(named)


def test_unknown_kinds_are_named_and_a_folder_of_such_a_name_is_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AcidtestError, match="no file system is called 'foo'"):
        run_address("foo://x/y")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "foo:" / "x").mkdir(parents=True)
    assert run_address(Path("foo:/x")) is None


@pytest.mark.parametrize(
    ("missing", "named", "told"),
    [
        (("s3fs",), "s3://b/x", "pip install s3fs (or the extra: pip install 'acidtest[remote]')"),
        (("fsspec", "s3fs"), "s3://b/x", "pip install fsspec s3fs (or the extra: pip install 'acidtest[remote]')"),
        (("fsspec",), "memory://x", "pip install fsspec"),
        (("gcsfs",), "gs://b/x", "pip install gcsfs"),
        (("paramiko",), "sftp://h/x", "pip install paramiko"),
    ],
)
def test_a_missing_library_is_named(
    missing: tuple[str, ...], named: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] in (*missing, "fsspec")]:
        monkeypatch.delitem(sys.modules, module)
    for module in missing:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(AcidtestError, match="a library that is not installed") as error:
        run_address(named)
    assert error.value.way_out == told


@pytest.mark.parametrize(
    "name",
    [
        "../x", "a/../../x", "/etc/passwd", "a//b", "", ".", "..", "a/.ssh/x", ".bashrc", "C:x", "a\\b", "a\0b", "a\nb",
        "con", "a/NUL.txt", "x.", "a b", "é", "x" * 201, "a/b/c/d/e/f/g/h/i", "~/x", "$HOME", "-rf/..",
    ],
)  # fmt: skip
def test_hostile_names_are_no_files_of_ours(name: str) -> None:
    assert not is_safe(name)


STUDY = """\
study: any
task: intent
real: {path: my real é.jsonl, pool: ./sub dir/pool.jsonl}
synthetic:
  - {name: one, path: ../up.jsonl}
  - {name: two, path: "a/.ssh/x.jsonl"}
  - {name: three, path: "Be brief. Not long."}
  - {name: four, path: plain.jsonl}
solvers: ["classic:majority"]
"""


def test_a_study_brings_the_files_that_it_names_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blanks and letters beyond ASCII are names, too; what leads elsewhere, or hides, is none."""
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "cache"))
    named = ["my real é.jsonl", "plain.jsonl", "study.yaml", "sub dir/pool.jsonl"]
    for name in (*named, "../up.jsonl", "a/.ssh/x.jsonl", "other.jsonl"):
        path = tmp_path / "there" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(STUDY, "utf-8")
    address = run_address(f"file://{tmp_path}/there/study.yaml")
    assert address is not None
    folder = fetched_study(address).parent
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()) == named


@pytest.mark.parametrize(
    "name", ["run.json", "responses/real/mistralai__Mixtral-8x7B.jsonl", "levels/a.NOTE/b/c.jsonl"]
)
def test_names_of_runs_are_safe(name: str) -> None:
    assert is_safe(name)
