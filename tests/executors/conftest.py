"""One Ray cluster of two nodes for all tests that need one; a node that a test killed is replaced before the next."""

from collections.abc import Iterator

import pytest

from ray_nodes import TwoNodes


@pytest.fixture(scope="session")
def cluster() -> Iterator[TwoNodes]:
    with TwoNodes() as nodes:
        yield nodes
