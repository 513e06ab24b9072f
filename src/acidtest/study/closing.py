"""The two stages that send nothing: scores become a fidelity report, and that becomes a page."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from acidtest.compare.adaptive import with_predictions
from acidtest.compare.adaptive_json import read as read_adaptive_report
from acidtest.compare.contract import dumps, read
from acidtest.compare.fidelity import compare
from acidtest.compare.thresholds import Thresholds
from acidtest.data.read import spooled_item_records
from acidtest.data.run_folder import RunFolder, write_atomically
from acidtest.data.scores.table import read_scores
from acidtest.errors import DataError
from acidtest.report.page import write_page
from acidtest.report.samples import Sample, draw_samples
from acidtest.study.schema import StudyFile
from acidtest.study.validity import validity_of_run
from acidtest.types import Benchmark, FidelityReport, Kind


def compare_scores(
    study: StudyFile,
    folder: RunFolder,
    real: str,
    synthetic: tuple[str, ...],
    *,
    models_vary: bool = False,
    study_folder: Path = Path(),
) -> FidelityReport:
    """Compare RUN/scores.parquet into RUN/fidelity.json and return the report.

    Args:
        study: What was asked for.
        folder: The run.
        real: Name of the real benchmark.
        synthetic: Names of the synthetic benchmarks.
        models_vary: Ask about other solvers like these, not about these.
        study_folder: Where the study's own files are, such as its rubric.

    Raises:
        DataError: There are no scores yet.
    """
    _need(folder.scores, "acidtest evaluate")
    scores = read_scores([folder.scores], real=real, synthetic=synthetic, percent=False)
    families = {name: settings.family for name, settings in study.models.items() if settings.family}
    scores = replace(scores, families={**scores.families, **families})
    if folder.adaptive.exists():
        scores = with_predictions(scores, read_adaptive_report(folder.adaptive))
    report = compare(
        scores,
        seed=study.seed,
        level=study.level,
        thresholds=Thresholds(**study.verdict.model_dump()),
        models_vary=models_vary,
        right_at=study.right_at,
    )
    report = replace(report, validity=validity_of_run(study, study_folder, folder, real=real))
    write_atomically(folder.fidelity, dumps(report))
    return report


def write_report(
    study: StudyFile, folder: RunFolder, notes: tuple[str, ...] = (), *, study_folder: Path = Path()
) -> FidelityReport:
    """Draw RUN/fidelity.json into RUN/report.html and return what was drawn.

    People may have rated items since the comparison: validity is had again, and written into RUN/fidelity.json.

    Raises:
        DataError: Nothing has been compared yet.
    """
    _need(folder.fidelity, "acidtest compare")
    report = read(folder.fidelity)
    validity = validity_of_run(study, study_folder, folder, real=report.real)
    if validity != report.validity:
        report = replace(report, validity=validity)
        write_atomically(folder.fidelity, dumps(report))
    samples = _samples(study, folder, report)
    write_page(folder.report, report, title=study.study, samples=samples, notes=notes)
    return report


def _samples(study: StudyFile, folder: RunFolder, report: FidelityReport) -> tuple[Sample, ...]:
    benchmarks = [_benchmark(report.real, "real", folder.real)]
    benchmarks += [_benchmark(name, "synthetic", folder.synthetic(name)) for name in report.fidelity]
    return draw_samples([b for b in benchmarks if b.items], rng=np.random.default_rng([study.seed, 10]))


def _benchmark(name: str, kind: Kind, path: Path) -> Benchmark:
    return Benchmark(name=name, kind=kind, items=spooled_item_records(path) if path.exists() else ())


def _need(path: Path, command: str) -> None:
    if not path.exists():
        raise DataError(
            f"'{path.name}' is not there yet", where=str(path.parent), way_out=f"Run '{command}' for this study first."
        )
