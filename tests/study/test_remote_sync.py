"""A working copy and its address: what goes where, what is merged, and what strangers put there stays there."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from acidtest.data.remote.address import Address, run_address
from acidtest.data.remote.folder import copies_of, copy_to_read, put_file, working_copy
from acidtest.data.remote.merge import merged, merged_lines
from acidtest.data.remote.store import MOST_FILES, RemoteError, RemoteStore
from acidtest.data.remote.sync import Sync
from acidtest.errors import DataError

STAGES = {"responses/real/a": {"fingerprint": "f", "status": "started", "detail": ""}}


@pytest.fixture(params=["file", "memory"])
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Address:
    monkeypatch.setenv("ACIDTEST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ACIDTEST_REMOTE_PATIENCE", "0")
    found = run_address(f"file://{tmp_path}/there/x" if request.param == "file" else f"memory://{tmp_path.name}/x")
    assert found is not None
    return found


def sync(address: Address, machine: Path) -> Sync:
    (machine / "work").mkdir(parents=True, exist_ok=True)
    return Sync(RemoteStore(address), machine / "work", machine / "agreed.json", said.append)


said: list[str] = []


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def read(root: Path) -> dict[str, str]:
    return {p.relative_to(root).as_posix(): p.read_text("utf-8") for p in sorted(root.rglob("*")) if p.is_file()}


def test_what_one_machine_pushes_another_pulls(address: Address, tmp_path: Path) -> None:
    one, two = sync(address, tmp_path / "one"), sync(address, tmp_path / "two")
    one.pull()
    write(one.work, run_dot_json="{}", responses__real__a_dot_jsonl='{"item":"1"}\n{"item":"2"}\n{"ite')
    assert one.push()
    assert not one.push()
    two.pull()
    assert read(two.work) == {"run.json": "{}", "responses/real/a.jsonl": '{"item":"1"}\n{"item":"2"}\n'}
    write(two.work, responses__real__a_dot_jsonl='{"item":"1"}\n{"item":"2"}\n{"item":"3"}\n')
    assert two.push()
    one.pull()  # its torn line is no line
    assert read(one.work)["responses/real/a.jsonl"].count("\n") == 3


def test_run_json_is_sent_last_and_is_older_than_what_it_tells_of(
    address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = sync(address, tmp_path / "one")
    sent: list[tuple[str, str]] = []
    put = RemoteStore.put

    def told(store: RemoteStore, source: Path, name: str) -> object:
        write(one.work, run_dot_json="changed meanwhile")
        sent.append((name, source.read_text("utf-8")))
        return put(store, source, name)

    monkeypatch.setattr(RemoteStore, "put", told)
    write(one.work, run_dot_json="first", zzz_dot_json="z", aaa_dot_json="a")
    one.push()
    assert sent == [("aaa.json", "a"), ("zzz.json", "z"), ("run.json", "first")]


def test_deleted_here_is_deleted_there_and_deleted_there_is_deleted_here(address: Address, tmp_path: Path) -> None:
    one, two = sync(address, tmp_path / "one"), sync(address, tmp_path / "two")
    write(one.work, a_dot_json="a", b_dot_json="b", c_dot_json="c")
    one.push()
    two.pull()
    (one.work / "a.json").unlink()
    one.push()
    two.pull()
    assert read(two.work) == {"b.json": "b", "c.json": "c"}
    write(two.work, b_dot_json="changed")
    RemoteStore(address).remove("b.json")
    RemoteStore(address).remove("c.json")
    two.pull()
    assert read(two.work) == {"b.json": "changed"}  # what was never pushed is never lost


def test_a_lost_working_file_is_fetched_and_not_deleted_there(address: Address, tmp_path: Path) -> None:
    """Whoever sweeps old files out of caches must not empty the address."""
    one = sync(address, tmp_path / "one")
    write(one.work, a_dot_json="a", b_dot_json="b")
    one.push()
    (one.work / "a.json").unlink()
    again = sync(address, tmp_path / "one")
    again.pull()
    again.push()
    assert read(one.work) == {"a.json": "a", "b.json": "b"}
    assert set(RemoteStore(address).files()) == {"a.json", "b.json"}


def test_a_working_copy_that_is_swept_away_under_way_empties_no_address(address: Address) -> None:
    with working_copy(address, said.append) as work:
        write(work, run_dot_json="1", a_dot_json="2")
    with pytest.raises(ValueError, match="gone"):
        _in_working_copy(address, shutil.rmtree, lambda _: int("gone"))
    with pytest.raises(RemoteError, match="the working copy was deleted"):
        _in_working_copy(address, lambda work: (work / "run.json").unlink())
    with working_copy(address, said.append) as work:
        assert read(work) == {"run.json": "1", "a.json": "2"}


def test_two_sides_that_went_on_lose_no_line(address: Address, tmp_path: Path) -> None:
    one, two = sync(address, tmp_path / "one"), sync(address, tmp_path / "two")
    state = {"stages": STAGES}
    write(one.work, run_dot_json=orjson.dumps(state).decode(), responses__real__a_dot_jsonl='{"item":"1"}\n')
    one.push()
    two.pull()
    done = {"stages": {**STAGES, "responses/real/b": STAGES["responses/real/a"], "scores": STAGES["responses/real/a"]}}
    write(one.work, run_dot_json=orjson.dumps(done).decode(), scores_dot_parquet="one")
    write(one.work, responses__real__a_dot_jsonl='{"item":"1"}\n{"item":"2","error":"none"}\n')
    other = {"stages": {"responses/real/a": {"fingerprint": "f", "status": "done", "detail": ""}}}
    write(two.work, run_dot_json=orjson.dumps(other).decode(), scores_dot_parquet="two")
    write(two.work, responses__real__a_dot_jsonl='{"item":"2","text":"x"}\n{"item":"1"}\n')
    two.push()
    one.pull()
    lines = read(one.work)["responses/real/a.jsonl"].splitlines()
    assert lines == ['{"item":"2","error":"none"}', '{"item":"2","text":"x"}', '{"item":"1"}']  # answers count last
    stages = orjson.loads(read(one.work)["run.json"])["stages"]
    assert {key: unit["status"] for key, unit in stages.items()} == {
        "responses/real/a": "done",
        "responses/real/b": "started",
    }
    assert read(one.work)["scores.parquet"] == "two"  # made again, as nothing says that it is done
    one.push()
    two.pull()
    assert read(two.work) == read(one.work)


def test_two_writings_of_one_set_do_not_become_one(address: Address, tmp_path: Path) -> None:
    one, two = sync(address, tmp_path / "one"), sync(address, tmp_path / "two")
    write(one.work, run_dot_json="{}")
    one.push()
    two.pull()
    write(one.work, synthetic__w_dot_jsonl='{"id":"1","input":{"text":"a"}}\n')
    write(two.work, synthetic__w_dot_jsonl='{"id":"1","input":{"text":"b"}}\n')
    two.push()
    before = read(one.work)
    with pytest.raises(DataError, match=r"'synthetic/w\.jsonl' of the two cannot stand in one folder"):
        one.pull()
    assert read(one.work) == before


def test_a_kill_between_sending_and_writing_it_down_is_no_conflict(address: Address, tmp_path: Path) -> None:
    one = sync(address, tmp_path / "one")
    write(one.work, synthetic__w_dot_jsonl="old\n")
    one.push()
    write(one.work, synthetic__w_dot_jsonl="new\n")
    book = one._write
    told = iter([book])

    def killed() -> None:
        next(told, lambda: (_ for _ in ()).throw(KeyboardInterrupt))()

    one._write = killed  # type: ignore[method-assign]  # writes before sending, and dies before writing again
    with pytest.raises(KeyboardInterrupt):
        one.push()
    write(one.work, synthetic__w_dot_jsonl="newer\n")
    again = sync(address, tmp_path / "one")
    again.pull()
    assert read(one.work)["synthetic/w.jsonl"] == "newer\n"
    again.push()
    two = sync(address, tmp_path / "two")
    two.pull()
    assert read(two.work)["synthetic/w.jsonl"] == "newer\n"


def test_answers_to_two_questions_do_not_become_one_and_what_is_made_of_them_may_differ(tmp_path: Path) -> None:
    """A unit of another fingerprint was answered by another model, prompt or set; scores are made anew anyway."""
    for side, scores, answers in (("one", "f1", "g"), ("two", "f2", "g"), ("three", "f1", "h")):
        stages = {"scores": scores, "responses/real/a": answers}
        state = {"stages": {key: {"fingerprint": mark, "status": "done"} for key, mark in stages.items()}}
        write(tmp_path / side, run_dot_json=orjson.dumps(state).decode())
    found = merged(["run.json"], tmp_path / "one", tmp_path / "two")["run.json"]
    assert set(orjson.loads(found)["stages"]) == {"responses/real/a"}
    with pytest.raises(DataError, match="'responses/real/a' of the two cannot stand in one folder"):
        merged(["run.json"], tmp_path / "one", tmp_path / "three")


def test_of_a_set_that_one_side_wrote_further_the_longer_writing_stays(tmp_path: Path) -> None:
    write(tmp_path / "one", synthetic__w_dot_jsonl='{"id":"1"}\n')
    write(tmp_path / "two", synthetic__w_dot_jsonl='{"id":"1"}\n{"id":"2"}\n')
    for one, two in (("one", "two"), ("two", "one")):
        found = merged(["synthetic/w.jsonl"], tmp_path / one, tmp_path / two)
        assert found == {"synthetic/w.jsonl": b'{"id":"1"}\n{"id":"2"}\n'}


def test_merged_lines_are_the_union_and_answers_stand_after_failures() -> None:
    first, second = b'{"item":"1"}\n{"item":"2"}\n', b'{"item":"2"}\n{"item":"3","error":"x"}\n\n{"torn'
    assert merged_lines(first, second) == b'{"item":"3","error":"x"}\n{"item":"1"}\n{"item":"2"}\n'
    assert set(merged_lines(first, second).splitlines()) == set(merged_lines(second, first).splitlines())
    assert merged_lines(b"", b"") == b""


def test_a_live_database_is_sent_with_what_is_not_yet_in_it(address: Address, tmp_path: Path) -> None:
    one, two = sync(address, tmp_path / "one"), sync(address, tmp_path / "two")
    with closing(sqlite3.connect(one.work / "review.sqlite")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES (41)")
        database.commit()
        one.push()
        database.execute("INSERT INTO t VALUES (42)")
        database.commit()
        assert one.push()
        assert not one.push()
    two.pull()
    with closing(sqlite3.connect(two.work / "review.sqlite")) as copy:
        assert copy.execute("SELECT x FROM t ORDER BY x").fetchall() == [(41,), (42,)]
    assert not list(two.work.glob("*-wal"))
    sync(address, tmp_path / "one").pull()
    three = sync(address, tmp_path / "three")
    write(three.work, **{"review_dot_sqlite-wal": "what a database held that is gone"})
    three.pull()
    assert not list(three.work.glob("*-wal"))  # it would be taken for this database's


def test_links_and_strange_names_at_the_address_are_passed_over(tmp_path: Path) -> None:
    there = tmp_path / "there"
    write(there, run_dot_json="{}", responses__real__a_dot_jsonl="{}\n")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.json").write_text("secret")
    (there / "link.json").symlink_to(tmp_path / "secret" / "key.json")
    (there / "folder").symlink_to(tmp_path / "secret")
    write(there, a_dot_json="x")
    (there / "a b").write_text("x")
    (there / ".bashrc").write_text("x")
    os.mkfifo(there / "pipe.json")
    address = run_address(f"file://{there}")
    assert address is not None
    one = sync(address, tmp_path / "one")
    said.clear()
    one.pull()
    assert set(read(one.work)) == {"run.json", "responses/real/a.jsonl", "a.json"}
    assert "Passed over" in said[0]
    assert "4 files" in said[0]


def test_links_here_are_not_followed(address: Address, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("secret")
    one = sync(address, tmp_path / "one")
    write(one.work, run_dot_json="{}")
    (one.work / "link.json").symlink_to(tmp_path / "secret.json")
    one.push()
    assert set(RemoteStore(address).files()) == {"run.json"}


def test_a_bucket_of_millions_is_refused(address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acidtest.data.remote.store.MOST_FILES", 3)
    one = sync(address, tmp_path / "one")
    write(one.work, **{f"f{i}_dot_json": "{}" for i in range(4)})
    one.push()
    with pytest.raises(RemoteError, match="more than 3 files"):
        sync(address, tmp_path / "two").pull()
    assert MOST_FILES == 100_000
    monkeypatch.setattr("acidtest.data.remote.store.MOST_FILES", 5)
    monkeypatch.setattr("acidtest.data.remote.sync.MOST_BYTES", 7)
    with pytest.raises(DataError, match="more bytes lie there"):
        sync(address, tmp_path / "two").pull()
    monkeypatch.setattr("acidtest.data.remote.sync.MOST_BYTES", 8)
    sync(address, tmp_path / "two").pull()


def test_names_that_differ_in_case_alone_are_refused(address: Address, tmp_path: Path) -> None:
    one = sync(address, tmp_path / "one")
    write(one.work, A_dot_json="1", a_dot_json="2")
    one.push()
    with pytest.raises(DataError, match="differ in case alone"):
        sync(address, tmp_path / "two").pull()


def test_the_working_copy_goes_out_at_the_end_and_on_errors(address: Address) -> None:
    with working_copy(address, said.append) as work:
        write(work, run_dot_json="1")
    with pytest.raises(ValueError, match="mine"):
        _work_and_raise(address, ValueError("mine"), run_dot_json="2")
    copy = copy_to_read(address, said.append)
    assert read(copy) == {"run.json": "2"}
    assert set(RemoteStore(address).files()) == {"run.json"}
    assert (copies_of(address) / "address.txt").read_text().strip() == address.shown


def test_a_reading_copy_follows_the_address_and_writes_nothing(address: Address, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing lies at this address"):
        copy_to_read(address, said.append)
    one = sync(address, tmp_path / "one")
    write(one.work, a_dot_json="1", b_dot_json="1")
    one.push()
    copy = copy_to_read(address, said.append)
    write(copy, a_dot_json="mine", c_dot_json="mine")
    write(one.work, b_dot_json="2")
    one.push()
    assert read(copy_to_read(address, said.append)) == {"a.json": "1", "b.json": "2"}
    assert set(RemoteStore(address).files()) == {"a.json", "b.json"}


def test_an_address_that_refuses_at_the_end_is_an_error_that_says_where_all_is(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RemoteError("the line is dead")

    said.clear()
    work = copies_of(address) / "work"
    monkeypatch.setattr(RemoteStore, "put", refuse)
    with pytest.raises(RemoteError, match="not everything is at the address: the line is dead") as error:
        _work_and_raise(address, None, run_dot_json="1")
    assert str(work) in error.value.way_out
    assert read(work) == {"run.json": "1"}
    with pytest.raises(KeyboardInterrupt):
        _work_and_raise(address, KeyboardInterrupt())
    assert any("All is in the working copy" in text for text in said)
    monkeypatch.undo()


def _in_working_copy(address: Address, *steps: Callable[[Path], object]) -> None:
    with working_copy(address, said.append) as work:
        for step in steps:
            step(work)


def _work_and_raise(address: Address, error: BaseException | None, **files: str) -> None:
    with working_copy(address, said.append) as work:
        write(work, **files)
        if error is not None:
            raise error


def test_a_file_is_put_beside_others(address: Address, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("page")
    put_file(tmp_path / "page.html", address.inside("page.html"))
    assert set(RemoteStore(address).files()) == {"page.html"}


def test_a_file_that_only_calls_itself_a_database_goes_as_it_is(address: Address, tmp_path: Path) -> None:
    one = sync(address, tmp_path / "one")
    write(one.work, review_dot_sqlite="no database, but long enough to be looked at " * 20)
    one.push()
    two = sync(address, tmp_path / "two")
    two.pull()
    assert read(two.work) == read(one.work)
