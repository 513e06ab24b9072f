"""The stage in which judges rate the items of all benchmarks by the study's rubric."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from acidtest.errors import ModelError, StudyFileError, counted
from acidtest.judge.rate_items import Rated, rate_items
from acidtest.judge.shown import Shown, item_texts
from acidtest.models.base import LanguageModel
from acidtest.models.caller import Caller
from acidtest.study.judges import Judging, rated_items, rated_names
from acidtest.study.plan import ratings_key
from acidtest.study.under_way import Run, all_at_once, open_caller
from acidtest.types import Benchmark, Item, Prompt, Rating, Reply, Sampling


async def rate_stage(run: Run, benchmarks: Sequence[Benchmark]) -> None:
    """Let every judge rate the items of every benchmark that it has not rated yet.

    Raises:
        BudgetError: The study's limit of money or calls is reached.
    """
    study = run.prepared.study
    names = rated_names(study, run.prepared.real.name, [b.name for b in benchmarks if b.kind == "synthetic"])
    rated = [benchmark for benchmark in benchmarks if benchmark.name in names]

    async def rate(judge: str) -> None:
        await _rate(run, judge, rated)

    await all_at_once(run, study.judges, rate)


def say_who_judges_own_items(run: Run, benchmarks: Sequence[Benchmark]) -> None:
    """Warn of judges that wrote what they rate: models tend to like their own work, and that of their family."""
    study = run.prepared.study
    for judge in study.judges:
        own = [b.name for b in benchmarks if b.generator and _kin(run, judge, b.generator)]
        if own:
            run.reporter.say(
                f"'{judge}' rates what it, or a model of its family, wrote ({', '.join(own)}): models tend to favour "
                "their own work. Look at another judge, or at people, beside it."
            )


def need_judges(run: Run) -> Judging:
    """Return what judges are asked.

    Raises:
        StudyFileError: The study names no judges.
    """
    judging = run.prepared.validity
    if judging is None or not run.prepared.study.judges:
        raise StudyFileError(
            "the study names no judges",
            where="key 'validity'",
            way_out="Add them: validity: {judges: [MODEL]}. People rate in 'acidtest review'.",
        )
    return judging


async def _rate(run: Run, judge: str, benchmarks: Sequence[Benchmark]) -> None:
    """Let one judge rate all benchmarks that it has not rated yet; open it once for all of them."""
    waiting = [b for b in benchmarks if not run.is_done(ratings_key(b.name, judge))]
    model = run.prepared.models[judge]
    if not waiting or not isinstance(model, LanguageModel):
        return
    try:
        async with AsyncExitStack() as stack:
            caller = await open_caller(run, model, stack, cached=run.prepared.study.cache, at_once=True)
            for benchmark in waiting:
                await _rate_benchmark(run, model, caller, benchmark)
    except ModelError as error:
        keys = [ratings_key(benchmark.name, judge) for benchmark in waiting]
        run.fail([key for key in keys if not run.is_done(key)], error)


async def _rate_benchmark(run: Run, model: LanguageModel, caller: Caller, benchmark: Benchmark) -> None:
    prepared, name = run.prepared, model.spec.name
    items: Sequence[Item] = rated_items(prepared.study, benchmark)
    if run.shard is not None:
        items = run.shard.own(items)
    work = JudgeWork(
        key=ratings_key(benchmark.name, name),
        title=f"{name} rates {benchmark.name}",
        benchmark=benchmark.name,
        shown={item.id: item_texts(prepared.task, item) for item in items},
        path=prepared.folder.judged(name),
        contents={item.id: item.content for item in items},
    )
    end_judged(run, work.key, await judge_all(run, need_judges(run), model, caller, work))


@dataclass(frozen=True, kw_only=True)
class JudgeWork:
    """One unit of work of a judge.

    `shown` is what it sees of each item, `path` the file of its ratings, `contents` what each item is now, by
    `Item.content`; empty for answers.
    """

    key: str
    title: str
    benchmark: str
    shown: Mapping[str, Shown]
    path: Path
    contents: Mapping[str, str] = field(default_factory=dict)


async def judge_all(run: Run, judging: Judging, model: LanguageModel, caller: Caller, work: JudgeWork) -> Rated:
    """Begin a unit and let a judge rate all of it that is not rated yet."""
    judge = judging.judge(model, run.prepared.task)
    run.begin(work.key)
    with run.reporter.stage(work.title, len(work.shown)) as progress:

        async def call(prompt: Prompt, sampling: Sampling) -> Reply:
            reply = await caller.call(prompt, sampling)
            progress.advance(0, tokens=reply.tokens_in + reply.tokens_out, cost=reply.cost)
            return reply

        async def rate(item: str) -> Rating:
            rating = await judge.rate(call, judging.rubric, work.shown[item], benchmark=work.benchmark, item=item)
            return rating.model_copy(update={"content": work.contents.get(item, "")})

        return await rate_items(
            work.benchmark,
            list(work.shown),
            rate,
            path=work.path,
            contents=work.contents,
            concurrency=model.connections,
            progress=progress,
        )


def end_judged(run: Run, key: str, rated: Rated) -> None:
    """Write down how a judge's work on one unit ended, and say what it lacks."""
    if rated.unanswered:
        run.incomplete(key, f"{counted(rated.unanswered, 'item')} stayed without a rating; run again to ask again")
        return
    detail = f"{counted(rated.unreadable, 'answer')} of the judge could not be read" if rated.unreadable else ""
    if detail:
        run.reporter.say(f"{key}: {detail}")
    run.end(key, detail)


def _kin(run: Run, judge: str, generator: str) -> bool:
    """Return whether two models are one, under whatever name, or of one family."""
    study = run.prepared.study
    one, other = study.model_spec(judge), study.models.get(generator)
    if other is None:  # a set that was given may name a model that the study does not know
        return generator in (one.name, one.use, one.family)
    return one.name == generator or one.use == other.use or (one.family is not None and one.family == other.family)
