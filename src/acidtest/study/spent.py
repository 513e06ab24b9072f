"""What a run has cost so far: the caps hold for the whole run, however often it is started again."""

from acidtest.evaluate.record import read_responses
from acidtest.generate.call_log import CallLog
from acidtest.judge.record import all_ratings
from acidtest.study.prepare import Prepared


def spent_before(prepared: Prepared) -> tuple[float, int]:
    """Return US dollars and calls that stand in the run's folder; answers from the cache count as if sent."""
    study, folder = prepared.study, prepared.folder
    cost, calls = 0.0, 0
    if study.limits.max_cost is None and study.limits.max_calls is None:
        return cost, calls
    for generator in study.generators:
        path = folder.calls(generator.benchmark)
        if path.exists():
            with CallLog(path) as log:
                cost += log.cost
                calls += len(log.calls)
    benchmarks = [prepared.real.name, *(g.benchmark for g in study.generators), *(s.name for s in study.synthetic)]
    asked = [solver.model for solver in study.solvers if study.model_spec(solver.model).provider != "classic"]
    answers = [folder.responses(benchmark, solver) for solver in asked for benchmark in benchmarks]
    for response in (one for path in (*answers, *folder.all_level_answers()) for one in read_responses(path).each()):
        cost += response.cost
        calls += 1
    judged = folder.all_judged()
    if study.judge:
        judged += [folder.judgements(benchmark, solver.model) for benchmark in benchmarks for solver in study.solvers]
    for rating in (rating for path in judged for rating in all_ratings(path)):
        cost += rating.cost
        calls += rating.calls
    return cost, calls
