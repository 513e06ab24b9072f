"""What all tests share: where the real data sets are, a model server, a small real model."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chromium import chromium
from real_folder import data_folder

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets. Without it a test skips and says so; in CI it fails: nothing is skipped unseen."""
    folder = data_folder()
    if folder is not None:
        return folder
    message = "no real data sets here: set ACIDTEST_DATA to a folder that holds them"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A running Chromium; not for the whole session, for its event loop would be in the way of others."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def mock_url() -> Iterator[str]:
    """The deterministic mock server of bench/, in a process of its own."""
    command = [sys.executable, str(ROOT / "bench" / "mock_server.py"), "--latency-ms", "4"]
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
