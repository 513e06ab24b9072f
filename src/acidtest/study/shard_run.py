"""What a shard does with a run: it starts from what was written once, and answers its own part."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from acidtest.data.run_folder import RunFolder
from acidtest.errors import DataError, counted
from acidtest.study.lock import alone
from acidtest.study.plan import judgements_key, responses_key
from acidtest.study.shard import SHARED, Shard
from acidtest.study.state import read_state, write_state
from acidtest.study.under_way import Run
from acidtest.types import Benchmark


def start_from(base: Path, root: Path) -> None:
    """Copy what a run has written before any answer - items, pool, synthetic benchmarks - where `root` has no run yet.

    Raises:
        DataError: The two are one folder, or another process works in `root`.
    """
    here, there = RunFolder(root), RunFolder(base)
    if base.resolve() == root.resolve():
        if here.shard.exists():
            return
        raise DataError(
            "every shard needs a folder of its own", where=str(base), way_out="Name one: -o SHARD, another for each."
        )
    with alone(here):
        state = read_state(there)
        if here.run_json.exists() or state is None:
            return
        for path in (there.real, there.pool):
            if path.exists():
                shutil.copyfile(path, root / path.name)
        synthetic = there.root / "synthetic"
        (root / synthetic.name).mkdir(exist_ok=True)
        for path in sorted(synthetic.glob("*.jsonl")):
            shutil.copyfile(path, root / synthetic.name / path.name)
        written = {key: unit for key, unit in state.stages.items() if key == "real" or key.startswith("synthetic/")}
        write_state(here, state.model_copy(update={"stages": written}))


def own_parts(run: Run, benchmarks: Sequence[Benchmark]) -> Sequence[Benchmark]:
    """Return the benchmarks with the items that this run is about; those of which nothing falls to it are done."""
    if run.shard is None:
        return benchmarks
    limits = run.prepared.study.limits
    if limits.max_cost is not None or limits.max_calls is not None:
        run.reporter.say(
            f"The study's limits hold for each shard by itself: {run.shard.of} shards may cost {run.shard.of} times as "
            "much."
        )
    parts = [run.shard.part(benchmark) for benchmark in benchmarks]
    for part in parts:
        if not part.items:
            _end_empty(run, part)
    return [part for part in parts if part.items]


def _end_empty(run: Run, part: Benchmark) -> None:
    for solver in run.prepared.study.solvers:
        keys = [responses_key(part.name, solver.model), judgements_key(part.name, solver.model)]
        for key in keys if run.prepared.match is not None else keys[:1]:
            if not run.is_done(key):
                run.begin(key)
                run.end(key)


def shard_summary(run: Run, shard: Shard) -> str:
    """Return what a shard ends with: what is done, and that it says nothing alone."""
    stages = run.prepared.book.state.stages
    parts = [unit for key, unit in stages.items() if key.startswith(SHARED)]
    done = sum(unit.detail == shard.done for unit in parts)
    what = f"Shard {shard}: {done} of {counted(len(parts), 'unit')} of work done."
    return (
        f"{what} A shard alone is not compared. When all {shard.of} are done, put them together: "
        "acidtest merge SHARD... -o RUN"
    )
