"""The real command in a process of its own, and Chromium to look at it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from acidtest.data.run_folder import RunFolder
from acidtest.review import people
from acidtest.review.app import build_app
from acidtest.review.guard import Place
from acidtest.review.plan import QUEUES, Queue
from acidtest.review.serve import listen, server_of
from acidtest.review.store import open_store
from acidtest.study.review_plan import review_plan


@dataclass(frozen=True)
class Served:
    """A running review: where it is, and each person's link."""

    address: str
    links: dict[str, str]


@dataclass(frozen=True)
class Running(Served):
    """One in a process of its own."""

    process: "subprocess.Popen[str]"

    def interrupt(self) -> tuple[int, str, str]:
        """Press Ctrl-C; return the exit code and what was written."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@contextmanager
def served_review(run: Path, *queues: Queue, names: tuple[str, ...] = ("ann", "bob")) -> Iterator[Served]:
    """Serve a review on a free port from a thread of this process; write its files in the end."""
    folder = RunFolder(run)
    with open_store(folder.review, review_plan(run, queues or QUEUES)) as store, listen("127.0.0.1", 0) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = server_of(build_app(store, folder, Place(address=address)))
        with store.database.write() as connection:
            invited = [*people.invite(connection, names), people.person_named(connection, people.OWNER, owner=True)]
            links = {one.name: f"{address}/enter/{people.new_token(connection, one)}" for one in invited}
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Served(address, links)
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def running_review(run: Path, *options: str, names: str = "ann,bob") -> Iterator[Running]:
    """Start `acidtest review` on a free port; stop it in the end."""
    told = run / "links.json"
    told.unlink(missing_ok=True)
    command = [sys.executable, "-m", "acidtest", "review", str(run), "--people", names, "--port", "0"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [*command, "--json", str(told), *options],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 60
        while not told.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        if not told.exists():
            process.kill()
            pytest.fail("".join(process.communicate()))
        found = orjson.loads(told.read_bytes())
        links = {one["name"]: one["link"] for one in found["links"]}
        try:
            yield Running(found["address"], links, process)
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
