"""How far a run is, told from its run.json alone: nothing is read, built or asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from acidtest.study.judges import rated_names
from acidtest.study.plan import adaptive_key, judgements_key, ratings_key, responses_key, synthetic_key
from acidtest.study.schema import StudyFile
from acidtest.study.state import RunState


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a run.

    Attributes:
        name: What is done in it, in words.
        done: Units of it that are done.
        of: How many there are.
        missing: Keys of those that are not, with why, where that is known.
    """

    name: str
    done: int
    of: int
    missing: tuple[tuple[str, str], ...] = ()


def real_name(study: StudyFile) -> str:
    """Return what the real benchmark of a study is called."""
    source = study.real
    named = source.name or source.dataset
    if named is not None:
        return named
    return PurePosixPath(str(source.path).replace("\\", "/")).name.removesuffix(".gz").rpartition(".")[0]


def steps_of(study: StudyFile, state: RunState | None) -> tuple[Step, ...]:
    """Return the steps of a run in their order; without a state, nothing of it is done.

    Whether answers go to a judge, and which solvers take adaptive tests, is told by what stands in run.json already.
    """
    real = real_name(study)
    made = [g.benchmark for g in study.generators] + [s.name for s in study.synthetic]
    every = [real, *made]
    solvers = [s.model for s in study.solvers]
    known = {} if state is None else state.stages
    tests = {adaptive_key(b, s) for b in every for s in solvers} & set(known)
    judged = any(key.startswith("judgements/") for key in known)
    steps = (
        ("real items", ["real"]),
        ("synthetic items", [synthetic_key(name) for name in made]),
        ("answers", [responses_key(b, s) for b in every for s in solvers if adaptive_key(b, s) not in tests]),
        ("adaptive tests", sorted(tests)),
        ("answers judged", [judgements_key(b, s) for b in every for s in solvers if judged]),
        ("ratings by judges", [ratings_key(b, j) for b in rated_names(study, real, made) for j in study.judges]),
        ("scores", ["scores"]),
        ("comparison", ["fidelity"]),
        ("report", ["report"]),
    )
    return tuple(_step(name, keys, state) for name, keys in steps if keys)


def _step(name: str, keys: Sequence[str], state: RunState | None) -> Step:
    known = {} if state is None else state.stages
    missing = []
    for key in keys:
        unit = known.get(key)
        if unit is None:
            missing.append((key, ""))
        elif unit.status != "done":
            missing.append((key, unit.detail or ("under way" if unit.status == "started" else unit.status)))
    return Step(name=name, done=len(keys) - len(missing), of=len(keys), missing=tuple(missing))
