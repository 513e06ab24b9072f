"""Where fetched models, data sets and answers are kept."""

import os
from pathlib import Path

from acidtest.errors import FetchError


def cache_folder() -> Path:
    """Return the folder that ACIDTEST_CACHE names, or the system's place for a user's caches."""
    named = os.environ.get("ACIDTEST_CACHE")
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("acidtest", appauthor=False)


def search_path(variable: str, folder: str) -> list[Path]:
    """Return where something is looked for before any download: the folder that a variable names, then the cache's.

    Raises:
        FetchError: The variable names no folder. Going on would download what the user thinks is there.
    """
    cached = cache_folder() / folder
    named = os.environ.get(variable)
    if not named:
        return [cached]
    first = Path(named).expanduser().absolute()
    if not first.is_dir():
        raise FetchError(f"{variable} names no folder", where=str(first), way_out=f"Correct or unset {variable}.")
    return [first, cached]
