"""Calls become batches: each is written down before it is sent, and whatever an earlier run sent is not sent again."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO
from uuid import uuid4

from acidtest.errors import AcidtestError, TransientModelError, counted
from acidtest.models.batches.follow import Desk, Following
from acidtest.models.failure import AttemptError


class Sending:
    """Sends the calls of one model, and has the batches followed."""

    def __init__(self, desk: Desk, following: Following) -> None:
        self.desk, self.following = desk, following

    async def send(self, calls: Sequence[str]) -> None:
        """Send these calls, but those that are on their way already; whoever waits hears of what goes wrong."""
        left = dict.fromkeys(calls)
        try:
            async with self.desk.journal.alone():
                self._take_up(left)
                for part, file in self._parts(list(left)):
                    with file:
                        await self._begin(part, file)
                    for call in part:
                        del left[call]
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            self.desk.fail(left, error)

    def _take_up(self, left: dict[str, None]) -> None:
        """Have the batches followed that hold some of these calls, and take those calls out."""
        desk = self.desk
        desk.forget(set(left))
        known = desk.journal.where(list(left))
        for mark in dict.fromkeys(known.values()):
            row = desk.journal.batch(mark)
            if row is None or row.state == "uploading":  # who did so is dead, since we are alone
                desk.journal.drop(mark)
                continue
            mine = [call for call, its in known.items() if its == mark]
            for call in mine:
                del left[call]
            if self._assign(mine, mark):
                name = f"batch {row.batch}" if row.batch else "a batch that may have been begun"
                desk.say(
                    f"'{desk.model.spec.name}': {counted(len(mine), 'call')} of {name} are fetched, not sent again."
                )

    def _assign(self, calls: Sequence[str], mark: str) -> bool:
        """Let those who wait for these calls wait for a batch; return whether it was not followed yet."""
        for call in calls:
            if call in self.desk.waiting:
                self.desk.waiting[call].mark = mark
        new = mark not in self.following.under_way
        self.following.follow(mark)
        return new

    def _parts(self, calls: Sequence[str]) -> Iterator[tuple[list[str], IO[bytes]]]:
        """Give as many calls at a time as a batch may hold, with the file that holds them."""
        provider, waiting = self.desk.provider, self.desk.waiting
        part, file, size = list[str](), None, 0
        most_bytes = provider.most_bytes - len(provider.head) - len(provider.tail)
        for call in calls:
            if call not in waiting:
                continue  # whoever asked has left
            asked = waiting[call]
            line = provider.written(call, self.desk.model.body(asked.prompt, asked.sampling))
            if len(line) > most_bytes:
                self.desk.fail([call], self._too_large(len(line)))
                continue
            if file and (len(part) >= min(self.desk.most, provider.most_calls) or size + len(line) + 2 > most_bytes):
                file.write(provider.tail)
                yield part, file
                part, file, size = [], None, 0
            if file is None:
                file = tempfile.TemporaryFile()  # noqa: SIM115 - who takes it closes it
                file.write(provider.head)
            else:
                file.write(provider.between)
            file.write(line)
            part.append(call)
            size += len(line) + len(provider.between)
        if file:
            file.write(provider.tail)
            yield part, file

    async def _begin(self, part: Sequence[str], file: IO[bytes]) -> None:
        desk, mark = self.desk, uuid4().hex
        desk.journal.claim(mark, desk.address, part)
        with self._dropped_where_refused(mark):
            http = desk.provider.http
            uploaded = await http.patiently(lambda: desk.provider.upload(file), again=lambda _failure: True)
            desk.journal.creating(mark)
            try:
                batch = await http.patiently(lambda: desk.provider.create(file, uploaded, mark), again=_was_not_begun)
            except AttemptError as failure:
                if _was_not_begun(failure):
                    raise
                desk.journal.creating(mark)  # from now on it may appear
                self._assign(part, mark)
                desk.say(f"'{desk.model.spec.name}': it is not clear whether a batch was begun ({failure.what}).")
                return
        desk.journal.sent(mark, batch)
        self._assign(part, mark)
        calls = counted(len(part), "call")
        desk.say(
            f"'{desk.model.spec.name}': {calls} sent as batch {batch}; the answers may take a day. "
            "Ctrl-C leaves it running: run again, and they are fetched."
        )

    @contextmanager
    def _dropped_where_refused(self, mark: str) -> Iterator[None]:
        try:
            yield
        except AttemptError as failure:
            self.desk.journal.drop(mark)
            raise self.desk.model.given_up(failure, 1) from None
        except AcidtestError:
            self.desk.journal.drop(mark)
            raise

    def _too_large(self, size: int) -> TransientModelError:
        return TransientModelError(
            f"a call of {size:,} bytes is larger than a batch may be (this prompt alone)",
            where=self.desk.model.place,
            way_out="Show fewer examples, or leave the item out; the other items go on.",
        )


def _was_not_begun(failure: AttemptError) -> bool:
    """Tell whether it is sure that the provider began no batch."""
    return failure.unreachable or failure.throttled
