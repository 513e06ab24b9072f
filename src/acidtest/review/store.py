"""The review store: what people sent, as records, in and out.

    with open_store(RunFolder(run).review, plan) as store:       # or "postgresql://user@host/name"
        store.add_ratings(ratings)          # `Rating` records of people, from another tool; returns how many were new
        store.add_preferences(preferences)  # `Preference` records, the same way
        store.ratings()                     # every rating that counts now, one per rater and item, as `Rating`
        store.preferences()                 # the same as `Preference`
        store.answers()                     # what people answered, as {(benchmark, "human:NAME"): [Response]}

`plan` is a `ReviewPlan`; items that it does not hold are refused. Adding is idempotent: what the store already holds
is not added again, and what differs becomes the newer version; nothing is overwritten, all versions stay in the table
`submission`. A rater who has no link yet becomes an annotator without one. Every method is one transaction, and safe
beside running apps and other processes.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, Row, select

from acidtest.errors import DataError
from acidtest.review import assign, entries, submissions
from acidtest.review.database import Database, damaged, open_database
from acidtest.review.people import OWNER, Person, person_named
from acidtest.review.plan import Queue, ReviewPlan, unit_key
from acidtest.review.submissions import Content
from acidtest.review.tables import annotator, entry, item, submission
from acidtest.types import Preference, Rating, Response

if TYPE_CHECKING:
    from pydantic import JsonValue
    from sqlalchemy.sql import Select


def open_store(address: str | Path, plan: ReviewPlan) -> "Store":
    """Open the store of a review, make it where there is none, and write the plan's items and queues into it.

    Args:
        address: Path of an SQLite file, or `postgresql://...`.
        plan: What is reviewed.

    Raises:
        AcidtestError: The database cannot be used, is newer than this version, or is of another study.
    """
    database = open_database(address)
    try:
        with database.write() as connection:
            entries.place(connection, plan)
    except BaseException as error:
        database.close()
        _tell_damage(error)
        raise
    return Store(database, plan)


def _tell_damage(error: BaseException) -> None:
    """Raise an error for users where a database contradicts itself, as one does whose pages were damaged."""
    from sqlalchemy.exc import DataError as WrongValue
    from sqlalchemy.exc import IntegrityError, InternalError

    if isinstance(error, IntegrityError | InternalError | WrongValue):
        raise damaged("the review's database contradicts itself") from None


class Store:
    """An open review store."""

    def __init__(self, database: Database, plan: ReviewPlan) -> None:
        self.database, self.plan = database, plan
        self._deciding = [criterion.id for criterion in plan.rubric.rubric.criteria if criterion.decides]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def submit(self, person: Person, done: assign.Entry, content: Content, *, form: str, seconds: float) -> bool:
        """Count what a person sent for an entry; return False where this form was counted before."""
        now = time.time()
        with self.database.write() as connection:
            new = submissions.add(
                connection, form=form, entry_id=done.id, person=person, content=content, seconds=seconds, now=now
            )
            if new:
                self._settle(connection, person, done.id, now)
        return new

    def undo(self, person: Person, queue: Queue, *, form: str) -> str | None:
        """Take back what a person sent last in a queue; return the entry's code, None where there is nothing.

        The same form again takes back no more, and returns the same code.
        """
        now = time.time()
        with self.database.write() as connection:
            before = submissions.code_of_form(connection, form)
            last = submissions.last_sent(connection, person, queue)
            if before is not None or last is None:
                return before
            submissions.add(
                connection,
                form=form,
                entry_id=last.entry,
                person=person,
                content=last.content,
                seconds=0.0,
                now=now,
                withdrawn=True,
            )
            self._settle(connection, person, last.entry, now)
            return last.code

    def ratings(self) -> list[Rating]:
        """Return every rating that counts, in the order in which they came; decisions of disagreements among them."""
        with self.database.read() as connection:
            rows = connection.execute(_current("rate", "adjudicate")).all()
        return [_rating(row) for row in rows]

    def preferences(self) -> list[Preference]:
        """Return every choice between two items that counts, in the order in which they came."""
        with self.database.read() as connection:
            rows = connection.execute(_current("choose")).all()
        return [_preference(row) for row in rows]

    def answers(self) -> dict[tuple[str, str], list[Response]]:
        """Return people's answers: (benchmark, "human:NAME") -> responses, in the benchmark's order of items.

        Whoever took all answers back has an empty list.
        """
        with self.database.read() as connection:
            rows = connection.execute(_current("answer")).all()
            ever = connection.execute(_sent("answer")).all()
        order = {name: position for position, name in enumerate(self.plan.items)}
        found: dict[tuple[str, str], list[Response]] = {(row.benchmark, f"human:{row.rater}"): [] for row in ever}
        for row in sorted(rows, key=lambda row: order.get((row.benchmark, row.item), -1)):
            text = str(json.loads(row.content).get("text", ""))
            response = Response(item=row.item, text=text, seconds=round(row.seconds, 1))
            found[row.benchmark, f"human:{row.rater}"].append(response)
        return found

    def newest(self) -> int:
        """Return a number that grows with every submission, in whichever process it came."""
        with self.database.read() as connection:
            return submissions.newest(connection)

    def add_ratings(self, ratings: Sequence[Rating]) -> int:
        """Add people's ratings that came from elsewhere; return how many the store did not hold yet.

        Raises:
            DataError: A rating is a judge's, or of an item that the study does not hold; then none is added.
        """
        with self.database.write() as connection:
            numbers = _numbers(connection)
            return sum(self._add_rating(connection, rating, numbers) for rating in ratings)

    def add_preferences(self, preferences: Sequence[Preference]) -> int:
        """Add people's choices that came from elsewhere; return how many the store did not hold yet.

        Raises:
            DataError: A choice is a judge's, or of an item that the study does not hold; then none is added.
        """
        with self.database.write() as connection:
            numbers = _numbers(connection)
            return sum(_add_preference(connection, preference, numbers) for preference in preferences)

    def adopt(self, ratings: Sequence[Rating], preferences: Sequence[Preference]) -> int:
        """Add ratings and choices of entries for which their raters never sent anything; return how many.

        Raises:
            DataError: As `add_ratings`.
        """
        with self.database.write() as connection:
            rows = connection.execute(_sent("rate", "adjudicate", "choose")).all()
            ever = {(row.queue, row.rater, row.benchmark, row.item, row.second_item) for row in rows}
            numbers = _numbers(connection)
            added = 0
            for one in ratings:
                queue = "adjudicate" if one.adjudicated else "rate"
                if (queue, one.rater, one.benchmark, one.item, one.item) not in ever:
                    added += self._add_rating(connection, one, numbers)
            for choice in preferences:
                if ("choose", choice.rater, choice.real, choice.real_item, choice.synthetic_item) not in ever:
                    added += _add_preference(connection, choice, numbers)
        return added

    def _add_rating(self, connection: Connection, rating: Rating, numbers: dict[tuple[str, str], int]) -> bool:
        person = _rater(connection, rating.rater, rating.kind)
        known = numbers if (rating.benchmark, rating.item) in self.plan.items else {}
        number = _number(known, rating.benchmark, rating.item)
        if rating.adjudicated:
            unit = unit_key("adjudicate", str(number))
        else:
            content = self.plan.items[rating.benchmark, rating.item]
            name = f"bundle {content.bundle}" if content.bundle else f"item {content.id}"
            unit = unit_key(rating.benchmark, name)
        queue: Queue = "adjudicate" if rating.adjudicated else "rate"
        entry_id = entries.entry_of(connection, queue, number, number, unit)
        said: Content = {
            "rubric": rating.rubric,
            "marks": dict(rating.marks),
            "note": rating.note,
            **({"content": rating.content} if rating.content else {}),
        }
        new = _import(connection, person, entry_id, said, rating.seconds, rating.at)
        if new:
            self._settle(connection, person, entry_id, 0.0)
        return new

    def _settle(self, connection: Connection, person: Person, entry_id: int, now: float) -> None:
        """Bring leases and adjudication up to what was just sent or taken back."""
        row = connection.execute(select(entry.c.queue, entry.c.unit, entry.c.first).where(entry.c.id == entry_id)).one()
        assign.keep(connection, person, row.queue, row.unit, until=now + assign.LEASE if now else 0.0)
        if row.queue == "rate":
            entries.open_adjudication(connection, row.first, wanted=self._disagree(connection, entry_id))

    def _disagree(self, connection: Connection, entry_id: int) -> bool:
        """Whether one rater said yes and another no to a criterion that decides."""
        here = (submission.c.entry == entry_id) & submissions.is_current()
        sent = [json.loads(text) for text in connection.execute(select(submission.c.content).where(here)).scalars()]
        said = [{one["marks"].get(name) for one in sent} for name in self._deciding]
        return any({"yes", "no"} <= marks for marks in said)


def _sent(*queues: Queue) -> "Select[Any]":
    """Everything that was ever sent in these queues, taken back or not."""
    first, second = item.alias("first_item"), item.alias("second_item")
    return (
        select(
            entry.c.queue,
            annotator.c.name.label("rater"),
            submission.c.content,
            submission.c.seconds,
            submission.c.at,
            first.c.benchmark,
            first.c.item,
            second.c.benchmark.label("second_benchmark"),
            second.c.item.label("second_item"),
        )
        .join(entry, entry.c.id == submission.c.entry)
        .join(annotator, annotator.c.id == submission.c.annotator)
        .join(first, first.c.id == entry.c.first)
        .join(second, second.c.id == entry.c.second)
        .where(entry.c.queue.in_(queues))
        .order_by(submission.c.id)
    )


def _current(*queues: Queue) -> "Select[Any]":
    return _sent(*queues).where(submissions.is_current())


def _rating(row: Row[tuple[object, ...]]) -> Rating:
    content = json.loads(row.content)
    return Rating(
        benchmark=row.benchmark,
        item=row.item,
        rater=row.rater,
        kind="person",
        rubric=content["rubric"],
        marks=content["marks"],
        note=content["note"],
        seconds=round(row.seconds, 1),
        at=_in_words(row.at),
        adjudicated=row.queue == "adjudicate",
        content=content.get("content", ""),
    )


def _preference(row: Row[tuple[object, ...]]) -> Preference:
    content = json.loads(row.content)
    return Preference(
        real=row.benchmark,
        real_item=row.item,
        synthetic=row.second_benchmark,
        synthetic_item=row.second_item,
        rater=row.rater,
        kind="person",
        preferred=content["preferred"],
        first=content["first"],
        note=content["note"],
        seconds=round(row.seconds, 1),
        at=_in_words(row.at),
    )


def _add_preference(connection: Connection, preference: Preference, numbers: dict[tuple[str, str], int]) -> bool:
    person = _rater(connection, preference.rater, preference.kind)
    first = _number(numbers, preference.real, preference.real_item)
    second = _number(numbers, preference.synthetic, preference.synthetic_item)
    unit = unit_key("pair", f"{first} {second}")
    entry_id = entries.entry_of(connection, "choose", first, second, unit)
    content: Content = {"preferred": preference.preferred, "first": preference.first, "note": preference.note}
    new = _import(connection, person, entry_id, content, preference.seconds, preference.at)
    if new:
        assign.keep(connection, person, "choose", unit, until=0.0)
    return new


def _import(connection: Connection, person: Person, entry_id: int, content: Content, seconds: float, at: str) -> bool:
    """Add what another tool holds, unless it is what the person's newest version says already."""
    here = (submission.c.entry == entry_id) & (submission.c.annotator == person.id) & submissions.is_current()
    row = connection.execute(select(submission.c.id, submission.c.content).where(here)).first()
    if row is not None and _alike(json.loads(row.content), content):
        return False
    parts: list[JsonValue] = [entry_id, person.name, dict(content), at, row.id if row else 0]
    form = "import:" + hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return submissions.add(
        connection, form=form, entry_id=entry_id, person=person, content=content, seconds=seconds, now=_in_seconds(at)
    )


def _alike(one: Content, other: Content) -> bool:
    """Whether two versions say the same, and not of two texts of an item; what either is about may not be known."""
    about, of_other = one.get("content"), other.get("content")
    if about and of_other and about != of_other:
        return False
    return {**one, "content": ""} == {**other, "content": ""}


def _rater(connection: Connection, name: str, kind: str) -> Person:
    if kind != "person":
        raise DataError(f"'{name[:80]}' is a judge; the review store holds what people say", way_out="Leave it out.")
    if name == OWNER:
        return person_named(connection, name, owner=True)
    return person_named(connection, name)


def _numbers(connection: Connection) -> dict[tuple[str, str], int]:
    rows = connection.execute(select(item.c.id, item.c.benchmark, item.c.item))
    return {(row.benchmark, row.item): row.id for row in rows}


def _number(numbers: dict[tuple[str, str], int], benchmark: str, name: str) -> int:
    if (benchmark, name) not in numbers:
        raise DataError(
            f"the study holds no item '{name[:80]}' in '{benchmark[:80]}'",
            way_out="Take the names from the run's real.jsonl and synthetic/*.jsonl.",
        )
    return numbers[benchmark, name]


def _in_words(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at else ""


def _in_seconds(at: str) -> float:
    try:
        return datetime.fromisoformat(at).astimezone(UTC).timestamp() if at else 0.0
    except (ValueError, OverflowError):
        return 0.0
