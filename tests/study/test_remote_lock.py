"""The lock of an address: one at a time, whoever was killed, cut off, asleep, or lost an answer on its way."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest

from acidtest.data.remote.address import Address, run_address
from acidtest.data.remote.folder import working_copy
from acidtest.data.remote.lock import LOCK, STALE, RemoteLock
from acidtest.data.remote.store import RemoteError, RemoteStore
from acidtest.errors import DataError


@pytest.fixture(params=["file", "memory"])
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Address:
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ACIDTEST_REMOTE_PATIENCE", "0")
    monkeypatch.setattr("acidtest.data.remote.lock._LOOK_AGAIN", 0.01)
    found = run_address(f"file://{tmp_path}/there/x" if request.param == "file" else f"memory://{tmp_path.name}/x")
    assert found is not None
    return found


def test_one_at_a_time_and_who_it_is(address: Address, tmp_path: Path) -> None:
    one = RemoteLock(RemoteStore(address), tmp_path / "one.txt")
    one.take()
    other = RemoteLock(RemoteStore(address), tmp_path / "other.txt")
    with pytest.raises(DataError, match=f"another process works at this address .it is called {one.id}") as error:
        other.take()
    assert error.value.where == address.shown
    assert f"{address.shown}/{LOCK}" in error.value.way_out
    held = orjson.loads(RemoteStore(address).read(LOCK, 4096) or b"")
    assert set(held) == {"id", "since", "seen"}  # neither host nor user
    one.release()
    assert RemoteStore(address).read(LOCK, 4096) is None


def test_our_own_dead_process_need_not_be_waited_for(address: Address, tmp_path: Path) -> None:
    dead = RemoteLock(RemoteStore(address), tmp_path / "one.txt")
    dead.take()
    dead._stop.set()  # as a kill would
    again = RemoteLock(RemoteStore(address), tmp_path / "one.txt")
    again.take()
    again.release()


def test_a_lock_without_a_sign_of_life_is_taken_over_and_the_owner_hears_of_it(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acidtest.data.remote.lock.BEAT", 0.05)
    one = RemoteLock(RemoteStore(address), tmp_path / "one.txt")
    one.take()
    old = {"id": "old", "since": 1e9, "seen": 1e9 + STALE}
    RemoteStore(address).write(LOCK, orjson.dumps(old))
    other = RemoteLock(RemoteStore(address), tmp_path / "other.txt")
    other.take()
    one._thread.join(timeout=10)
    assert one.lost
    one.release()  # and leaves the other's lock alone
    assert orjson.loads(RemoteStore(address).read(LOCK, 4096) or b"")["id"] == other.id
    other.release()


@pytest.mark.parametrize("there", ["other", "nobody"])
def test_who_was_cut_off_for_long_sends_nothing_before_it_asks(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str
) -> None:
    """Asleep for longer than a lock lasts: another one may work there now, or have come, worked and ended."""
    now, lock = time.time(), RemoteLock(RemoteStore(address), tmp_path / "other.txt")

    def sleep_and_wake() -> None:
        monkeypatch.setattr("acidtest.data.remote.lock.time", SimpleNamespace(time=lambda: now + 600, sleep=time.sleep))
        lock.take()
        RemoteStore(address).write("run.json", b"the other's")
        if there == "nobody":
            lock.release()

    with pytest.raises(RemoteError, match="another process took over"):
        _run(address, sleep_and_wake)
    assert RemoteStore(address).read("run.json", 99) == b"the other's"
    if there == "other":
        lock.release()


def test_a_lock_that_was_deleted_by_hand_is_made_again(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = RemoteLock(RemoteStore(address), tmp_path / "one.txt")
    lock.take()
    RemoteStore(address).remove(LOCK)
    assert lock.still_held()
    assert RemoteStore(address).read(LOCK, 4096) is None  # heard of a moment ago: nobody is asked
    now = time.time()
    monkeypatch.setattr("acidtest.data.remote.lock.time", SimpleNamespace(time=lambda: now + 70))
    assert lock.still_held()
    assert RemoteStore(address).read(LOCK, 4096) is not None
    lock.release()


def test_a_lock_whose_answer_was_lost_is_ours(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try came through, its answer did not, and the library tried again: the lock that is there is ours."""
    create = RemoteStore.create
    monkeypatch.setattr(RemoteStore, "create", lambda *given: create(*given) and create(*given))
    lock = RemoteLock(RemoteStore(address), tmp_path / "one.txt")
    lock.take()
    lock.release()
    assert RemoteStore(address).read(LOCK, 4096) is None


def test_of_two_that_take_over_at_once_the_last_to_write_has_it(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RemoteStore(address)
    store.create(LOCK, orjson.dumps({"id": "dead", "since": 1e9, "seen": 1e9}))
    feed = orjson.dumps({"id": "feed", "since": time.time(), "seen": time.time()})
    monkeypatch.setattr("acidtest.data.remote.lock.time.sleep", lambda _: store.write(LOCK, feed))
    with pytest.raises(DataError, match="it is called feed"):
        RemoteLock(store, tmp_path / "one.txt").take()


def test_a_lock_that_is_being_written_is_looked_at_again(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SFTP and such a file is empty before it is full; an empty lock alone is nobody's."""
    held = orjson.dumps({"id": "feed", "since": time.time(), "seen": time.time()})
    store = RemoteStore(address)
    store.create(LOCK, b"")
    monkeypatch.setattr("acidtest.data.remote.lock.time.sleep", lambda _: store.write(LOCK, held))
    with pytest.raises(DataError, match="another process works at this address"):
        RemoteLock(store, tmp_path / "one.txt").take()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b'{"id": 7, "seen": "soon"}', b"\x00" * 9000])
def test_a_lock_that_says_nothing_stops_nobody_for_ever(address: Address, tmp_path: Path, content: bytes) -> None:
    RemoteStore(address).create(LOCK, content)
    lock = RemoteLock(RemoteStore(address), tmp_path / "one.txt")
    lock.take()
    lock.release()


def _run(address: Address, meanwhile: Callable[[], None]) -> None:
    """Work at an address as a run does."""
    with working_copy(address, lambda _: None) as work:
        (work / "run.json").write_text("mine")
        meanwhile()
