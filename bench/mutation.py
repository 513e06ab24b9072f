"""Mutation testing of the statistics: of small changes to their source, what share do the tests notice?

    python bench/mutation.py [SAMPLE]      writes docs/mutation.md and docs/mutation.json

Changes are drawn at random, so the score is an estimate with an interval. What was tried is kept in runs/mutation and
not tried again while the source and the tests stay the same.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any

from scipy.stats import binomtest

from mutation_mutants import Mutant, changed, sampled

ROOT = Path(__file__).resolve().parent.parent
STATISTICS = "src/acidtest/stats"
TESTS = ("tests/stats", STATISTICS)
KEPT = ROOT / "runs" / "mutation"
SAMPLE, GOAL = 500, 0.90
SEED = 21
"""Another one after tests were written for changes that survived: their score would flatter."""

CHECKED = 13
"""Of 256: the share of tests that must pass on the unchanged source before anything is tried."""

MOST_SECONDS = 120.0
"""Of tests per change: a change that none of the quickest tests within it notices counts as survived."""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE
    KEPT.mkdir(parents=True, exist_ok=True)
    workers = int(os.environ.get("MUTATION_WORKERS", "2"))
    trees = [_tree(KEPT / f"tree-{number}") for number in range(workers)]
    mutants, total = sampled(trees[0], STATISTICS, count, SEED)
    reach = _reach(trees[0])
    outcomes = _tried(mutants, reach, trees)
    _write_page(mutants, outcomes, total)


def _tree(root: Path) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "src", "tests"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in (*listed.stdout.splitlines(), "pyproject.toml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, root / name)
    return root


def _environment(root: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1", "CI": ""}


def _reach(root: Path) -> dict[str, Any]:
    """Return which test runs which line, and how long each takes; measured once per state of source and tests."""
    state = hashlib.sha256()
    for folder in TESTS:
        for path in sorted((root / folder).rglob("*.py")):
            state.update(path.read_bytes())
    kept = KEPT / f"reach-{state.hexdigest()[:16]}.json"
    if not kept.exists():
        program = [sys.executable, str(ROOT / "bench/mutation_map.py"), STATISTICS, str(kept), *TESTS]
        subprocess.run(program, cwd=root, env=_environment(root), check=True)
    found: dict[str, Any] = json.loads(kept.read_text("utf-8"))
    return found | {"state": kept.stem}


def _tests_of(mutant: Mutant, reach: dict[str, Any]) -> list[str]:
    """Return the tests that run the changed lines, or else the module; the quickest first."""
    lines = reach["lines"].get(mutant.path, {})
    hit = {test for line in range(mutant.first, mutant.last + 1) for test in lines.get(str(line), ())}
    hit = hit or {test for tests in lines.values() for test in tests}
    hit = hit or _tests_of_users(mutant.path, reach)
    chosen, spent = [], 0.0
    for test in sorted(hit, key=reach["seconds"].__getitem__):
        spent += reach["seconds"][test]
        if chosen and spent > MOST_SECONDS:
            break
        chosen.append(test)
    return chosen


def _tests_of_users(path: str, reach: dict[str, Any]) -> set[str]:
    """Return the tests of the modules that import this one: lines of compiled functions are not seen."""
    name = path.removeprefix("src/").removesuffix(".py").replace("/", ".")
    users = [user for user in reach["lines"] if f"from {name} import" in (ROOT / user).read_text("utf-8")]
    return {test for user in users for tests in reach["lines"][user].values() for test in tests}


def _tried(mutants: list[Mutant], reach: dict[str, Any], trees: list[Path]) -> dict[str, str]:
    log = KEPT / f"outcomes-{reach['state']}.jsonl"
    known = [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []
    outcomes: dict[str, str] = {row["key"]: row["outcome"] for row in known}
    waiting: Queue[Mutant] = Queue()
    for mutant in mutants:
        if mutant.key not in outcomes:
            waiting.put(mutant)
    with log.open("a", encoding="utf-8") as out, ThreadPoolExecutor(len(trees)) as pool:

        def work(tree: Path) -> None:
            program = [sys.executable, str(ROOT / "bench/mutation_worker.py")]
            with subprocess.Popen(
                program, cwd=tree, env=_environment(tree), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as worker:
                assert worker.stdin is not None  # noqa: S101 - asked for above
                assert worker.stdout is not None  # noqa: S101
                worker.stdout.readline()
                _check(reach, tree, worker)
                while not waiting.empty():
                    mutant = waiting.get()
                    row = _try(mutant, reach, tree, worker)
                    outcomes[mutant.key] = row["outcome"]
                    out.write(json.dumps(row) + "\n")
                    out.flush()
                worker.stdin.close()

        list(pool.map(work, trees))
    return outcomes


def _check(reach: dict[str, Any], tree: Path, worker: "subprocess.Popen[str]") -> None:
    """Raise unless tests of the unchanged source pass here: else every change would look noticed."""
    path = next(iter(reach["lines"]))
    tests = [test for test in reach["seconds"] if hashlib.sha256(test.encode()).digest()[0] < CHECKED]
    job = {"key": "unchanged", "path": path, "code": (tree / path).read_text("utf-8"), "tests": tests, "timeout": 600}
    outcome = _ask(worker, job)["outcome"]
    if outcome != "survived":
        raise SystemExit(f"{len(tests)} tests of the unchanged source: {outcome}")


def _ask(worker: "subprocess.Popen[str]", job: dict[str, Any]) -> dict[str, Any]:
    assert worker.stdin is not None  # noqa: S101 - pipes were asked for
    assert worker.stdout is not None  # noqa: S101
    worker.stdin.write(json.dumps(job) + "\n")
    worker.stdin.flush()
    row: dict[str, Any] = json.loads(worker.stdout.readline())
    if row["outcome"] == "broken":
        raise SystemExit(f"pytest itself failed: {row['key']}")
    return row


def _try(mutant: Mutant, reach: dict[str, Any], tree: Path, worker: "subprocess.Popen[str]") -> dict[str, Any]:
    tests = _tests_of(mutant, reach)
    if not tests:
        return {"key": mutant.key, "outcome": "survived", "seconds": 0.0}
    code = changed((tree / mutant.path).read_text("utf-8"), mutant)
    timeout = 5 * sum(reach["seconds"][test] for test in tests)
    job = {"key": mutant.key, "path": mutant.path, "code": code, "tests": tests, "timeout": timeout}
    return _ask(worker, job)


def _write_page(mutants: list[Mutant], outcomes: dict[str, str], total: int) -> None:
    folders: dict[str, list[bool]] = defaultdict(list)
    for mutant in mutants:
        folder = Path(mutant.path).parent.relative_to("src/acidtest").as_posix()
        folders[folder].append(outcomes[mutant.key] != "survived")
    survivors = sorted(mutant.key for mutant in mutants if outcomes[mutant.key] == "survived")
    every = [killed for found in folders.values() for killed in found]
    unending = sum(outcomes[mutant.key] == "timeout" for mutant in mutants)
    score, low, high = _share(every)
    reached = "reached" if score >= GOAL else "missed"
    lines = [
        "# Mutation testing of the statistics",
        "",
        "Small changes were made to the source of `stats/`, one at a time: another operator, a number one larger or",
        "smaller, a condition turned round, a loop that never runs. The tests of `tests/stats` and the examples in the",
        "docstrings then ran. A change that no test notices has *survived*. Some survivors change nothing that anybody",
        "could see; they are counted as survivors all the same. `make mutation` writes this page.",
        "",
        f"Tried: {len(mutants):,} changes, drawn at random from {total:,}. Noticed: **{score:.1%}**, 95 % interval",
        f"{low:.1%} to {high:.1%} (Wilson). Goal: {GOAL:.0%}, {reached}. Of the noticed,",
        f"{unending} were stopped because the tests took more than five times as long as they do.",
        "",
        "| folder | changes | noticed | 95 % interval |",
        "|---|---|---|---|",
    ]
    for folder, found in sorted(folders.items()):
        share, least, most = _share(found)
        lines.append(f"| {folder} | {len(found)} | {share:.1%} | {least:.0%} to {most:.0%} |")
    lines += ["", "Survivors (module:line, cosmic-ray's operator, its occurrence in the module):", ""]
    lines += [f"- `{key.removeprefix('src/acidtest/')}`" for key in survivors]
    (ROOT / "docs" / "mutation.md").write_text("\n".join(lines) + "\n", "utf-8")
    found_json = {
        "tried": len(mutants),
        "of": total,
        "noticed": score,
        "stopped": unending,
        "low": low,
        "high": high,
        "survivors": survivors,
    }
    (ROOT / "docs" / "mutation.json").write_text(json.dumps(found_json, indent=1) + "\n", "utf-8")
    print("\n".join(lines[:20]))


def _share(found: list[bool]) -> tuple[float, float, float]:
    interval = binomtest(sum(found), len(found)).proportion_ci(method="wilson")
    return sum(found) / len(found), float(interval.low), float(interval.high)


if __name__ == "__main__":
    main()
