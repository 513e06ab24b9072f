"""Shards of one study become one run: every answer stands there once, as if one machine had answered all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from acidtest.data.read import read_item_records
from acidtest.data.run_folder import RunFolder, write_atomically
from acidtest.errors import DataError, counted
from acidtest.study.judges import rated_items, rated_names
from acidtest.study.lock import alone
from acidtest.study.merge_check import Part, check_parts, fingerprints, opened_parts
from acidtest.study.merge_rows import Unit, all_lines, united
from acidtest.study.plan import judgements_key, ratings_key, responses_key
from acidtest.study.real import task_class
from acidtest.study.schema import StudyFile
from acidtest.study.state import UnitState, write_state
from acidtest.types import Benchmark, Kind


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What came of merging.

    Attributes:
        shards: How many were put together.
        absent: Numbers of the shards that were not named, of `of`; `of` is 0 where no folder was a shard.
        missing: Unit -> items that stayed without an answer in all shards.
        open: Units that are not done for other reasons: a shard that was killed, or never began them.
    """

    shards: int
    of: int
    absent: tuple[int, ...]
    missing: Mapping[str, int]
    open: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to ask."""
        return not self.missing and not self.open

    def __str__(self) -> str:
        words = [f"{key}: {counted(count, 'item')} without an answer" for key, count in self.missing.items()]
        words += [f"{key}: not done in every shard" for key in self.open]
        if self.absent:
            named = ", ".join(f"{number}/{self.of}" for number in self.absent)
            words.insert(0, f"not among the folders: shard {named}")
        return "\n".join(words)


def merge_shards(shards: Sequence[Path], root: Path) -> Merged:
    """Put shards together into a new run's folder; what they lack, a run in that folder asks for.

    Response, rating and judgement files are those that one machine would have written: each item once, in the items'
    order. An item that two shards answered alike stands there once.

    Args:
        shards: Folders, made by `--shard`, or by an earlier merge.
        root: The new folder.

    Raises:
        DataError: A folder is no shard, or of another study, version, model or benchmark; two shards answered one
            item differently; or `root` holds a run already.
    """
    parts = opened_parts(shards)
    check_parts(parts)
    folder, study = RunFolder(root), parts[0].study
    with alone(folder):
        if folder.run_json.exists():
            raise DataError("this folder holds a run already", where=str(root), way_out="Name a new one: -o RUN")
        _copy_written(parts[0].folder, folder)
        for files, to in (
            ([part.folder.people for part in parts], folder.people),
            ([part.folder.choices for part in parts], folder.choices),
        ):
            if lines := all_lines(files):
                write_atomically(to, lines)
        units = list(_units(study, parts, folder))
        for unit in units:
            unit.to.unlink(missing_ok=True)  # a merge that was killed or refused left it
        missing = {unit.key: lacking for unit in units if (lacking := united(unit))}
        merged = _merged(parts, units, missing)
        _write_state(folder, parts, units, merged)
    return merged


def refuse_changed(study: StudyFile, study_folder: Path, root: Path) -> None:
    """Refuse to go on with a run whose study's files changed since it was answered: going on would ask all again.

    Raises:
        DataError: They changed.
        AcidtestError: The study's files, or models, are not here.
    """
    from acidtest.study.plan import staleness
    from acidtest.study.prepare import prepare

    prepared = prepare(study, study_folder, root)
    changed = staleness(prepared.plan, prepared.book).changed
    if changed:
        raise DataError(
            f"the study's files are not those that the shards were answered with ({changed[0].key})",
            where=str(study_folder),
            way_out="Bring back the files that were there.",
        )


def _copy_written(there: RunFolder, here: RunFolder) -> None:
    """Copy what was written before any answer; all shards have the same, which was checked."""
    paths = [there.real, there.pool, *sorted((there.root / "synthetic").glob("*.jsonl"))]
    for path in paths:
        if path.exists():
            write_atomically(here.root / path.relative_to(there.root), path.read_bytes())


def _units(study: StudyFile, parts: Sequence[Part], here: RunFolder) -> Iterator[Unit]:
    """Yield the units of answers, judgements and ratings that the study asks for, each with the files of all shards."""
    real = parts[0].real
    synthetic = [g.benchmark for g in study.generators] + [s.name for s in study.synthetic]
    for name in (real, *synthetic):
        path = here.real if name == real else here.synthetic(name)
        items = tuple(read_item_records(path)) if path.exists() else ()
        if not items:
            continue
        order = tuple(item.id for item in items)
        for solver in study.solvers:
            asked = (name, solver.model)
            for key, file_of, counts in (
                (responses_key(*asked), RunFolder.responses, True),
                *([(judgements_key(*asked), RunFolder.judgements, False)] if _is_judged(study) else []),
            ):
                files = tuple((part.name, file_of(part.folder, *asked)) for part in parts)
                to = file_of(here, *asked)
                yield Unit(key=key, benchmark=name, order=order, files=files, to=to, counts=counts)
        if name not in rated_names(study, real, synthetic):
            continue
        kind: Kind = "real" if name == real else "synthetic"
        rated = rated_items(study, Benchmark(name=name, kind=kind, items=items))
        for judge in study.judges:
            yield Unit(
                key=ratings_key(name, judge),
                benchmark=name,
                order=tuple(item.id for item in rated),
                files=tuple((part.name, part.folder.judged(judge)) for part in parts),
                to=here.judged(judge),
                counts=False,
            )


def _is_judged(study: StudyFile) -> bool:
    """Tell whether a judge says which answers are right."""
    task = task_class(study)
    return (study.metric or task.metrics[0]) in task.judged_metrics


def _merged(parts: Sequence[Part], units: Sequence[Unit], missing: Mapping[str, int]) -> Merged:
    of = max((part.shard.of for part in parts if part.shard is not None), default=0)
    there = {part.shard.number for part in parts if part.shard is not None}
    whole = any(part.shard is None for part in parts)
    absent = () if whole else tuple(number for number in range(1, of + 1) if number not in there)
    expected = [unit.key for unit in units]
    is_open = [key for key in expected if key not in missing and not _is_done(key, parts, absent, units)]
    return Merged(shards=len(parts), of=of, absent=absent, missing=missing, open=tuple(is_open))


def _is_done(key: str, parts: Sequence[Part], absent: Sequence[int], units: Sequence[Unit]) -> bool:
    """Tell whether nothing of a unit is left: all items answered, or its part done in every shard."""
    if next(unit for unit in units if unit.key == key).counts:
        return True
    stages = [(part, part.state.stages.get(key)) for part in parts]
    if any(unit is not None and unit.status == "done" for _, unit in stages):
        return True
    shards = [(part.shard, unit) for part, unit in stages if part.shard is not None]
    return not absent and all(unit is not None and unit.detail == shard.done for shard, unit in shards)


def _write_state(folder: RunFolder, parts: Sequence[Part], units: Sequence[Unit], merged: Merged) -> None:
    known = fingerprints(parts)
    stages = {key: unit for key, unit in parts[0].state.stages.items() if key == "real" or key.startswith("synthetic/")}
    for unit in (unit for unit in units if unit.key in known):
        lacking = merged.missing.get(unit.key, 0)
        done = not lacking and unit.key not in merged.open
        detail = "" if done else f"{counted(lacking, 'item')} without an answer" if lacking else "not all shards"
        status = "done" if done else "incomplete"
        stages[unit.key] = UnitState(fingerprint=known[unit.key], status=status, detail=detail)
    write_state(folder, parts[0].state.model_copy(update={"stages": stages}))
