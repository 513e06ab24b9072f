"""A run under way: which units are done, what failed, and how a model is called on its behalf."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from acidtest.data.read import write_records
from acidtest.errors import AcidtestError
from acidtest.models.base import LanguageModel
from acidtest.models.budget import Budget
from acidtest.models.cache import ResponseCache
from acidtest.models.caller import Caller
from acidtest.models.side_by_side import side_by_side
from acidtest.study.plan import CLOSING, COMPARED, RATINGS, Plan, Unit, clear, staleness, synthetic_key
from acidtest.study.prepare import Prepared, model_price, revision
from acidtest.study.reporter import Reporter
from acidtest.study.shard import SHARED, Shard


@dataclass
class Run:
    """A prepared study on its way, with what goes wrong on it: one failing model does not stop the others."""

    prepared: Prepared
    reporter: Reporter
    budget: Budget
    failed: dict[str, str] = field(default_factory=dict)
    shard: Shard | None = None
    at_once: bool = False
    """Answers go to the cache the moment they come: a folder that is made after this one takes them from there."""

    def is_done(self, key: str) -> bool:
        """Tell whether a unit need not be done again. Where its file was deleted since, it is."""
        unit, known = self.prepared.plan[key], self.prepared.book.unit(key)
        if known is None or known.fingerprint != unit.fingerprint or not all(p.exists() for p in unit.files[:1]):
            return False
        return known.status == "done" or (self.shard is not None and known.detail == self.shard.done)

    def begin(self, key: str) -> Unit:
        """Write down that a unit is under way."""
        unit = self.prepared.plan[key]
        made = COMPARED if key.startswith(RATINGS) else CLOSING  # what is made of all answers must be made anew
        stale = frozenset[str]() if key in CLOSING else made
        self.prepared.book.mark(key, unit.fingerprint, "started", forget=stale)
        return unit

    def end(self, key: str, detail: str = "") -> None:
        """Write down that a unit is done; in a shard, that its part of the unit is."""
        fingerprint = self.prepared.plan[key].fingerprint
        if self.shard is not None and key.startswith(SHARED):
            self.prepared.book.mark(key, fingerprint, "incomplete", self.shard.done)
        else:
            self.prepared.book.mark(key, fingerprint, "done", detail)

    def incomplete(self, key: str, detail: str) -> None:
        """Write down that a part of a unit could not be done, and say so at once."""
        self.prepared.book.mark(key, self.prepared.plan[key].fingerprint, "incomplete", detail)
        self.failed[key] = detail
        self.reporter.say(f"{key}: {detail}")

    def fail(self, keys: Sequence[str], error: AcidtestError) -> None:
        """Write down that units could not be done, and say so at once."""
        for key in keys:
            self.prepared.book.mark(key, self.prepared.plan[key].fingerprint, "failed", error.what)
            self.failed[key] = error.what
        self.reporter.say(f"{', '.join(keys)} failed: {error}")


def say_where_keys_go(run: Run) -> None:
    """Name every key that the study sends to an address of its own choice: the study may be somebody else's."""
    for name in run.prepared.models:
        spec = run.prepared.study.model_spec(name)
        if spec.key_env and spec.base_url:
            bare = spec.base_url.partition("?")[0]  # some servers take a key in the query
            run.reporter.say(f"The key in {spec.key_env} goes to {bare} ('{name}').")


def say_what_changes(run: Run) -> None:
    """Name what stands in the folder and does not fit the study file any more; then clear it away."""
    stale = staleness(run.prepared.plan, run.prepared.book)
    if stale.changed:
        names = ", ".join(_in_words(run.prepared.plan, stale.changed))
        run.reporter.say(f"The study changed since this folder was written. Done anew: {names}.")
    clear(stale, run.prepared.book)


def _in_words(plan: Plan, changed: Sequence[Unit]) -> list[str]:
    """Return the units' keys, with one word for a benchmark that all solvers answer anew."""
    left = {unit.answers for unit in plan.units.values()} - {""}
    left -= {unit.answers for unit in plan.units.values() if unit not in changed}
    words = [f"all answers to {unit.answers}" if unit.answers in left else unit.key for unit in changed]
    return list(dict.fromkeys(words))


def keep_given(run: Run) -> None:
    """Write the real benchmark, its pool, and synthetic benchmarks that are already there into the run's folder."""
    prepared = run.prepared
    prepared.book.name_models(
        {
            name: {
                "use": prepared.study.model_spec(name).use,
                "revision": revision(model),
                "family": prepared.study.model_spec(name).family,
            }
            for name, model in prepared.models.items()
        }
    )
    if not run.is_done("real"):
        run.begin("real")
        write_records(prepared.folder.real, prepared.real.items)
        write_records(prepared.folder.pool, prepared.real.pool)
        run.end("real", f"{len(prepared.real.items)} items, {len(prepared.real.pool)} in the pool")
    for name, benchmark in prepared.given.items():
        if not run.is_done(synthetic_key(name)):
            run.begin(synthetic_key(name))
            write_records(prepared.folder.synthetic(name), benchmark.items)
            run.end(synthetic_key(name), f"{len(benchmark.items)} items")


async def open_caller(
    run: Run, model: LanguageModel, stack: AsyncExitStack, *, cached: bool, at_once: bool = False
) -> Caller:
    """Open a model, its price and, where `cached`, the answers that other runs were given; `at_once`: see `Caller`."""
    study = run.prepared.study
    price = model_price(study, model)
    if price is None:
        run.reporter.say(f"The price of '{model.spec.name}' is not known: its cost counts as 0.")
    model.say = run.reporter.say
    cache = stack.enter_context(ResponseCache()) if cached else None
    at_once = at_once or run.at_once
    return await stack.enter_async_context(Caller(model, cache=cache, budget=run.budget, price=price, at_once=at_once))


async def all_at_once(run: Run, names: Sequence[str], work: Callable[[str], Awaitable[None]]) -> None:
    """Let language models work: those on servers side by side, each with its own limit of calls at once.

    Beside them work those in this process, one after another: two at once would take the cores from each other. Those
    that an executor put elsewhere are none of them.
    """
    models = run.prepared.models
    here = [name for name in names if isinstance(model := models[name], LanguageModel) and model.in_process]

    async def one_after_another() -> None:
        for name in here:
            await work(name)

    await side_by_side([one_after_another(), *(work(name) for name in names if name not in here)])
