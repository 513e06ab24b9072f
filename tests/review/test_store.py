"""The store, on SQLite and PostgreSQL: assignments, versions, undo, disagreement, import, and many at once."""

import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from acidtest.errors import AcidtestError, DataError
from acidtest.review import assign, submissions
from acidtest.review.database import open_database
from acidtest.review.people import Person, person_named
from acidtest.review.plan import Queue
from acidtest.review.store import Store, open_store
from acidtest.review.tables import METADATA, entry, escaped, restored, submission
from acidtest.types import Mark, Preference, Rating
from review_plan import plan, rubric


def someone(store: Store, name: str) -> Person:
    with store.database.write() as connection:
        return person_named(connection, name)


def claim(store: Store, person: Person, queue: Queue = "rate", later: float = 0.0) -> assign.Entry | None:
    with store.database.write() as connection:
        return assign.next_entry(connection, person, queue, time.time() + later)


def marks(right: Mark = "yes", note: str = "") -> submissions.Content:
    return {"rubric": rubric().reference, "marks": {"clear": "yes", "right": right}, "note": note}


def rate_all(store: Store, person: Person, right: Mark = "yes") -> list[tuple[str, str]]:
    seen = []
    while (given_one := claim(store, person)) is not None:
        assert store.submit(person, given_one, marks(right), form=f"{person.name} {given_one.code}", seconds=2.0)
        seen.append(given_one.first)
    return seen


def test_every_item_goes_to_as_many_different_people_as_wanted(database: str) -> None:
    with open_store(database, plan(overlap=2)) as store:
        for name in ("ann", "bob", "cleo"):
            rate_all(store, someone(store, name))
        ratings = store.ratings()
        assert Counter((r.benchmark, r.item) for r in ratings) == dict.fromkeys(plan().items, 2)
        assert len({(r.benchmark, r.item, r.rater) for r in ratings}) == 16  # 8 items, twice, nobody twice
        assert {r.rater for r in ratings} == {"ann", "bob"}  # the first two took all places


def test_a_bundle_is_rated_in_a_row_and_sets_are_mixed(database: str) -> None:
    with open_store(database, plan(real=20, synthetic=20, bundles=True)) as store:
        seen = rate_all(store, someone(store, "ann"))
        members = [store.plan.items[name].bundle for name in seen]
        assert members[0::2] == members[1::2]  # bundles are pairs
        first_half = Counter(benchmark for benchmark, _ in seen[:20])
        assert min(first_half.values()) >= 6  # half of the places of each set, give or take two bundles


def test_two_people_never_take_the_same_place(database: str) -> None:
    with open_store(database, plan(overlap=1)) as store:
        first = claim(store, someone(store, "ann"))
        second = claim(store, someone(store, "bob"))
        assert first is not None
        assert second is not None
        assert first.unit != second.unit
        assert claim(store, someone(store, "ann")) == first  # it stays theirs


def test_a_place_that_somebody_left_becomes_free_again(database: str) -> None:
    with open_store(database, plan(overlap=1)) as store:
        ann, bob = someone(store, "ann"), someone(store, "bob")
        left = claim(store, ann)
        assert left is not None
        later = assign.LEASE + 1
        again = claim(store, bob, later=later)
        assert again is not None
        assert again.unit == left.unit
        assert store.submit(ann, left, marks(), form="late", seconds=1.0)  # who comes late is not thrown away
        assert len(store.ratings()) == 1


def test_a_form_sent_twice_counts_once(database: str) -> None:
    with open_store(database, plan()) as store:
        ann = someone(store, "ann")
        given_one = claim(store, ann)
        assert given_one is not None
        assert store.submit(ann, given_one, marks(), form="one", seconds=1.0)
        assert not store.submit(ann, given_one, marks("no"), form="one", seconds=1.0)
        assert [r.marks["right"] for r in store.ratings()] == ["yes"]


def test_what_is_taken_back_no_longer_counts_and_every_version_stays(database: str) -> None:
    with open_store(database, plan()) as store:
        ann = someone(store, "ann")
        given_one = claim(store, ann)
        assert given_one is not None
        store.submit(ann, given_one, marks("no", "wrong label"), form="one", seconds=1.0)
        assert store.undo(ann, "rate", form="undo") == given_one.code
        assert store.ratings() == []
        again = claim(store, ann)
        assert again == given_one
        store.submit(ann, given_one, marks(), form="two", seconds=1.0)
        assert [r.marks["right"] for r in store.ratings()] == ["yes"]
        with store.database.read() as connection:
            history = connection.execute(select(submission.c.version, submission.c.withdrawn)).all()
            assert sorted(map(tuple, history)) == [(1, False), (2, True), (3, False)]
            before = submissions.latest_content(connection, ann, given_one.id)
        assert before == marks()
        assert store.undo(someone(store, "bob"), "rate", form="other") is None


def test_items_whose_raters_disagree_wait_for_somebody_else(database: str) -> None:
    with open_store(database, plan()) as store:
        ann, bob, cleo = (someone(store, name) for name in ("ann", "bob", "cleo"))
        rate_all(store, ann)
        assert claim(store, cleo, "adjudicate") is None
        given_one = claim(store, bob)
        assert given_one is not None
        store.submit(bob, given_one, marks("unsure"), form="unsure", seconds=1.0)
        assert claim(store, cleo, "adjudicate") is None  # who is unsure contradicts nobody
        store.submit(bob, given_one, marks("no"), form="bob", seconds=1.0)
        assert claim(store, ann, "adjudicate") is None  # she rated it herself
        decided = claim(store, cleo, "adjudicate")
        assert decided is not None
        assert decided.first == given_one.first
        store.submit(cleo, decided, marks("no"), form="decision", seconds=1.0)
        assert [(r.rater, r.marks["right"]) for r in store.ratings() if r.adjudicated] == [("cleo", "no")]
        assert claim(store, someone(store, "dan"), "adjudicate") is None
        store.undo(bob, "rate", form="undo")
        with store.database.read() as connection:
            still = select(func.count()).select_from(entry).where(entry.c.queue == "adjudicate", entry.c.active)
            assert connection.execute(still).scalar() == 0


def test_nobody_answers_an_item_whose_answer_they_have_seen(database: str) -> None:
    with open_store(database, plan(overlap=3)) as store:
        ann = someone(store, "ann")
        seen = claim(store, ann, "rate")
        assert seen is not None
        answered = set()
        while (given_one := claim(store, ann, "answer")) is not None:
            store.submit(ann, given_one, {"text": "music"}, form=given_one.code, seconds=1.0)
            answered.add(given_one.first)
        assert answered == set(plan().items) - {seen.first}
        found = store.answers()
        assert set(found) == {("real-set", "human:ann"), ("model-x.few_shot", "human:ann")}
        assert [r.item for r in found["real-set", "human:ann"]] == sorted(n for s, n in answered if s == "real-set")


def test_bundles_are_answered_by_those_who_saw_none_of_their_items(database: str) -> None:
    """A choice shows one item of a bundle with its answer; the other would tell what the first one asked."""
    with open_store(database, plan(bundles=True, real=8, overlap=3)) as store:
        ann = someone(store, "ann")
        answering, choosing = claim(store, ann, "answer"), claim(store, ann, "choose")
        assert answering is not None
        assert choosing is not None
        seen = {store.plan.items[name].bundle for name in (choosing.first, choosing.second)}
        answered = set()
        while (given_one := claim(store, ann, "answer")) is not None:
            assert given_one.first not in (choosing.first, choosing.second)
            store.submit(ann, given_one, {"text": "music"}, form=given_one.code, seconds=1.0)
            answered.add(given_one.first)
        begun = store.plan.items[answering.first].bundle
        assert {store.plan.items[name].bundle for name in answered} & seen <= {begun}
        with store.database.read() as connection:
            assert assign.progress(connection, ann, "answer", time.time()).left == 0


def test_what_was_begun_is_not_answered_after_its_answer_was_seen(database: str) -> None:
    with open_store(database, plan(real=2, synthetic=2, bundles=True)) as store:
        ann = someone(store, "ann")
        assert claim(store, ann, "answer") is not None  # one item of a bundle, the other follows
        for number in range(2):
            pair = claim(store, ann, "choose")
            assert pair is not None
            said: submissions.Content = {"preferred": "neither", "first": "real", "note": ""}
            store.submit(ann, pair, said, form=str(number), seconds=1.0)
        assert claim(store, ann, "answer") is None
        with store.database.read() as connection:
            assert assign.progress(connection, ann, "answer", time.time()).left == 0


def test_who_decided_an_item_does_not_rate_it_afterwards(database: str) -> None:
    with open_store(database, plan(overlap=3)) as store:
        ann, bob, cleo = (someone(store, name) for name in ("ann", "bob", "cleo"))
        rate_all(store, ann)
        one = claim(store, bob)
        assert one is not None
        store.submit(bob, one, marks("no"), form="bob", seconds=1.0)
        decided = claim(store, cleo, "adjudicate")
        assert decided is not None
        assert set(rate_all(store, cleo)) == set(plan().items) - {decided.first}
        store.submit(cleo, decided, marks("no"), form="decision", seconds=1.0)
        with store.database.read() as connection:
            assert assign.progress(connection, cleo, "rate", time.time()) == assign.Progress(done=7, left=0)


def test_a_real_item_that_comes_again_comes_late(database: str) -> None:
    """Whoever sees an item a second time knows that it is real: first come pairs of which nothing was seen."""
    with open_store(database, plan(real=4, synthetic=12, overlap=1)) as store:
        ann = someone(store, "ann")
        shown = []
        while (given_one := claim(store, ann, "choose")) is not None:
            said: submissions.Content = {"preferred": "neither", "first": "real", "note": ""}
            store.submit(ann, given_one, said, form=given_one.code, seconds=1.0)
            shown.append(given_one.first)
        assert len(shown) == 12
        assert len(set(shown[:4])) == 4


def test_choices_come_out_as_preferences(database: str) -> None:
    with open_store(database, plan(overlap=1)) as store:
        ann = someone(store, "ann")
        given_one = claim(store, ann, "choose")
        assert given_one is not None
        said: submissions.Content = {"preferred": "synthetic", "first": "real", "note": "plainer"}
        store.submit(ann, given_one, said, form="choice", seconds=3.0)
        (found,) = store.preferences()
        assert (found.real, found.synthetic) == ("real-set", "model-x.few_shot")
        assert (found.preferred, found.first, found.note, found.seconds) == ("synthetic", "real", "plainer", 3.0)
        pair = [plan().items[found.real, found.real_item], plan().items[found.synthetic, found.synthetic_item]]
        assert pair[0].target == pair[1].target  # matched by label


def test_what_another_tool_holds_is_added_once(database: str) -> None:
    rating = Rating(
        benchmark="real-set", item="ask-1", rater="zoe", kind="person", rubric="own", marks={"right": "no"},
        note="from elsewhere \0 \\ \U0001f600", at="2026-01-02T03:04:05+00:00",
    )  # fmt: skip
    choice = Preference(
        real="real-set", real_item="ask-1", synthetic="model-x.few_shot", synthetic_item="gen-0", rater="zoe",
        kind="person", preferred="neither", at="2026-01-02T03:04:05+00:00",
    )  # fmt: skip
    with open_store(database, plan()) as store:
        assert store.add_ratings([rating, rating]) == 1
        assert store.add_ratings([rating]) == 0
        assert store.ratings() == [rating]
        assert store.add_preferences([choice]) == 1
        assert store.add_preferences([choice]) == 0
        assert store.preferences() == [choice]
        changed = rating.model_copy(update={"marks": {"right": "yes"}})
        assert store.add_ratings([changed]) == 1
        assert store.ratings() == [changed]
        assert store.add_ratings([rating]) == 1  # back again is a third version
        about = rating.model_copy(update={"content": "1" * 16})
        assert store.add_ratings([about]) == 0  # the same, and what it is about was not known
        seen = rate_all(store, someone(store, "zoe"))
        assert ("real-set", "ask-1") not in seen
        assert store.undo(someone(store, "zoe"), "choose", form="undo") is None  # nothing that she did here
        assert len(store.preferences()) == 1
        with pytest.raises(DataError, match="no item 'ask-99'"):
            store.add_ratings([rating.model_copy(update={"item": "ask-99"})])
        with pytest.raises(DataError, match="is a judge"):
            store.add_ratings([rating.model_copy(update={"kind": "judge"})])


def test_many_people_at_once_lose_nothing(database: str) -> None:
    """Sixteen people in threads of their own rate all there is: each place is taken once, each rating kept."""
    asked = plan(real=12, synthetic=12, overlap=3)
    with open_store(database, asked) as store:
        raters = [someone(store, f"rater {i}") for i in range(16)]
        sent: list[list[tuple[str, str]]] = [[] for _ in raters]

        def work(number: int) -> None:
            sent[number] = rate_all(store, raters[number])

        threads = [threading.Thread(target=work, args=(i,)) for i in range(len(raters))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ratings = store.ratings()
        assert Counter((r.benchmark, r.item) for r in ratings) == dict.fromkeys(asked.items, 3)
        assert sorted((r.benchmark, r.item) for r in ratings) == sorted(name for part in sent for name in part)


def test_several_processes_at_once_lose_nothing(database: str) -> None:
    program = "import sys; from store_worker import work; work(sys.argv[1], sys.argv[2])"
    here = Path(__file__).resolve().parent
    asked = plan(real=12, synthetic=12, overlap=2)
    open_store(database, asked).close()
    commands = [[sys.executable, "-c", program, database, f"process {i}"] for i in range(2)]
    environment = {"PYTHONPATH": f"{here}:{here.parent}", "PATH": "/usr/bin:/bin"}
    running = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) for command in commands]
    for process in running:
        _, complaint = process.communicate(timeout=100)
        assert process.returncode == 0, complaint.decode()
    with open_store(database, asked) as store:
        assert Counter((r.benchmark, r.item) for r in store.ratings()) == dict.fromkeys(asked.items, 2)


def test_the_migrated_schema_is_the_one_that_the_code_uses(database: str) -> None:
    opened = open_database(database)
    with opened.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    opened.close()
    open_database(database).close()  # once more: nothing is left to do


def test_a_database_of_a_newer_version_is_refused(database: str) -> None:
    opened = open_database(database)
    with opened.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    opened.close()
    with pytest.raises(DataError, match="newer version of acidtest"):
        open_database(database)


def test_another_study_is_refused_and_so_are_items_that_changed(database: str) -> None:
    with open_store(database, plan()) as store:
        rate_all(store, someone(store, "ann"))
    with pytest.raises(DataError, match="has changed since people rated it"):
        open_store(database, plan(text="quite another request"))
    with pytest.raises(DataError, match="another study, 'small study'"):
        open_store(database, replace(plan(), study="other"))
    with open_store(database, plan()) as store:
        store.add_ratings([store.ratings()[0].model_copy(update={"rater": "bob", "marks": {"right": "no"}})])
        assert claim(store, someone(store, "cleo"), "adjudicate") is not None
    with open_store(database, replace(plan(), benchmarks=())) as store:  # no item of these is there any more
        assert claim(store, someone(store, "dan"), "adjudicate", later=assign.LEASE + 1) is None
    with open_store(database, replace(plan(), chosen={})) as store:  # fewer items than before: what is rated stays
        assert len(store.ratings()) == 9
        assert claim(store, someone(store, "bob")) is None


def test_addresses_that_are_no_database_are_refused_without_their_password() -> None:
    for address in ("mysql://root@localhost/x", "://", "postgresql://ann:secret@127.0.0.1:1/none"):
        with pytest.raises(AcidtestError) as caught:
            open_database(address)
        assert "secret" not in str(caught.value)


def test_a_database_whose_pages_are_damaged_is_told(tmp_path: Path) -> None:
    """SQLite finds it where a page is read: when the store is opened, or later."""
    path = tmp_path / "review.sqlite"
    open_store(path, plan()).close()
    content, told = path.read_bytes(), 0
    for start in range(4096, len(content), 4096):
        path.write_bytes(content[:start] + b"\xa5" * 200 + content[start + 200 :])
        try:
            with open_store(path, plan()) as store:
                store.ratings()
                store.answers()
        except AcidtestError as error:
            told += "it is damaged" in str(error)
    assert told >= 5


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "review.sqlite"
    other.write_text("notes about the review, for which somebody took this name", "utf-8")
    with pytest.raises(AcidtestError, match="cannot be used: file is not a database") as caught:
        open_database(other)
    assert "you may write to its folder" in str(caught.value)
    assert other.read_text("utf-8").startswith("notes")


@given(st.text(alphabet=st.characters(categories=("Cs", "Cc", "Ll", "Po"))))
def test_any_text_is_stored_and_restored(content: str) -> None:
    stored = escaped(content)
    assert restored(stored) == content
    assert "\0" not in stored
    assert stored.encode().decode() == stored  # and no lone surrogates
