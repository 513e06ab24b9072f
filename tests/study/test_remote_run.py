"""Runs at addresses of a real S3 server: the same bytes, killed and resumed, cut off, refused, and two at once."""

import importlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from acidtest.cli.addresses import told as tell
from acidtest.cli.addresses import with_addresses
from acidtest.cli.main import COMMANDS
from acidtest.data.remote.store import RemoteError
from acidtest.errors import AcidtestError, DataError
from mock_study import STUDY, acidtest, content, environment, requests_since_last, write_study
from s3_server import BUCKET, KEYS, NEVER, S3, s3_server

SMALL = STUDY.replace(', "classic:tfidf_logreg"', "")
CONNECTIONS = 3 * 4
SCORED = ("scores.parquet", "fidelity.json", "real.jsonl", "pool.jsonl", "synthetic/writer.few_shot.jsonl")


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with s3_server() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment().items():
            patch.setenv(name, value)
        patch.setenv("ACIDTEST_REMOTE_PATIENCE", "15")
        yield server


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, mock_url: str) -> Path:
    return write_study(tmp_path_factory.mktemp("study"), mock_url, SMALL)


@pytest.fixture(scope="module")
def local(study: Path) -> Path:
    """A run in a local folder."""
    command("run", study.parent / "cache", study=study, folder=study.parent / "run")
    return study.parent / "run"


@pytest.fixture(scope="module")
def undisturbed(local: Path) -> dict[str, bytes]:
    """What a local run makes."""
    return {name: found for name, found in content(local).items() if name in SCORED}


def scored(s3: S3, prefix: str) -> dict[str, bytes]:
    return {name: found for name, found in s3.content(prefix).items() if name in SCORED}


def command(name: str, cache: Path, **given: object) -> None:
    """Run a command of the command line in this process, with a cache of its own: as on a machine of its own."""
    module = importlib.import_module(COMMANDS[name])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACIDTEST_CACHE", str(cache))
        patch.setenv("OPENAI_API_KEY", "mock-key")
        with_addresses(name, getattr(module, name))(**given)


def start(*arguments: object, cache: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "acidtest", *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment(cache), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def wait_for(seen: Path, process: "subprocess.Popen[str]", size: int) -> None:
    """Wait until a file has grown to `size` bytes."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if seen.exists() and seen.stat().st_size >= size:
            return
        time.sleep(0.002)


def working(cache: Path) -> Path:
    """Return the one working copy below a cache."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = list((cache / "remote").glob("*/work"))
        if found:
            return found[0]
        time.sleep(0.01)
    raise AssertionError


def test_a_run_at_an_address_is_the_local_run(
    s3: S3,
    study: Path,
    local: Path,
    undisturbed: dict[str, bytes],
    tmp_path: Path,
    mock_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address = f"s3://{BUCKET}/whole/x"
    command("run", tmp_path / "one", study=study, folder=Path(address))
    assert f"Report: {address}/report.html" in capsys.readouterr().out
    there = s3.content("whole/x")
    assert scored(s3, "whole/x") == undisturbed
    assert set(there) == {p.relative_to(local).as_posix() for p in local.rglob("*") if p.is_file()} - {".lock"}
    requests_since_last(mock_url)
    command("run", tmp_path / "two", study=study, folder=Path(address))  # another machine: an empty cache
    assert requests_since_last(mock_url) == (0, 0)
    assert s3.content("whole/x").keys() == there.keys()


def test_every_command_takes_the_address(
    s3: S3, local: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, cache, pages = Path(f"s3://{BUCKET}/every/x"), tmp_path / "cache", f"s3://{BUCKET}/pages"
    s3.put_folder(local, "every/x")
    command("report", cache, study=run)
    command("compare", cache, study=run, json_file=f"{pages}/fidelity.json")
    command("irt", cache, scores=[run], html=Path(f"{pages}/irt.html"))
    command("audit", cache, scores=[run / "scores.parquet"], real="real", html=Path(f"{pages}/audit.html"))
    command("export", cache, run=run, to="jsonl", folder=Path(f"s3://{BUCKET}/exported"))
    with pytest.raises(AcidtestError, match="where to write is not named"):
        command("export", cache, run=run, to="jsonl")
    told = capsys.readouterr()
    assert str(cache) not in told.out + told.err
    assert f"in s3://{BUCKET}/exported" in told.out
    assert s3.content("exported")
    assert set(s3.content("pages")) == {"fidelity.json", "irt.html", "audit.html"}
    with pytest.raises(DataError, match="nobody rated") as error:
        command("validity", cache, ratings=[run])
    assert f"where: s3://{BUCKET}/every/x/ratings" in tell(error.value)
    files = {p.relative_to(local).as_posix() for p in local.rglob("*") if p.is_file()} - {".lock"}
    assert s3.content("every/x").keys() == files


def test_a_study_file_at_an_address_brings_its_files(
    s3: S3, study: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    for name in ("study.yaml", "real.jsonl", "pool.jsonl"):
        s3.put(f"studies/{name}", (study.parent / name).read_bytes())
    s3.put("studies/private.jsonl", b"not named by the study")
    named = Path(f"s3://{BUCKET}/studies/study.yaml")
    command("run", tmp_path / "cache", study=named, folder=tmp_path / "run")
    assert {name: found for name, found in content(tmp_path / "run").items() if name in SCORED} == undisturbed
    assert not list((tmp_path / "cache").rglob("private.jsonl"))


@pytest.mark.parametrize(
    ("seen", "size", "where"),
    [("synthetic/writer.few_shot.calls.jsonl", 1500, "elsewhere"), ("responses/real/good.jsonl", 800, "here")],
)
def test_killed_and_resumed(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    s3: S3,
    study: Path,
    undisturbed: dict[str, bytes],
    tmp_path: Path,
    mock_url: str,
    seen: str,
    size: int,
    where: str,
) -> None:
    """Here nothing is asked twice but what was in flight; elsewhere what was not yet at the address, too."""
    name = f"killed/{where}-{size}"
    address = f"s3://{BUCKET}/{name}"
    requests_since_last(mock_url)
    with start("run", study, "-o", address, cache=tmp_path / "one") as process:
        wait_for(working(tmp_path / "one") / seen, process, size)
        process.send_signal(signal.SIGKILL)
    if where == "elsewhere":
        with pytest.raises(DataError, match="another process works at this address"):
            command("run", tmp_path / "two", study=study, folder=Path(address))
        s3.unlock(name)
    command("run", tmp_path / ("one" if where == "here" else "two"), study=study, folder=Path(address))
    sent, distinct = requests_since_last(mock_url)
    assert scored(s3, name) == undisturbed
    if where == "here":
        assert sent - distinct <= CONNECTIONS


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_all_at_the_address(
    s3: S3, study: Path, undisturbed: dict[str, bytes], tmp_path: Path, mock_url: str, sent: signal.Signals
) -> None:
    address, name = f"s3://{BUCKET}/{sent.name}", sent.name
    requests_since_last(mock_url)
    with start("run", study, "-o", address, cache=tmp_path / "one") as process:
        wait_for(working(tmp_path / "one") / "responses" / "real" / "good.jsonl", process, 800)
        process.send_signal(sent)
        assert process.wait(timeout=60) == 130
    assert ".acidtest-lock.json" not in s3.content(name)
    command("run", tmp_path / "two", study=study, folder=Path(address))
    asked, distinct = requests_since_last(mock_url)
    assert asked - distinct <= CONNECTIONS
    assert scored(s3, name) == undisturbed


def test_the_second_of_two_is_refused(s3: S3, study: Path, tmp_path: Path) -> None:
    held = orjson.dumps({"id": "feed", "since": time.time() - 60, "seen": time.time() - 3})
    s3.put("two/.acidtest-lock.json", held)
    with pytest.raises(DataError, match=r"another process works at this address \(it is called feed, began ") as error:
        command("run", tmp_path / "cache", study=study, folder=Path(f"s3://{BUCKET}/two"))
    assert error.value.where == f"s3://{BUCKET}/two"
    assert set(s3.content("two")) == {".acidtest-lock.json"}


SLOW = STUDY.replace(', "classic:tfidf_logreg"', ', "classic:slow"')
SLOW_SOLVER = """
import pathlib, time
from acidtest import registry
from acidtest.registry import register
@register("classic", "slow")
class Slow(registry.get("classic", "majority")):
    '''Waits until it is told to go on.'''
    def fit(self, pool, labels, seed):
        super().fit(pool, labels, seed)
        pathlib.Path("fitting").touch()
        while not pathlib.Path("go").exists():
            time.sleep(0.02)
"""


@pytest.mark.long
@pytest.mark.parametrize("back", [True, False])
def test_the_server_goes_away_in_the_middle(
    s3: S3, tmp_path: Path, mock_url: str, monkeypatch: pytest.MonkeyPatch, *, back: bool
) -> None:
    """The run goes on; where the server comes back all is there in the end, else the exit says where all is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACIDTEST_REMOTE_PATIENCE", "30" if back else "1")
    study, cache, name = write_study(tmp_path, mock_url, SLOW), tmp_path / "cache", f"away-{back}"
    (tmp_path / "slow.py").write_text(SLOW_SOLVER)
    try:
        with start("run", study, "-o", f"s3://{BUCKET}/{name}", "--load", "slow.py", cache=cache) as process:
            wait_for(tmp_path / "fitting", process, 0)
            s3.way.close_all()
            (tmp_path / "go").touch()
            wait_for(working(cache) / "fidelity.json", process, 1)
            s3.way.cut = not back
            told = process.communicate(timeout=100)[1]
    finally:
        s3.way.cut = False
    assert "Traceback" not in told
    if back:
        assert process.returncode == 0, told
    else:
        assert process.returncode == 2
        assert "not everything is at the address" in told
        assert str(working(cache)) in told
        requests_since_last(mock_url)
        again = acidtest("run", study, "-o", f"s3://{BUCKET}/{name}", "--load", "slow.py", cache=cache)
        assert again.returncode == 0, again.stderr
        assert requests_since_last(mock_url) == (0, 0)
    local = working(cache)
    assert s3.content(name) == {
        p.relative_to(local).as_posix(): p.read_bytes()
        for p in local.rglob("*")
        if p.is_file() and not p.name.startswith(".")
    }


def test_keys_that_may_only_read(
    s3: S3, study: Path, local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reads works; what would write says that it may not, before anything is asked. No key is told."""
    s3.put_folder(local, "readonly/x")
    iam = s3.client("iam")
    iam.create_user(UserName="reader")
    keys = iam.create_access_key(UserName="reader")["AccessKey"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:Get*", "s3:List*", "s3:Head*"], "Resource": "*"}],
    }
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=orjson.dumps(policy).decode())
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
    s3.check_keys(after=0)
    try:
        read = Path(f"s3://{BUCKET}/readonly/x")
        command("export", tmp_path / "cache", run=read, to="jsonl", folder=tmp_path / "exported")
        for name in ("x", "new"):
            with pytest.raises(RemoteError, match="it may not be written") as error:
                command("run", tmp_path / "cache", study=study, folder=Path(f"s3://{BUCKET}/readonly/{name}"))
            assert keys["SecretAccessKey"] not in str(error.value)
        assert list((tmp_path / "exported").iterdir())
    finally:
        s3.check_keys(after=NEVER)


def test_no_keys_at_all_and_no_such_bucket(
    s3: S3, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RemoteError) as error:
        command("run", tmp_path / "cache", study=study, folder=Path("s3://no-such-bucket/x"))
    assert "a bucket must exist before" in error.value.way_out
    for name in KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(RemoteError, match="Unable to locate credentials"):
        command("run", tmp_path / "cache", study=study, folder=Path(f"s3://{BUCKET}/nokeys"))
    assert not s3.content("nokeys")


def test_objects_of_hostile_names_stay_where_they_are(
    s3: S3, local: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.put_folder(local, "hostile")
    hostile = ["../../evil.jsonl", "x/../../../evil.jsonl", "/abs.jsonl", "a//b.jsonl", "a\x1b[2J", "run.json/../../x"]
    for key in (*hostile, ".ssh/evil.jsonl"):
        s3.put(f"hostile/{key}", b"evil")
    for marker in ("", "responses/"):  # what some tools write for a folder
        s3.put(f"hostile/{marker}", b"")
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    cache = tmp_path / "a" / "b" / "cache"
    command("report", cache, study=Path(f"s3://{BUCKET}/hostile"))
    told = capsys.readouterr().err
    assert f"{len(hostile)} files with names that no run has" in told
    assert "\x1b" not in told
    new = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert all((cache / "remote") in path.parents for path in new)
    assert not [path for path in new if path.read_bytes() == b"evil"]
    assert not Path("/abs.jsonl").exists()
    s3.put("hostile/responses", b"a file, too")
    with pytest.raises(DataError, match="'responses' is a file and a folder there"):
        command("report", cache, study=Path(f"s3://{BUCKET}/hostile"))


def test_shards_at_addresses_are_merged_at_an_address(
    s3: S3, study: Path, undisturbed: dict[str, bytes], tmp_path: Path, mock_url: str
) -> None:
    base = Path(f"s3://{BUCKET}/sharded/base")
    command("generate", tmp_path / "c", study=study, folder=base)
    requests_since_last(mock_url)
    shards = [Path(f"s3://{BUCKET}/sharded/{number}") for number in (1, 2)]
    for number, shard in enumerate(shards, start=1):
        command("evaluate", tmp_path / f"c{number}", study=base, shard=f"{number}/2", folder=shard)
    assert requests_since_last(mock_url) == (180, 180)
    command("merge", tmp_path / "c3", run=shards, folder=Path(f"s3://{BUCKET}/sharded/whole"))
    assert requests_since_last(mock_url) == (0, 0)
    assert scored(s3, "sharded/whole") == undisturbed
