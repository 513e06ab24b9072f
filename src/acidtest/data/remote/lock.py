"""One machine at a time works at an address: two would ask for, and pay for, the same answers."""

import contextlib
import secrets
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson

from acidtest.data.remote.store import RemoteError, RemoteStore
from acidtest.data.run_folder import write_atomically
from acidtest.errors import DataError

LOCK = ".acidtest-lock.json"
BEAT = 30.0
"""Seconds between two signs of life."""

STALE = 300.0
"""Seconds without a sign of life after which another machine may take over."""

_CLOCKS = 60.0
"""Seconds by which two machines' clocks may differ."""

_LOOK_AGAIN = 1.0
_MOST = 4096
_MOST_IDS = 50
_FAR = 1e11


class RemoteLock:
    """The lock of an address, held from `take` to `release`, with a sign of life every half minute.

    Args:
        store: The folder elsewhere.
        own: Local file that remembers our locks: what a kill left of our own need not be waited for. That no other
            process of this machine uses it at a time is the caller's care.
    """

    def __init__(self, store: RemoteStore, own: Path) -> None:
        self._store, self._own = store, own
        self.id, self._since = secrets.token_hex(8), time.time()
        self.lost = False
        self._heard, self._beating = time.time(), threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, name="acidtest-lock", daemon=True)

    def take(self) -> None:
        """Take the lock.

        Raises:
            DataError: Another machine works at the address.
            RemoteError: The address cannot be reached or written.
        """
        ours = self._ours()
        write_atomically(self._own, "\n".join([*ours, self.id]).encode())
        if not self._store.create(LOCK, self._content()):
            self._take_over([*ours, self.id])  # our own, where the answer to the first try was lost on its way
        self._heard = time.time()
        write_atomically(self._own, self.id.encode())
        self._thread.start()

    def still_held(self) -> bool:
        """Tell whether nobody took the lock over; the address is asked where it has not heard of us for long.

        Raises:
            RemoteError: It had to be asked, and cannot be reached.
        """
        if not self.lost and time.time() - self._heard > 2 * BEAT:  # cut off, or this machine slept
            self._beat()
        return not self.lost

    def release(self) -> None:
        """Let go of it, where it is still ours."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        held = _read(self._store)
        if held is not None and held.get("id") == self.id:
            self._store.remove(LOCK)

    def _take_over(self, ours: list[str]) -> None:
        held = _read(self._store)
        if held == {}:  # nobody's; or, where files do not appear whole, one that is being written
            time.sleep(_LOOK_AGAIN)
            held = _read(self._store)
        if held is not None and held.get("id") not in ours and _age(held) < STALE:
            raise self._taken(held)
        self._store.write(LOCK, self._content())
        time.sleep(_LOOK_AGAIN)  # of two that take over at once, the last to write has it
        held = _read(self._store)
        if held is not None and held.get("id") != self.id:
            raise self._taken(held)

    def _ours(self) -> list[str]:
        """Return the ids of locks that killed processes of this folder took, or were about to take."""
        return self._own.read_text("ascii", "replace").split()[-_MOST_IDS:] if self._own.exists() else []

    def _taken(self, held: dict[str, object]) -> DataError:
        began = _moment(held.get("since"))
        return DataError(
            f"another process works at this address (it is called {str(held.get('id'))[:16]}, began {began}, and gave "
            f"its last sign of life {_age(held):.0f} seconds ago)",
            where=self._store.address.shown,
            way_out=f"Wait until it ends, or name another address. If it is dead: {STALE / 60:.0f} minutes after its "
            f"last sign of life anybody may go on; at once, if you delete {self._store.address.shown}/{LOCK}",
        )

    def _content(self) -> bytes:
        return orjson.dumps({"id": self.id, "since": self._since, "seen": time.time()})

    def _live(self) -> None:
        while not self.lost and not self._stop.wait(BEAT):
            with contextlib.suppress(RemoteError):  # whoever pushes says that the network is away
                self._beat()

    def _beat(self) -> None:
        """Give a sign of life, where the lock is still ours."""
        with self._beating:
            held, now = _read(self._store), time.time()
            gone = held is None and now - self._heard > STALE - _CLOCKS  # others may have come meanwhile, and ended
            if gone or (held is not None and held.get("id") != self.id):
                self.lost = True
                return
            self._store.write(LOCK, self._content())
            self._heard = now


def _read(store: RemoteStore) -> dict[str, object] | None:
    """Return what the lock says; {} where it is no lock of ours, None where there is none."""
    content = store.read(LOCK, _MOST)
    if content is None:
        return None
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _age(held: dict[str, object]) -> float:
    """Return seconds since the last sign of life; by both machines' clocks, which should agree within a minute."""
    seen = held.get("seen")
    return max(time.time() - seen, 0.0) if isinstance(seen, int | float) else STALE


def _moment(value: object) -> str:
    if not isinstance(value, int | float) or not 0 <= value < _FAR:
        return "at an unknown time"
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M UTC")
