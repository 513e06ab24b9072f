"""What the tests of models share: a bad server."""

from collections.abc import AsyncIterator

import pytest

from fault_server import FaultServer


@pytest.fixture
async def faults() -> AsyncIterator[FaultServer]:
    async with FaultServer() as server:
        yield server
