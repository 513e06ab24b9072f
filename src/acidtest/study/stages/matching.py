"""The judge of a study says which answers are right, where its metric asks for that."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from acidtest.errors import ModelError
from acidtest.evaluate.record import read_responses
from acidtest.judge.match import answers_to_judge, marks_of
from acidtest.judge.record import read_ratings
from acidtest.models.base import LanguageModel
from acidtest.models.caller import Caller
from acidtest.study.judges import Judging
from acidtest.study.plan import judgements_key, responses_key
from acidtest.study.stages.rating import JudgeWork, end_judged, judge_all
from acidtest.study.under_way import Run, open_caller
from acidtest.types import Benchmark, Mark


async def match_stage(run: Run, benchmarks: Sequence[Benchmark]) -> None:
    """Let the judge say which answers are right, where that is not known yet; do nothing where no judge is asked.

    Raises:
        BudgetError: The study's limit of money or calls is reached.
    """
    prepared, judging = run.prepared, run.prepared.match
    judge = prepared.study.judge
    model = prepared.models[judge] if judge else None
    if judging is None or not isinstance(model, LanguageModel):
        return
    pairs = [(benchmark, solver.model) for benchmark in benchmarks for solver in prepared.study.solvers]
    waiting = [
        (benchmark, solver)
        for benchmark, solver in pairs
        if not run.is_done(judgements_key(benchmark.name, solver))
        and prepared.folder.responses(benchmark.name, solver).exists()
    ]
    if not waiting:
        return
    try:
        async with AsyncExitStack() as stack:
            caller = await open_caller(run, model, stack, cached=prepared.study.cache, at_once=True)
            for benchmark, solver in waiting:
                await _judge_answers(run, judging, model, caller, benchmark, solver)
    except ModelError as error:
        keys = [judgements_key(benchmark.name, solver) for benchmark, solver in waiting]
        run.fail([key for key in keys if not run.is_done(key)], error)


def marks_on(run: Run, benchmark: Benchmark) -> dict[str, dict[str, Mark]] | None:
    """Return solver -> item id -> what the judge said of the answer; None where no judge decides the metric."""
    prepared = run.prepared
    if prepared.match is None:
        return None
    solvers = [solver.model for solver in prepared.study.solvers]
    return {
        solver: marks_of(read_ratings(prepared.folder.judgements(benchmark.name, solver), benchmark.name))
        for solver in solvers
    }


async def _judge_answers(
    run: Run, judging: Judging, model: LanguageModel, caller: Caller, benchmark: Benchmark, solver: str
) -> None:
    prepared, name = run.prepared, benchmark.name
    ids = [item.id for item in benchmark.items]
    found = read_responses(prepared.folder.responses(name, solver)).several(ids)
    responses = {item: response for item, response in zip(ids, found, strict=True) if response is not None}
    work = JudgeWork(
        key=judgements_key(name, solver),
        title=f"{model.spec.name} judges {solver} on {name}",
        benchmark=name,
        shown=answers_to_judge(prepared.task, benchmark.items, responses),
        path=prepared.folder.judgements(name, solver),
    )
    rated = await judge_all(run, judging, model, caller, work)
    if run.is_done(responses_key(name, solver)):
        end_judged(run, work.key, rated)
    else:
        run.incomplete(work.key, "not all answers are there yet")
