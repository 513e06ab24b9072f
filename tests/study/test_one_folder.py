"""A run's folder: one process at a time, one file for each name, and an interrupt that comes at any moment."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from acidtest.data.run_folder import RunFolder, safe_name
from acidtest.errors import DataError, StudyFileError
from acidtest.study.load import load_study
from acidtest.study.lock import alone
from acidtest.study.prepare import prepare
from mock_study import STUDY, acidtest, environment, write_study

HOLD = """
import sys
from pathlib import Path
from acidtest.data.run_folder import RunFolder
from acidtest.study.lock import alone
with alone(RunFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_folder_belongs_to_one_process_until_it_dies(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(DataError, match=rf"another process works in this folder \(its number is {other.pid}\)"):
            alone(RunFolder(tmp_path / "run")).__enter__()
        study = write_study(tmp_path, "http://127.0.0.1:9")
        for arguments in (["run", study], ["evaluate", study]):
            done = acidtest(*arguments, "-o", tmp_path / "run", cache=tmp_path / "cache")
            assert done.returncode == 2
            assert "another process works in this folder" in done.stderr
        other.kill()
        other.wait()
    with alone(RunFolder(tmp_path / "run")):
        pass


def test_names_keep_files_of_their_own() -> None:
    assert safe_name("mistralai/Mixtral-8x7B") == "mistralai__Mixtral-8x7B"
    for one, other in (("модель", "задача"), ("x" * 150 + "a", "x" * 150 + "b"), ("é", "_")):
        assert safe_name(one) != safe_name(other)
    for name in ("модель", "x" * 500, "\ud800", "con", "..", "a/../b", "", "CON.jsonl"):
        safe = safe_name(name)
        assert 0 < len(safe) <= 120
        assert safe.isascii()
        assert "/" not in safe
        assert safe.strip(".") == safe


@pytest.mark.parametrize(
    ("one", "other"),
    [("a/b", "a__b"), ("a b", "a_b"), ("a:b", "a.b"), ("Set", "set"), ("new", "REAL"), ("w", "writer.few_shot.calls")],
)
def test_benchmarks_that_would_share_a_file_are_refused(tmp_path: Path, one: str, other: str) -> None:
    given = "synthetic:\n" + "".join(f"  - {{{{name: '{name}', path: pool.jsonl}}}}\n" for name in (one, other))
    path = write_study(tmp_path, "http://127.0.0.1:9", STUDY + given)
    with pytest.raises(StudyFileError, match="would share one file"):
        prepare(load_study(path), tmp_path, tmp_path / "run")


@pytest.mark.parametrize("pair", [("fair", "Fair"), ("a/b", "a__b")])
def test_solvers_that_would_share_a_file_are_refused(tmp_path: Path, pair: tuple[str, str]) -> None:
    models = "".join(f'  "{name}": {{{{use: "openai:x", base_url: "{{url}}/v1"}}}}\n' for name in pair)
    text = STUDY.replace("  good:", "  fine:").replace("  fair:", "  okay:").replace("models:\n", f"models:\n{models}")
    text = text.replace("solvers: [good, fair, poor,", f'solvers: ["{pair[0]}", "{pair[1]}",')
    path = write_study(tmp_path, "http://127.0.0.1:9", text)
    with pytest.raises(StudyFileError, match=f"solvers '{pair[0]}' and '{pair[1]}' would share one file"):
        prepare(load_study(path), tmp_path, tmp_path / "run")


SLOW = """
import signal
import time
from acidtest import registry
from acidtest.registry import register
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that a shell starts in the background ignore it
@register("classic", "slow")
class Slow(registry.get("classic", "majority")):
    '''Takes its time.'''
    def fit(self, pool, labels, seed):
        super().fit(pool, labels, seed)
        open("fitting", "w").close()
        time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signal to one process")
def test_an_interrupt_need_not_wait_for_a_classic_solver(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    write_study(tmp_path, "http://127.0.0.1:9")
    study.write_text(
        "study: s\ntask: intent\nreal: {path: real.jsonl, pool: pool.jsonl}\n"
        "synthetic: [{name: given, path: pool.jsonl}]\nsolvers: ['classic:slow', 'classic:majority']\n"
    )
    (tmp_path / "slow.py").write_text(SLOW)
    command = [sys.executable, "-m", "acidtest", "run", "study.yaml", "-o", "run", "--load", "slow.py"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(tmp_path / "cache"), stderr=subprocess.PIPE) as run:
        deadline = time.monotonic() + 30
        while not (tmp_path / "fitting").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=30) == 130
        assert time.monotonic() - began < 15
