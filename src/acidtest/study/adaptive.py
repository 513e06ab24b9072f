"""What a study says of adaptive tests, checked before anything is sent."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from pydantic import ValidationError

from acidtest.data.run_folder import RunFolder
from acidtest.errors import StudyFileError, counted, did_you_mean
from acidtest.models.base import ClassicSolver, LanguageModel
from acidtest.study.schema import AdaptiveSettings, SolverSpec, StudyFile
from acidtest.study.state import read_state
from acidtest.tasks.base import Task
from acidtest.types import Benchmark

if TYPE_CHECKING:
    from acidtest.data.item_bank import ItemBank

FEWEST_SOLVERS = 8
"""Solvers that a bank may be calibrated on: with fewer, nobody can tell a hard item from bad luck."""


RIGHT_OR_WRONG = frozenset({"accuracy", "exact_match", "drop_em"})
"""Metrics whose scores of an item are 0 or 1."""


@dataclass(frozen=True, kw_only=True)
class Adaptive:
    """What a study says of adaptive tests, checked.

    Attributes:
        settings: As in the study file.
        bank: From the file that the study names; None: the run calibrates its own.
        tested: The solvers that take tests.
        fingerprint: The hash of the settings that decide which items are asked, and of the file.
    """

    settings: AdaptiveSettings
    bank: "ItemBank | None"
    tested: tuple[str, ...]
    fingerprint: str

    def calibrates(self, benchmark: str) -> bool:
        """Tell whether a benchmark's items are in the bank."""
        return self.bank is None or benchmark in self.bank.benchmarks


def checked_adaptive(
    study: StudyFile,
    study_folder: Path,
    task: Task,
    known: Sequence[Benchmark],
    written: Sequence[str],
    models: Mapping[str, LanguageModel | ClassicSolver],
) -> Adaptive | None:
    """Return what a study says of adaptive tests, with its bank; refuse what they cannot do before anything is sent.

    Args:
        study: What is asked for.
        study_folder: Where the bank's path starts.
        task: The study's task.
        known: The benchmarks that are there, the real one first.
        written: Names of those that generators write.
        models: By name.

    Returns:
        None where the study wants no adaptive tests.

    Raises:
        DataError: The file is no bank, or one of other items.
        StudyFileError: The metric is no mean of items' scores or not what the bank is of, no solver would be tested,
            the bank knows none of the benchmarks, or too few solvers answer everything to calibrate one.
    """
    adaptive = _read(study, study_folder, tested(study, models))
    if adaptive is None:
        return None
    metric = task.metric(study.metric)
    if not metric.is_mean or not metric.unit or metric.name in task.judged_metrics:
        means = [n for n in task.metrics if (m := task.metric(n)).is_mean and m.unit and n not in task.judged_metrics]
        raise StudyFileError(
            f"an adaptive test needs each item's score at once, and '{metric.name}' is no mean of such",
            where="key 'metric'",
            way_out=f"Set 'metric' to {' or '.join(means)}." if means else "Take 'adaptive' out.",
        )
    _check_names(study, adaptive)
    if adaptive.bank is not None:
        _check_bank(adaptive.bank, f"bank '{adaptive.settings.bank}'", metric.name, known, written)
    full = calibrating(study, models)
    if adaptive.bank is None and len(full) < FEWEST_SOLVERS:
        raise StudyFileError(
            f"{counted(len(full), 'solver')} would answer everything, and {FEWEST_SOLVERS} are needed to calibrate the "
            "items of adaptive tests",
            where="key 'adaptive'",
            way_out="Name a 'bank' ('acidtest irt SCORES --bank FILE' makes one from scores that you have), or list "
            "language models under 'calibrate': they answer everything, as classic solvers do.",
        )
    return adaptive


def as_answered(study: StudyFile, root: Path) -> StudyFile:
    """Return the study with the adaptive tests that the run in this folder was answered with, where it names none.

    For stages that ask no solver anything: tests that an option of `run` asked for stand in the run, not in the study
    file, and what they found must not be thrown away because of it.
    """
    before = read_state(RunFolder(root)) if study.adaptive is None else None
    if before is None or not before.study.get("adaptive"):
        return study
    try:
        found = AdaptiveSettings.model_validate(before.study["adaptive"])
    except ValidationError:
        return study
    bank = None if found.bank is None else str(Path(before.study_folder) / found.bank)
    return study.model_copy(update={"adaptive": found.model_copy(update={"bank": bank})})


def _read(study: StudyFile, study_folder: Path, solvers: tuple[str, ...]) -> Adaptive | None:
    settings = study.adaptive
    if settings is None:
        return None
    bank = None
    if settings.bank is not None:
        from acidtest.data.item_bank import read_bank

        bank = read_bank(study_folder / settings.bank)
    content: list[object] = [settings.model_dump(mode="json", exclude={"bank", "calibrate"})]
    if bank is not None:
        parameters = bank.parameters
        numbers = [parameters.discrimination, parameters.difficulty, parameters.guess, parameters.residual]
        content += [bank.benchmark, bank.items, bank.discrimination_se.tolist(), bank.difficulty_se.tolist()]
        content += [None if one is None else one.tolist() for one in numbers]
    digest = hashlib.sha256(orjson.dumps(content)).hexdigest()
    return Adaptive(settings=settings, bank=bank, tested=solvers, fingerprint=digest)


def _check_bank(bank: "ItemBank", where: str, metric: str, known: Sequence[Benchmark], written: Sequence[str]) -> None:
    from acidtest.study.bank import bank_items

    names = [*(benchmark.name for benchmark in known), *written]
    if not set(bank.benchmarks) & set(names):
        raise StudyFileError(
            f"the bank knows none of the study's benchmarks ({', '.join(names)[:200]})",
            where=where,
            way_out=f"It knows: {', '.join(bank.benchmarks)[:200]}. Benchmarks are matched by name.",
        )
    if bank.parameters.residual is not None and metric in RIGHT_OR_WRONG:
        raise StudyFileError(
            f"the bank was calibrated on scores between 0 and 1, and '{metric}' is 0 or 1",
            where=where,
            way_out="Calibrate the items on scores of this metric.",
        )
    for benchmark in known:
        bank_items(bank, benchmark)


def _check_names(study: StudyFile, adaptive: Adaptive) -> None:
    solvers = [solver.model for solver in study.solvers]
    for name in adaptive.settings.calibrate:
        if name not in solvers:
            raise StudyFileError(
                f"no solver is called '{name}'",
                where="key 'adaptive.calibrate'",
                way_out=f"{did_you_mean(name, solvers)}Name solvers of the study.",
            )
    if not adaptive.tested:
        raise StudyFileError(
            "no solver would take an adaptive test: classic solvers, and those under 'calibrate', answer everything",
            where="key 'adaptive'",
            way_out="Add a language model to the solvers, or take 'adaptive' out.",
        )


def is_tested(study: StudyFile, solver: SolverSpec, models: Mapping[str, LanguageModel | ClassicSolver]) -> bool:
    """Tell whether a solver takes adaptive tests: a language model that need not answer everything."""
    if study.adaptive is None or solver.model in study.adaptive.calibrate:
        return False
    return isinstance(models[solver.model], LanguageModel)


def tested(study: StudyFile, models: Mapping[str, LanguageModel | ClassicSolver]) -> tuple[str, ...]:
    """Return the solvers that take adaptive tests."""
    return tuple(solver.model for solver in study.solvers if is_tested(study, solver, models))


def calibrating(study: StudyFile, models: Mapping[str, LanguageModel | ClassicSolver]) -> list[str]:
    """Return the solvers that answer everything, and whose answers calibrate the items."""
    return [solver.model for solver in study.solvers if not is_tested(study, solver, models)]
