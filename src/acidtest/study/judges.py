"""What a study's judges are asked: which rubric, by which prompt, about which items. Checked before the first call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from acidtest.data.prompt_file import PromptFile, is_path, load_prompt
from acidtest.data.rubric_file import RubricFile, load_rubric, rubric_names
from acidtest.data.split import sample
from acidtest.errors import StudyFileError
from acidtest.judge import match
from acidtest.judge.rubric import PROMPT, Judge
from acidtest.judge.shown import about_task
from acidtest.models.base import ClassicSolver, LanguageModel
from acidtest.study.schema import StudyFile
from acidtest.tasks.base import Task
from acidtest.types import Benchmark, Item


@dataclass(frozen=True, kw_only=True)
class Judging:
    """What judges are asked: a rubric, and the prompt file that puts it into words."""

    rubric: RubricFile
    prompt: PromptFile

    def judge(self, model: LanguageModel, task: Task) -> Judge:
        """Return a model as the judge that is asked this."""
        return Judge(
            name=model.spec.name,
            revision=model.identify(),
            style=model.style,
            about=about_task(task),
            prompt=self.prompt,
        )


def validity_judging(study: StudyFile, study_folder: Path) -> Judging | None:
    """Return what is asked about items; None where the study says nothing of validity.

    Raises:
        StudyFileError: The task has no rubric, and none is named.
        AcidtestError: The rubric or the prompt file cannot be read.
    """
    if study.validity is None:
        return None
    named = study.validity.rubric
    if named.endswith((".yaml", ".yml")):
        rubric = load_rubric(study_folder / named)
    elif not named and not any(known.partition(".v")[0] == study.task for known in rubric_names()):
        raise StudyFileError(
            f"there is no rubric for the task '{study.task}'",
            where="key 'validity'",
            way_out=f"Name one under 'rubric', a .yaml file of your own or one of: {', '.join(rubric_names())}.",
        )
    else:
        rubric = load_rubric(named or study.task)
    return Judging(rubric=rubric, prompt=_prompt(study.prompts.judge, study_folder))


def match_judging(study: StudyFile, study_folder: Path, metric: str, task: type[Task]) -> Judging | None:
    """Return what is asked about answers; None where no judge decides the metric.

    Raises:
        StudyFileError: The metric needs a judge, and the study names none.
        AcidtestError: The prompt file cannot be read.
    """
    if metric not in task.judged_metrics:
        return None
    if study.judge is None:
        raise StudyFileError(
            f"the metric '{metric}' needs a judge, and the study names none",
            where="key 'metric'",
            way_out="Add 'judge: MODEL' to the study file, or name another metric.",
        )
    return Judging(rubric=load_rubric(match.RUBRIC), prompt=_prompt(study.prompts.match, study_folder))


def check_judges(judges: Mapping[str, LanguageModel | ClassicSolver], judging: Judging, task: Task) -> None:
    """Refuse judges that are no language models, and prompt files that cannot ask them what they must."""
    for name, model in judges.items():
        if not isinstance(model, LanguageModel):
            raise StudyFileError(
                f"'{name}' is no language model and cannot judge", where=f"model '{name}'", way_out="Name another."
            )
        judging.judge(model, task).check(judging.rubric.rubric)


def rated_names(study: StudyFile, real: str, synthetic: Sequence[str]) -> list[str]:
    """Return the names of the benchmarks whose items judges rate."""
    if not study.judges or study.validity is None:
        return []
    return [*([real] if study.validity.real else []), *synthetic]


def rated_items(study: StudyFile, benchmark: Benchmark) -> Sequence[Item]:
    """Return the items of a benchmark that are rated: all, or a seeded sample, bundles whole or not at all."""
    limit = study.validity.items if study.validity else None
    return sample(benchmark.items, limit, study.seed, f"validity {benchmark.name}")


def _prompt(named: str, study_folder: Path) -> PromptFile:
    if not named:
        return load_prompt(PROMPT)
    return load_prompt(study_folder / named if is_path(named) else named)
