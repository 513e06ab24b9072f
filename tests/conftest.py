"""What all tests share: where the real data sets are."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def data_folder() -> Path | None:
    """Return the folder of real data sets, or None where this machine has none."""
    folder = Path(os.environ.get("ACIDTEST_DATA", SHARED))
    return folder if folder.is_dir() else None


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
