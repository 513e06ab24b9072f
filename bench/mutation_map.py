"""Run the tests once, and write down how long each takes and which lines of the statistics it runs.

    python bench/mutation_map.py FOLDER OUT.json TESTS...

Run in the tree whose source is looked at. Compiled functions show no lines; the lines before them stand for them.
"""

import json
import sys
import time
from collections import defaultdict
from pathlib import Path

import coverage
import pytest


class Watch:
    """Tells coverage which test runs, and keeps its time."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured, self.seconds = measured, dict[str, float]()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):  # noqa: ANN001, ANN201 - pytest's own types are private
        """Name the test that runs, and time it."""
        self.measured.switch_context(item.nodeid)
        start = time.perf_counter()
        yield
        self.seconds[item.nodeid] = time.perf_counter() - start
        self.measured.switch_context("")


def main() -> None:
    folder, out, *tests = sys.argv[1:]
    measured = coverage.Coverage(data_file=None, include=[f"{Path(folder).resolve()}/*"], branch=False)
    watch = Watch(measured)
    measured.start()
    code = pytest.main(["-q", "-m", "not cluster", "-p", "no:cacheprovider", *tests], plugins=[watch])
    measured.stop()
    if code != 0:
        raise SystemExit(f"the tests fail without any change: {code}")
    lines: dict[str, dict[int, list[str]]] = defaultdict(dict)
    data = measured.get_data()
    for file in data.measured_files():
        name = Path(file).relative_to(Path.cwd()).as_posix()
        lines[name] = {line: [c for c in found if c] for line, found in data.contexts_by_lineno(file).items()}
    Path(out).write_text(json.dumps({"seconds": watch.seconds, "lines": lines}), "utf-8")


if __name__ == "__main__":
    main()
