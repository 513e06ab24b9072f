"""A command imports only what it uses: start-up time is a promise."""

import subprocess
import sys

import pytest

HEAVY = ("aiohttp", "jinja2", "numba", "pandas", "pyarrow", "rapidfuzz", "scipy", "sklearn", "xllamacpp")
EVALUATE = "acidtest.cli.stages, acidtest.cli.progress, acidtest.study.load, acidtest.study.run, acidtest.models.openai"
HELP = "acidtest.cli.main; sys.argv = ['acidtest', '--help']; acidtest.cli.main._add_commands(['--help'])"


@pytest.mark.parametrize(
    ("imported", "unwanted"),
    [(EVALUATE, HEAVY), (HELP, (*HEAVY, "numpy", "ruamel", "uvloop"))],
    ids=["evaluate", "help"],
)
def test_heavy_libraries_wait_until_they_are_used(imported: str, unwanted: tuple[str, ...]) -> None:
    code = f"import sys; import {imported}; print(*[name for name in {unwanted!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
