"""Two hundred annotators at once against a real server: what was accepted is there, once, also after a kill."""

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from acidtest.review import assign
from acidtest.review.people import person_named
from acidtest.review.store import open_store
from acidtest.review.tables import submission
from acidtest.review.work import content_of
from acidtest.study.review_plan import review_plan
from review_load import post_at_once, serving, write_many


def stored(folder: Path, database: str) -> Counter[tuple[str, str]]:
    """How often each person's note is in the database; every rating is one version of one submission."""
    with open_store(database, review_plan(folder)) as store:
        ratings = store.ratings()
        with store.database.read() as connection:
            rows = connection.execute(select(submission.c.id)).all()
    assert len(rows) == len(ratings)
    assert max(Counter((one.benchmark, one.item, one.rater) for one in ratings).values()) == 1
    return Counter((one.rater, one.note) for one in ratings)


@pytest.mark.long
def test_two_hundred_at_once_lose_nothing_and_nothing_counts_twice(database: str, tmp_path: Path) -> None:
    run = write_many(tmp_path / "run")
    with serving(run, database, 200) as server:
        load = asyncio.run(post_at_once(server, 1))
    assert load.broken == 0
    assert set(load.statuses) <= {200, 303}
    assert len(load.accepted) == 200
    assert stored(run.root, database) == Counter(load.accepted)


def test_what_was_accepted_outlives_a_kill(database: str, tmp_path: Path) -> None:
    run = write_many(tmp_path / "run")
    with serving(run, database, 30) as server:
        load = asyncio.run(post_at_once(server, 3, kill_after=20))
    assert load.broken > 0  # it was killed while others were at work
    assert len(load.accepted) >= 20
    assert set(load.statuses) <= {200, 303}
    found = stored(run.root, database)
    assert set(load.accepted) <= set(found)
    assert set(found.values()) == {1}
    with open_store(database, review_plan(run.root)) as store:  # and it goes on
        with store.database.write() as connection:
            person = person_named(connection, load.accepted[0][0])
            given = assign.next_entry(connection, person, "rate", time.time())
        assert given is not None
        fields = {f"mark-{criterion.id}": ["yes"] for criterion in store.plan.rubric.rubric.criteria}
        content = content_of(store.plan, given, person, {**fields, "note": ["again"]})
        assert store.submit(person, given, content, form="again", seconds=1.0)
    assert stored(run.root, database) == found + Counter([(person.name, "again")])
