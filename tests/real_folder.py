"""Where the real data sets are on this machine."""

import os
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def data_folder() -> Path | None:
    """Return the folder of real data sets, or None where there is none."""
    folder = Path(os.environ.get("ACIDTEST_DATA", SHARED))
    return folder if folder.is_dir() else None
