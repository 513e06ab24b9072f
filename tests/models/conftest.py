"""What the tests of models share: a bad server, a good one, a small real model."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fault_server import FaultServer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def faults() -> AsyncIterator[FaultServer]:
    async with FaultServer() as server:
        yield server


@pytest.fixture(scope="session")
def mock_url() -> Iterator[str]:
    """The deterministic mock server of bench/, in a process of its own."""
    command = [sys.executable, str(ROOT / "bench" / "mock_server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().split()[1])
        yield f"http://127.0.0.1:{port}"
        process.terminate()


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """A real model of 98 MB, fetched where it is not here yet."""
    from acidtest.data.hub import fetch

    return fetch("smollm2-135m-instruct-q4_1")
