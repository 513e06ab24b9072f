"""The first stage: every generator writes its benchmark."""

from contextlib import AsyncExitStack

from acidtest.data.read import write_records
from acidtest.errors import ModelError, TransientModelError
from acidtest.models.base import LanguageModel
from acidtest.study.plan import synthetic_key
from acidtest.study.prepare import generation_plan
from acidtest.study.schema import GeneratorSpec
from acidtest.study.under_way import Run, open_caller


async def generate_stage(run: Run) -> None:
    """Let every generator write its benchmark.

    Raises:
        BudgetError: The study's limit of money or calls is reached.
    """
    waiting = [g for g in run.prepared.study.generators if not run.is_done(synthetic_key(g.benchmark))]
    for entry in waiting:
        key = synthetic_key(entry.benchmark)
        run.begin(key)
        try:
            await _write_benchmark(run, entry)
        except (ModelError, TransientModelError) as error:
            run.fail([key], error)


async def _write_benchmark(run: Run, entry: GeneratorSpec) -> None:
    from acidtest.generate.generation import generate

    prepared, key = run.prepared, synthetic_key(entry.benchmark)
    model = prepared.models[entry.model]
    if not isinstance(model, LanguageModel):
        raise ModelError(f"'{entry.model}' is no language model and cannot write items")
    plan = generation_plan(
        prepared.study, entry, prepared.task, prepared.real, model, study_folder=prepared.study_folder
    )
    async with AsyncExitStack() as stack:
        call = await open_caller(run, model, stack, cached=False)
        progress = stack.enter_context(run.reporter.stage(f"write {entry.benchmark}", entry.items))
        outcome = await generate(
            plan,
            call.call,
            calls_path=prepared.folder.calls(entry.benchmark),
            style=model.style,
            concurrency=model.connections,
            ahead=0 if model.gathers else None,
            progress=progress,
        )
    write_records(prepared.folder.synthetic(entry.benchmark), outcome.accepted)
    write_records(prepared.folder.rejected(entry.benchmark), outcome.rejected)
    for note in outcome.notes:
        run.reporter.say(f"{entry.benchmark}: {note}")
    if outcome.why_short:
        run.reporter.say(f"{entry.benchmark}: {outcome.why_short}")
    run.end(key, outcome.why_short or f"{len(outcome.accepted)} items of {outcome.calls} calls")
