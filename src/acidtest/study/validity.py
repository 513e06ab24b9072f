"""The validity of a run's items: its ratings, its items, its rubric."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from acidtest.compare.validity import validity_report
from acidtest.data.rating_files import read_ratings
from acidtest.data.read import spooled_item_records
from acidtest.data.rubric_file import load_rubric, rubric_names
from acidtest.data.run_folder import RunFolder
from acidtest.errors import AcidtestError
from acidtest.study.schema import StudyFile
from acidtest.types import Benchmark, Kind, Rating, Rubric, ValidityReport


def validity_of_run(
    study: StudyFile, study_folder: Path, folder: RunFolder, *, real: str = "", rubric: str = ""
) -> ValidityReport | None:
    """Return what people and judges found of a run's items; None where nobody rated any.

    Args:
        study: What was asked for.
        study_folder: Where the study's own files are.
        folder: The run.
        real: Name of the real benchmark; the study's unless given.
        rubric: A rubric's name, or a .yaml file; else the study's, the one that ratings name, or the task's newest.

    Raises:
        AcidtestError: A file cannot be read, or no rubric is known.
    """
    ratings = [rating for path in (folder.people, *folder.all_judged()) for rating in read_ratings(path)]
    if not ratings:
        return None
    synthetic = [g.benchmark for g in study.generators] + [s.name for s in study.synthetic]
    benchmarks = [_benchmark(real or real_name(study), "real", folder.real)]
    benchmarks += [_benchmark(name, "synthetic", folder.synthetic(name)) for name in synthetic]
    kept = [benchmark for benchmark in benchmarks if benchmark.items]
    return validity_report(ratings, _rubric(study, study_folder, ratings, rubric), kept, level=study.level)


def real_name(study: StudyFile) -> str:
    """Return what a study's real benchmark is called."""
    source = study.real
    return source.name or source.dataset or Path(str(source.path)).name.removesuffix(".gz").rpartition(".")[0]


def _rubric(study: StudyFile, study_folder: Path, ratings: Sequence[Rating], named: str) -> Rubric:
    named = named or (study.validity.rubric if study.validity else "")
    if named.endswith((".yaml", ".yml")):
        own = Path(named) if Path(named).exists() else study_folder / named
        return load_rubric(own).rubric
    if named:
        return load_rubric(named).rubric
    known = rubric_names()
    rated_by = Counter(rating.rubric.split(" ")[0] for rating in ratings)
    for name, _ in rated_by.most_common():
        if name in known:
            return load_rubric(name).rubric
    if any(name.partition(".v")[0] == study.task for name in known):
        return load_rubric(study.task).rubric
    raise AcidtestError(
        "no rubric is known for these ratings",
        where=f"task '{study.task}'",
        way_out="Name it: --rubric NAME, or a .yaml file.",
    )


def _benchmark(name: str, kind: Kind, path: Path) -> Benchmark:
    return Benchmark(name=name, kind=kind, items=spooled_item_records(path) if path.exists() else ())
